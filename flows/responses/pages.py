"""What all pages share that people see who follow a link of a mail: plain HTML, no script."""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import parse_qs

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from flows.responses.page_words import WORDS
from segments.names import Locale

_STYLE = Markup("""
:root{--page:#f4f5f4;--sheet:#fff;--ink:#1d2321;--quiet:#56605c;--line:#7b8682;--brand:#1f5b4d;
--on:#fff;--good:#e3efeb}
@media (prefers-color-scheme:dark){:root{--page:#121615;--sheet:#1c2220;--ink:#e8ecea;
--quiet:#a9b5b0;--line:#8b9893;--brand:#8fd3c0;--on:#0c1512;--good:#22352f}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:18px/1.5 system-ui,sans-serif}
main{max-width:38rem;margin:6vh auto 2rem;padding:2rem 1.5rem;background:var(--sheet);
border-radius:8px}
footer{max-width:38rem;margin:0 auto 3rem;padding:0 1.5rem;color:var(--quiet);font-size:1rem}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
h2{font-size:1.15rem;margin:2.5rem 0 .5rem}
p{margin:0 0 1rem}
a{color:var(--brand);text-underline-offset:.2em;display:inline-block;padding:.35rem 0}
fieldset{border:0;margin:0 0 1.75rem;padding:0;min-width:0}
legend,.label{font-weight:600;padding:0;margin:0 0 .5rem;display:block}
.choice{display:flex;gap:.75rem;align-items:flex-start;padding:.55rem 0;min-height:44px}
.choice input{flex:none;width:1.4rem;height:1.4rem;margin:.15rem 0 0;accent-color:var(--brand)}
.scale{display:grid;grid-template-columns:repeat(11,1fr);gap:.3rem}
.scale label{position:relative;display:block}
.scale input{position:absolute;opacity:0;width:100%;height:100%;margin:0;cursor:pointer}
.scale span{display:flex;align-items:center;justify-content:center;min-height:48px;
border:2px solid var(--line);border-radius:6px;font-weight:600}
.scale input:checked+span{background:var(--brand);border-color:var(--brand);color:var(--on)}
.ends{display:flex;justify-content:space-between;gap:1rem;color:var(--quiet);font-size:1rem;
margin:.4rem 0 0}
textarea,select{font:inherit;width:100%;color:inherit;background:var(--sheet);
border:2px solid var(--line);border-radius:6px;padding:.6rem;min-height:48px}
form{margin:0 0 1rem}
button{font:inherit;font-weight:600;min-height:48px;margin:0 .5rem .75rem 0;padding:.6rem 1.5rem;
border:2px solid var(--brand);border-radius:6px;background:var(--brand);color:var(--on);
cursor:pointer}
button.second{background:transparent;color:var(--brand)}
blockquote{margin:0 0 1.5rem;padding:0 0 0 1rem;border-left:4px solid var(--line)}
.note{background:var(--good);border-left:4px solid var(--brand);padding:.75rem 1rem;
margin:0 0 1.5rem;border-radius:0 6px 6px 0}
:focus-visible,.scale input:focus-visible+span{outline:3px solid var(--ink);outline-offset:3px}
@media (max-width:34rem){main{margin:0 0 1.5rem;border-radius:0}
.scale{grid-template-columns:repeat(6,1fr)}}
""")
_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode("ascii")
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True)
class Page:
    """What is different from page to page."""

    title: str
    body: Markup


def answer(
    page: Page,
    locale: Locale,
    sender: str,
    status: int = 200,
    *,
    switch: bool = True,
    chosen: str = "",
) -> HTMLResponse:
    """A page as it goes out; with `switch` it leads to itself in the other language.

    `chosen` is the score that goes along.
    """
    other = next(each for each in Locale if each != locale)
    link = Markup("")
    if switch:
        along = f"&score={chosen}" if chosen else ""
        link = Markup('<a href="?lang={0}{1}" lang="{0}" hreflang="{0}">{2}</a>').format(
            other, along, WORDS[other]["language"]
        )
    text = Markup(
        '<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        "<title>{title} · {sender}</title><style>{style}</style></head>"
        "<body><main><h1>{title}</h1>{body}</main>"
        "<footer><p>{sender}<br>{link}</p></footer></body></html>"
    ).format(
        locale=locale,
        title=page.title,
        sender=sender,
        style=_STYLE,
        body=page.body,
        link=link,
    )
    return HTMLResponse(text, status, HEADERS)


def language(request: Request, otherwise: Locale, known: str | None = None) -> Locale:
    """The language asked for on the page, else that of the person, the browser, the house."""
    for word in (asked_for(request, "lang"), known or ""):
        if word in set(Locale):
            return Locale(word)
    for part in request.headers.get("accept-language", "").split(",")[:_MOST_FIELDS]:
        word = part.split(";")[0].strip().lower()[:2]
        if word in set(Locale):
            return Locale(word)
    return otherwise


def asked_for(request: Request, name: str) -> str:
    """What the address says behind its question mark; nothing where it makes no sense."""
    try:
        query = parse_qs(request.url.query, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return ""
    return query.get(name, [""])[0]


def paragraph(text: str, name: str = "") -> Markup:
    """A paragraph, of a class of the style if need be."""
    if name:
        return Markup('<p class="{}">{}</p>').format(name, text)
    return Markup("<p>{}</p>").format(text)


def note(text: str) -> Markup:
    """What just happened, told to those who do not see the page as well."""
    return Markup('<p class="note" role="status">{}</p>').format(text)


def button(label: str, name: str = "", value: str = "", *, second: bool = False) -> Markup:
    """A button of a form; the second one of a page is less conspicuous."""
    named = Markup(' name="{}" value="{}"').format(name, value) if name else ""
    look = Markup(' class="second"') if second else ""
    return Markup("<button{}{}>{}</button>").format(named, look, label)


def form(*parts: Markup, action: str = "") -> Markup:
    """A form that posts to its own page, or to `action`."""
    to = Markup(' action="{}"').format(action) if action else ""
    return Markup('<form method="post"{}>{}</form>').format(to, Markup("").join(parts))


def radios(legend: str, name: str, choices: dict[str, str], chosen: str | None) -> Markup:
    """A question with a few answers, of which one counts."""
    rows = [
        Markup(
            '<label class="choice"><input type="radio" name="{}" value="{}"{}>'
            "<span>{}</span></label>"
        ).format(name, value, Markup(" checked") if value == chosen else "", label)
        for value, label in choices.items()
    ]
    return Markup("<fieldset><legend>{}</legend>{}</fieldset>").format(
        legend, Markup("").join(rows)
    )


def wording(text: str) -> Markup:
    """The very words somebody agrees to."""
    return Markup("<blockquote>{}</blockquote>").format(text)


_MOST_FIELDS = 20

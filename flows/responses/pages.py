"""The pages people see who follow a link of a mail: plain HTML, no script, nothing from outside."""

from html import escape

from segments.names import Locale

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}

_WORDS = {
    Locale.DE: {
        "ask": "Keine Werbung mehr?",
        "ask_more": "Mit einem Klick schreiben wir Ihnen keine Werbung und keine Umfragen mehr. "
        "Nachrichten zu Ihren Bestellungen bekommen Sie weiterhin.",
        "button": "Abmelden",
        "done": "Sie sind abgemeldet.",
        "done_more": "Es gilt ab sofort. Sie müssen nichts weiter tun.",
        "unknown": "Dieser Link ist uns nicht bekannt.",
        "unknown_more": "Vielleicht ist er nicht vollständig. Antworten Sie einfach auf eine "
        "unserer Nachrichten, dann kümmern wir uns darum.",
    },
    Locale.EN: {
        "ask": "No more advertising?",
        "ask_more": "One click and we send you no more advertising and no surveys. You will "
        "still get messages about your orders.",
        "button": "Unsubscribe",
        "done": "You are unsubscribed.",
        "done_more": "It holds from now on. There is nothing else to do.",
        "unknown": "We do not know this link.",
        "unknown_more": "Perhaps it is not complete. Just answer one of our messages and we will "
        "see to it.",
    },
}
_STYLE = """
body{margin:0;background:#f4f5f4;color:#1d2321;font:18px/1.5 system-ui,sans-serif}
main{max-width:34rem;margin:12vh auto 0;padding:2rem 1.5rem;background:#fff;border-radius:8px}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}
button{font:inherit;font-weight:600;min-height:48px;padding:.6rem 1.5rem;border:0;border-radius:6px;
background:#1f5b4d;color:#fff;cursor:pointer}
button:focus-visible{outline:3px solid #111;outline-offset:3px}
@media (prefers-color-scheme:dark){body{background:#121615;color:#e8ecea}main{background:#1c2220}
button{background:#8fd3c0;color:#0c1512}button:focus-visible{outline-color:#fff}}
"""


def language(accepted: str | None, otherwise: Locale) -> Locale:
    """The first language of the browser that we speak."""
    for part in (accepted or "").split(","):
        word = part.split(";")[0].strip().lower()[:2]
        if word in set(Locale):
            return Locale(word)
    return otherwise


def page(what: str, locale: Locale, sender: str) -> str:
    """One of the pages: ask, done or unknown."""
    words = _WORDS[locale]
    form = ""
    if what == "ask":
        form = f'<form method="post"><button>{escape(words["button"])}</button></form>'
    return (
        f'<!doctype html><html lang="{locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(words[what])} {escape(sender)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(words[what])}</h1><p>{escape(words[what + '_more'])}</p>{form}"
        f"<p><small>{escape(sender)}</small></p></main></body></html>"
    )

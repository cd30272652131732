"""Styles move into the tags once, when templates are read: no mail pays for it again."""

import re
from functools import lru_cache

import css_inline

STYLE = "_base/style.css"
MEDIA = "_base/media.css"
_TAG = re.compile(r'<([a-z][a-z0-9]*)((?:"[^"]*"|[^<>"])*)>')
_ASIDE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<!--.*?-->|<style.*?</style>", re.DOTALL)
_MARK = re.compile(r"\0(\d+)\0")
_CLASS = re.compile(r'\s+class="([^"\0]*)"')
_OWN = re.compile(r'\s+style="([^"]*)"')
_VARIABLE = re.compile(r"var\(--([a-z_]+)\)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]+)\{[^{}]*\}")
_SIMPLE = re.compile(r"[a-z][a-z0-9]*|[a-z][a-z0-9]*\.[\w-]+|\.[\w-]+")
_AROUND = {
    "td": ("<table><tbody><tr>", "</tr></tbody></table>"),
    "th": ("<table><tbody><tr>", "</tr></tbody></table>"),
    "tr": ("<table><tbody>", "</tbody></table>"),
    "tbody": ("<table>", "</table>"),
}


def inlined(sources: dict[str, str]) -> dict[str, str]:
    """The sources with the rules of `_base/style.css` in the tags of every HTML file.

    Classes stay where `_base/media.css`, which goes into the head, has a rule for them.
    `var(--name)` becomes the colour of that name. No line moves.
    """
    css = _COMMENT.sub("", sources.get(STYLE, ""))
    media = sources.get(MEDIA, "")
    kept = frozenset(re.findall(r"\.([A-Za-z][\w-]*)", _COMMENT.sub("", media)))
    done = {path: text for path, text in sources.items() if path != STYLE}
    if MEDIA in done:
        done[MEDIA] = _coloured(media)
    for path, text in done.items():
        if path.endswith(".html"):
            done[path] = _coloured(_rewritten(text, css, kept))
    return done


def too_clever(css: str) -> list[tuple[int, str]]:
    """Line and text of selectors that depend on where a tag stands, which inlining cannot see."""
    bare = _COMMENT.sub(lambda match: "\n" * match[0].count("\n"), css)
    found = []
    for match in _RULE.finditer(bare):
        start = match.start() + len(match[1]) - len(match[1].lstrip())
        for selector in match[1].strip().split(","):
            if not _SIMPLE.fullmatch(selector.strip()):
                found.append((bare.count("\n", 0, start) + 1, selector.strip()))
    return found


def _rewritten(text: str, css: str, kept: frozenset[str]) -> str:
    aside: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        aside.append(match[0])
        return f"\0{len(aside) - 1}\0"

    # Jinja steps aside while tags are looked for: its signs are not ours to read.
    text = _ASIDE.sub(put_aside, text.replace("\0", ""))
    text = _TAG.sub(lambda match: _tag(match[1], match[2], css, kept), text)
    return _MARK.sub(lambda match: aside[int(match[1])], text)


def _tag(name: str, attributes: str, css: str, kept: frozenset[str]) -> str:
    found = _CLASS.search(attributes)
    classes = found[1] if found else ""
    style = _style(name, classes, css)
    own = _OWN.search(attributes)
    if own:
        style = f"{style} {own[1]}".strip()
        attributes = attributes.replace(own[0], "", 1)
    keep = " ".join(word for word in classes.split() if word in kept)
    new = (f' class="{keep}"' if keep else "") + (f' style="{style}"' if style else "")
    if found:
        return f"<{name}{attributes.replace(found[0], new, 1)}>"
    return f"<{name}{new}{attributes}>"


@lru_cache(maxsize=4096)
def _style(name: str, classes: str, css: str) -> str:
    """The declarations that apply to such a tag, in the cascade's order."""
    if name in {"html", "head", "meta", "title", "link"} or not css:
        return ""
    before, after = _AROUND.get(name, ("", ""))
    if name == "body":
        page = f'<body data-this class="{classes}"></body>'
    else:
        page = f'<body>{before}<{name} data-this class="{classes}"></{name}>{after}</body>'
    done = _inliner(css).inline(f"<!doctype html><html><head></head>{page}</html>")
    tag = re.search(r"<[^<>]*data-this[^<>]*>", done)
    style = re.search(r'style="([^"]*)"', tag[0]) if tag else None
    return " ".join(style[1].split()).replace("&quot;", "'") if style else ""


@lru_cache(maxsize=16)
def _inliner(css: str) -> css_inline.CSSInliner:
    return css_inline.CSSInliner(extra_css=css, load_remote_stylesheets=False)


def _coloured(text: str) -> str:
    return _VARIABLE.sub(r"{{ sender.colours.\1 }}", text)

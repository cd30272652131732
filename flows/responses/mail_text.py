"""What a mail says: from whichever part, in whichever charset, without what is quoted."""

import re
from collections.abc import Iterator
from email.message import Message
from html.parser import HTMLParser

UNWRITTEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_MOST_HTML = 500_000
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\n\s*\n\s*")
_QUOTED = re.compile(
    r"^(>|-{2,} ?(original|ursprüngliche|forwarded|weitergeleitete)|_{10,}|"
    r"(am|on|le) .{4,200}(schrieb|wrote|a écrit)\b.*:?\s*$|"
    r"(von|from|gesendet|sent): .*\S)",
    re.IGNORECASE,
)


def parts(message: Message) -> Iterator[Message]:
    """All parts, outer ones first, without recursion however they are nested."""
    waiting: list[Message] = [message]
    while waiting:
        part = waiting.pop(0)
        yield part
        waiting += inner(part)


def inner(part: Message) -> list[Message]:
    """The parts right within this one."""
    # Asked of anything else, the package decodes it by whatever charset it names.
    payload = part.get_payload() if part.is_multipart() else None
    return [each for each in payload or [] if isinstance(each, Message)]


def text_of(message: Message) -> str:
    """What it says: its plain text, else that of its HTML."""
    html = None
    for part in parts(message):
        if part.get_content_disposition() == "attachment":
            continue
        kind = part.get_content_type()
        if kind == "text/plain" and (text := _decoded(part)).strip():
            return text
        if kind == "text/html" and html is None:
            html = part
    return _of_html(_decoded(html)[:_MOST_HTML]) if html is not None else ""


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_param("charset")
    for name in (charset if isinstance(charset, str) else "utf-8", "utf-8"):
        try:
            return content.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return content.decode("latin-1")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("style", "script", "head"):
            self._silent += 1
        elif tag in ("p", "br", "div", "tr", "li", "blockquote"):
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("style", "script", "head"):
            self._silent = max(self._silent - 1, 0)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _of_html(html: str) -> str:
    parser = _Words()
    parser.feed(html)
    parser.close()
    return "".join(parser.words)


def own_words(text: str) -> str:
    """What was written, without what is quoted: our own mails say "unsubscribe" themselves."""
    lines = []
    for line in text.split("\n"):
        if _QUOTED.match(line.strip()):
            break
        lines.append(line)
    return "\n".join(lines)


def clean(text: str) -> str:
    """Text without what no database and no eye wants: control signs, and empty space."""
    text = UNWRITTEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _LINES.sub("\n\n", _SPACES.sub(" ", text)).strip()

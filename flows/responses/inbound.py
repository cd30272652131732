"""Mail that came in, as SendGrid's Inbound Parse posts it: a form around the raw message."""

from collections.abc import Mapping
from email import message_from_bytes
from email.message import Message

import orjson

SOURCE = "inbound"


def kept(form_type: str, body: bytes) -> bytes:
    """What is stored of a form: its type, which says how to read it, and all its bytes."""
    return b"Content-Type: " + form_type.encode("latin-1", "replace") + b"\r\n\r\n" + body


def fields(form: bytes) -> dict[str, bytes]:
    """The fields of a form by name; nothing of one that cannot be read. The first of a name counts.

    They are found by what separates them, as the bytes of a mail may say anything.
    """
    head, _, body = form.partition(b"\r\n\r\n")
    boundary = message_from_bytes(head + b"\r\n\r\n").get_param("boundary")
    if not isinstance(boundary, str) or not boundary:
        return {}
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    found: dict[str, bytes] = {}
    for part in (b"\r\n" + body).split(mark)[1:]:
        # What follows the mark is the end of its line, or two hyphens after the last field.
        about, separator, content = part.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if separator and not part.startswith(b"--"):
            name = _name(about)
            if name is not None:
                found.setdefault(name, content)
    return found


def raw_mail(form: Mapping[str, bytes]) -> bytes | None:
    """The message as it was sent; put together from its parts where it was not posted raw."""
    if form.get("email"):
        return form["email"]
    if form.get("headers"):
        head = form["headers"].replace(b"\r\n", b"\n").rstrip(b"\n")
        plain = b"\n".join(
            line
            for line in _unfolded(head)
            if not line.lower().startswith((b"content-type:", b"content-transfer-encoding:"))
        )
        is_html = not form.get("text") and form.get("html")
        kind = b"text/html" if is_html else b"text/plain"
        text = form.get("html", b"") if is_html else form.get("text", b"")
        return plain + b"\nContent-Type: " + kind + b"; charset=utf-8\n\n" + text
    return None


def envelope(form: Mapping[str, bytes]) -> tuple[str | None, list[str]]:
    """Whom a mail server named as sender, "" being nobody, and to whom it was to go."""
    try:
        said = orjson.loads(form.get("envelope", b"{}"))
    except orjson.JSONDecodeError:
        return None, []
    if not isinstance(said, dict):
        return None, []
    sender, to = said.get("from"), said.get("to")
    return (
        sender if isinstance(sender, str) else None,
        [each for each in to if isinstance(each, str)] if isinstance(to, list) else [],
    )


def _name(head: bytes) -> str | None:
    said: Message = message_from_bytes(head + b"\r\n\r\n")
    name = said.get_param("name", header="content-disposition")
    return name if isinstance(name, str) else None


def _unfolded(head: bytes) -> list[bytes]:
    """The headers, a folded one as one line."""
    lines: list[bytes] = []
    for line in head.split(b"\n"):
        if lines and line[:1] in (b" ", b"\t"):
            lines[-1] += b" " + line.strip()
        else:
            lines.append(line)
    return lines

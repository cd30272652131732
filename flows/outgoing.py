"""A message ready to leave: the envelope and both bodies, and the bytes they make."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2b

_ADDRESS = re.compile(r"[^@\s<>,;:\"()\[\]\\\x00-\x1f\x7f-\U0010ffff]+@[A-Za-z0-9.-]+")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_VALUE = re.compile(r"[\x20-\x7e]*")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._-]+@[A-Za-z0-9.-]+>")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OURS = {
    "from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "cc", "bcc", "sender",
}  # fmt: skip
# An encoded word may be 75 characters long: 45 octets make 60 in base64, and 12 go around them.
_WORD_OCTETS = 45
_FOLD_AT = 66


@dataclass(frozen=True)
class Outgoing:
    """One message as handed to an outlet. What could break its headers is refused when built."""

    send_id: int
    to_name: str
    to_email: str
    from_name: str
    from_email: str
    reply_to: str
    subject: str
    html: str
    text: str
    headers: dict[str, str]
    message_id: str
    date: datetime
    journey: str = ""
    step: str = ""
    purpose: str = ""
    message: str = ""
    tracking: bool = False

    def __post_init__(self) -> None:
        for what in ("to_email", "from_email", "reply_to"):
            if not _is_address(getattr(self, what)):
                raise ValueError(f"send {self.send_id}: {what} is not an address")
        for what in ("to_name", "from_name", "subject"):
            text = getattr(self, what)
            if not text.isprintable() and _CONTROL.search(text):
                raise ValueError(f"send {self.send_id}: {what} holds control characters")
        if not _MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError(f"send {self.send_id}: message_id is not one")
        if self.date.tzinfo is None:
            raise ValueError(f"send {self.send_id}: date needs its time zone")
        for name, value in self.headers.items():
            if not (
                _may_be_set(name) and value.isascii() and value.isprintable() and len(value) <= 900
            ):
                raise ValueError(f"send {self.send_id}: header {name!r} may not be set like this")

    def as_bytes(self) -> bytes:
        """The whole message in MIME. The same message makes the same bytes, always."""
        bodies = (("plain", self.text), ("html", self.html))
        # Quoted-printable writes "=" only before a hex digit or a line end, so no body holds this.
        digest = blake2b(self.message_id.encode("ascii"), digest_size=15)
        boundary = f"=_{digest.hexdigest()}"
        head = [
            ("From", _mailbox(self.from_name, self.from_email)),
            ("To", _mailbox(self.to_name, self.to_email)),
            ("Reply-To", self.reply_to),
            ("Subject", _folded(self.subject) if _plain(self.subject) else _words(self.subject)),
            ("Date", format_datetime(self.date.astimezone(UTC))),
            ("Message-ID", self.message_id),
            *sorted(self.headers.items()),
            ("MIME-Version", "1.0"),
            ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"'),
        ]
        parts = [f"{name}: {value}\r\n".encode("ascii") for name, value in head]
        for kind, body in bodies:
            parts.append(
                f"\r\n--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
                "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")
            )
            parts.append(_quoted_printable(body))
        parts.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
        return b"".join(parts)

    def part(self, name: str) -> bytes:
        """Its mail, headers, subject, text or html: byte for byte as it was handed over."""
        if name == "mail":
            return self.as_bytes()
        if name == "headers":
            return self.as_bytes().partition(b"\r\n\r\n")[0] + b"\r\n"
        return {"subject": self.subject, "text": self.text, "html": self.html}[name].encode()


def ascii_address(address: str) -> str | None:
    """The address with its domain in the letters of the wire, or None if it cannot be written."""
    local, _, domain = address.strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    address = f"{local}@{domain}"
    return address if _is_address(address) else None


@lru_cache(maxsize=1024)
def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _may_be_set(header: str) -> bool:
    return bool(_HEADER.fullmatch(header)) and header.lower() not in _OURS


def _plain(text: str) -> bool:
    return bool(_VALUE.fullmatch(text)) and "=?" not in text


def _folded(text: str) -> str:
    if len(text) <= _FOLD_AT:
        return text
    if max(map(len, text.split(" "))) > _FOLD_AT or "  " in text:
        return _words(text)
    lines, line = [], ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > _FOLD_AT:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\r\n ".join([*lines, line])


def _words(text: str) -> str:
    """Encoded words of RFC 2047, cut between characters."""
    chunks, chunk = [], b""
    for letter in text:
        octets = letter.encode()
        if len(chunk) + len(octets) > _WORD_OCTETS:
            chunks.append(chunk)
            chunk = b""
        chunk += octets
    return "\r\n ".join(
        f"=?utf-8?B?{base64.b64encode(part).decode('ascii')}?=" for part in [*chunks, chunk]
    )


def _mailbox(name: str, address: str) -> str:
    name = name.strip()
    if not name:
        return address
    if _plain(name) and len(name) <= _FOLD_AT:
        if not _ATOMS.fullmatch(name):
            name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        name = _words(name)
    # A long name stands on a line of its own, which keeps lines short for old relays.
    return f"{name} <{address}>" if len(name) < 40 else f"{name}\r\n <{address}>"


def _quoted_printable(body: str) -> bytes:
    lines = "\r\n".join([*body.splitlines(), ""])
    return binascii.b2a_qp(lines.encode("utf-8", "replace"), istext=True)

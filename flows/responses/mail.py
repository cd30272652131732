"""A mail as somebody wrote it, or a machine: who, in answer to what, and what it says.

Whatever it is made of, reading it raises nothing: what cannot be read is left out.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from enum import StrEnum, auto
from hashlib import blake2b

from flows.responses.mail_text import UNWRITTEN, clean, inner, own_words, parts, text_of

_log = logging.getLogger(__name__)

LONGEST_TEXT = 20_000
_LONGEST_HEADER = 20_000
_MOST_IDS = 100
_ID = re.compile(r"<([^<>\s]{1,300})>")
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(automatic reply|auto(matic)?[- ]?(response|antwort|reply)|automatische antwort|"
    r"out of (the )?office|abwesen(d|heit)|ooo\b|réponse automatique)",
    re.IGNORECASE,
)
_NOBODY = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply)@", re.IGNORECASE)
_STOP = re.compile(
    r"\b(unsubscribe|opt[- ]?out|remove me|stop (sending|writing|mailing)|take me off|"
    r"abmeld(en|ung)|abbestell(en|ung)|austragen|(keine|nicht mehr) .{0,40}"
    r"(werbung|newsletter|mails?|anschreiben|kontaktieren)|widerspr(eche|uch))",
    re.IGNORECASE,
)
_HARD = re.compile(r"5\.1\.(1|2|3|6|10)|5\.2\.1")
"""No such mailbox; the same numbers as in a mail server's own answer."""


class Sort(StrEnum):
    """What a mail is."""

    REPLY = auto()
    AUTOMATIC = auto()
    """An answer of a machine: away from office, a receipt, a mailing list (RFC 3834)."""
    BOUNCE = auto()
    """What we wrote did not arrive."""
    DELAY = auto()
    """What we wrote has not arrived yet."""
    ARRIVED = auto()
    """A machine says that what we wrote has arrived."""
    COMPLAINT = auto()
    """A provider says that somebody called what we wrote spam."""


@dataclass(frozen=True)
class Mail:
    """What there is to know of a mail. `named` are all the Message-IDs it speaks of.

    `hard` says of a bounce that there is no such mailbox; `stop` that the sender seems to want no
    more mail from us.
    """

    key: str
    sort: Sort
    sender: str
    to: tuple[str, ...]
    named: tuple[str, ...]
    subject: str
    text: str
    hard: bool = False
    status: str = ""
    stop: bool = False


def read(raw: bytes, sender: str | None = None, to: Sequence[str] = ()) -> Mail:
    """A raw mail; `sender` and `to` are what a mail server said when it came, "" being nobody.

    One that cannot be read at all is a reply nobody understands: a colleague will look at it.
    """
    try:
        return _read(raw, sender, to)
    except Exception as error:
        _log.warning("a mail could not be read: %s", type(error).__name__)
        address = _line(sender or "").lower()[:320]
        return Mail(_key(raw), Sort.REPLY, address, tuple(map(str.lower, to)), (), "", "")


def _read(raw: bytes, sender: str | None, to: Sequence[str]) -> Mail:
    message = message_from_bytes(raw)
    reported, status = _reported(message)
    sort = reported or (Sort.AUTOMATIC if _automatic(message, sender) else Sort.REPLY)
    ids = _ID.findall(" ".join(_header(message, name) for name in ("In-Reply-To", "References")))
    if sort is not Sort.REPLY:
        ids += _inner_ids(message)
    addressed = [_header(message, name) for name in ("To", "Cc", "Delivered-To", "X-Original-To")]
    receivers = [*to, *(address for _, address in _addresses(addressed))]
    subject = _line(_header(message, "Subject"))[:500]
    text = clean(text_of(message))[:LONGEST_TEXT]
    own = _ID.search(_header(message, "Message-ID"))
    return Mail(
        # SendGrid posts a mail again if it heard no answer; it is the same one all the same.
        key=_key(own[1].encode() if own else raw),
        sort=sort,
        sender=_from(message, sender),
        to=tuple(dict.fromkeys(each.lower()[:320] for each in receivers)),
        named=tuple(dict.fromkeys(ids[-_MOST_IDS:])),
        subject=subject,
        text=text,
        hard=sort is Sort.BOUNCE and _HARD.fullmatch(status) is not None,
        status=status,
        stop=sort is Sort.REPLY and _STOP.search(f"{subject}\n{own_words(text)}") is not None,
    )


def _key(named: bytes) -> str:
    return f"mail:{blake2b(named, digest_size=16).hexdigest()}"


def _from(message: Message, sender: str | None) -> str:
    for _, address in _addresses([_header(message, "From"), _header(message, "Sender")]):
        if "@" in address:
            return address.lower()[:320]
    return (sender or "").lower()[:320]


def _automatic(message: Message, sender: str | None) -> bool:
    """Whether a machine wrote it (RFC 3834 and what machines did before it)."""
    submitted = _header(message, "Auto-Submitted").partition(";")[0].strip().lower()
    precedence = _header(message, "Precedence").strip().lower()
    returns = _header(message, "Return-Path").strip()
    return (
        submitted not in ("", "no")
        or precedence in ("bulk", "junk", "list", "auto_reply")
        or any(
            message.get(name) is not None
            for name in ("X-Autoreply", "X-Autorespond", "X-Autogenerated", "List-Id")
        )
        or sender in ("", "<>")
        or returns == "<>"
        or _NOBODY.match(_from(message, sender)) is not None
        or message.get_content_type() == "multipart/report"
        or _AUTOMATIC_SUBJECT.match(_line(_header(message, "Subject"))) is not None
    )


def _reported(message: Message) -> tuple[Sort | None, str]:
    """What a report of a machine says: about delivery (RFC 3464), or a complaint (RFC 5965)."""
    worst: tuple[Sort | None, str] = (None, "")
    for part in parts(message):
        kind = part.get_content_type()
        if kind == "message/feedback-report":
            return Sort.COMPLAINT, ""
        if kind != "message/delivery-status":
            continue
        for block in _blocks(part):
            action = _header(block, "Action").strip().lower()
            status = _header(block, "Status").partition("(")[0].strip()[:20]
            if action == "failed":
                return Sort.BOUNCE, status
            if action == "delayed":
                worst = Sort.DELAY, status
            elif action in ("delivered", "relayed", "expanded") and worst[0] is None:
                worst = Sort.ARRIVED, status
    return worst


def _blocks(part: Message) -> list[Message]:
    """The groups of fields of a report, which are parsed as messages, or left as text."""
    if part.is_multipart():
        return inner(part)
    text = part.get_payload(decode=True)
    return [message_from_bytes(text)] if isinstance(text, bytes) else []


def _inner_ids(message: Message) -> list[str]:
    """Message-IDs of what a machine sends back to us."""
    found = []
    for part in parts(message):
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            content = part.get_payload(decode=True)
            inner = message_from_bytes(content if isinstance(content, bytes) else b"")
            found += _ID.findall(_header(inner, "Message-ID"))
        elif part is not message:
            found += _ID.findall(_header(part, "Message-ID"))
    return found


def _header(message: Message, name: str) -> str:
    """All values of a header, decoded as far as that is possible."""
    wanted = name.lower()
    values = (value for known, value in message.raw_items() if known.lower() == wanted)
    return UNWRITTEN.sub("", " ".join(_word(_legible(value[:_LONGEST_HEADER])) for value in values))


def _legible(value: str) -> str:
    """A header that was written without saying in which charset."""
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _word(value: str) -> str:
    try:
        pieces = decode_header(value)
    except (ValueError, LookupError):
        return value
    words = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            words.append(piece)
            continue
        try:
            words.append(piece.decode(charset or "utf-8", "replace"))
        except (LookupError, ValueError):
            words.append(piece.decode("latin-1"))
    return "".join(words)


def _addresses(headers: list[str]) -> list[tuple[str, str]]:
    try:
        return getaddresses(headers)
    except (ValueError, IndexError, TypeError):
        return []


def _line(text: str) -> str:
    return " ".join(clean(text).split())

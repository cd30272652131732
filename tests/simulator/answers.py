"""What SendGrid answers: status, body and headers, and its errors as it writes them."""

import re
from typing import Any, NamedTuple

import orjson

HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html"
_INDEX = re.compile(r"\.\d+(?=\.|$)")
_ANCHORS = {
    "personalizations.to.email": "personalizations.to",
    "personalizations.to.name": "personalizations.to",
    "personalizations.cc.email": "personalizations.cc",
    "personalizations.cc.name": "personalizations.cc",
    "personalizations.bcc.email": "personalizations.bcc",
    "personalizations.bcc.name": "personalizations.bcc",
    "from.email": "from",
    "reply_to.email": "reply_to",
}

Problem = dict[str, str | None]


class Answer(NamedTuple):
    """An answer, before the headers every answer carries."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    close: bool = False
    kind: bytes = b"application/json"


def problem(field: str, message: str) -> Problem:
    """One broken rule, with the field that breaks it."""
    anchor = _INDEX.sub("", field)
    return {
        "message": message,
        "field": field,
        "help": f"{HELP}#message.{_ANCHORS.get(anchor, anchor)}",
    }


def unnamed(message: str) -> Problem:
    """A problem of which SendGrid does not say where it is."""
    return {"message": message, "field": None, "help": None}


BAD_REQUEST = unnamed("Bad Request")


def refused(status: int, *problems: Problem, close: bool = False) -> Answer:
    """An answer that takes nothing and says why."""
    return Answer(status, orjson.dumps({"errors": problems}), close=close)


def said(status: int, body: Any = None) -> Answer:
    """An answer with something in it, or with nothing."""
    return Answer(status, b"" if body is None else orjson.dumps(body))


UNAUTHORIZED = refused(
    401, unnamed("The provided authorization grant is invalid, expired, or revoked")
)
FORBIDDEN = refused(403, unnamed("access forbidden"))
NOT_FOUND = refused(404, unnamed("not found"))
NOT_ALLOWED = refused(405, unnamed("method not allowed"))
TOO_LARGE = refused(413, unnamed("content too large"), close=True)
NOT_UTF8 = refused(415, unnamed("Invalid UTF8 in request"))
NOT_JSON = refused(415, unnamed("Content-Type should be application/json."))
TOO_MANY = refused(429, {"field": None, "message": "too many requests"})
OUT_OF_QUOTA = refused(403, unnamed("You have exceeded your messaging limits"))
UNKNOWN_SENDER_MESSAGE = (
    "The from address does not match a verified Sender Identity. Mail cannot be sent until this "
    "error is resolved. Visit https://sendgrid.com/docs/for-developers/sending-email/"
    "sender-identity/ to see the Sender Identity requirements"
)


def unknown_sender(field: str) -> Answer:
    """The sender's address is not one the account has shown to be its own."""
    return refused(403, {"message": UNKNOWN_SENDER_MESSAGE, "field": field, "help": None})

"""Mail as it comes in through SendGrid's Inbound Parse."""

from collections.abc import Sequence
from email.message import EmailMessage

import httpx
import orjson

from flows import tokens
from flows.responses import inbound

SECRET = b"a secret of the tests"


def message_id(number: int) -> str:
    """The Message-ID a message of ours left with."""
    return f"<s{number}.{tokens.send_mark(SECRET, number)}@nordholz.example>"


def mail(text: str = "Vielen Dank!", sender: str = "ada@example.com", **headers: str) -> bytes:
    """A mail somebody wrote; headers are written with underscores."""
    written = EmailMessage()
    given = {
        "From": f"Ada Lovelace <{sender}>",
        "To": "antwort@parse.example.com",
        "Subject": "Re: Ihre Bestellung",
        "Message-ID": "<a1@example.com>",
    }
    for name, value in {**given, **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
        written[name] = value
    written.set_content(text)
    return written.as_bytes()


def report(
    number: int,
    status: str = "5.1.1",
    action: str = "failed",
    kind: str = "delivery-status",
    original: str | None = None,
) -> bytes:
    """What a mail server says of a message it could not deliver (RFC 3464)."""
    about = (
        f"Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; someone@else.example\n"
        f"Action: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 {status} no such user\n"
    )
    if kind == "feedback-report":
        about = "Feedback-Type: abuse\nUser-Agent: x/1\nVersion: 1\n"
    return (
        "From: MAILER-DAEMON@mx.example.com\nTo: antwort@parse.example.com\n"
        f"Subject: Undelivered Mail\nMessage-ID: <dsn{number}{kind}@mx.example.com>\n"
        f'MIME-Version: 1.0\nContent-Type: multipart/report; report-type={kind}; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nIt did not work.\n"
        f"--b\nContent-Type: message/{kind}\n\n{about}\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {original or message_id(number)}\n"
        "Subject: Ihre Bestellung\nFrom: service@nordholz.example\n\nHallo\n--b--\n"
    ).encode()


def form(
    raw: bytes, sender: str | None = "ada@example.com", to: Sequence[str] = (), **fields: str
) -> dict[str, tuple[None, bytes]]:
    """The fields of the form SendGrid posts, for httpx."""
    said = {"to": list(to), "from": sender}
    return {
        "headers_are_not_read": (None, b"x"),
        "envelope": (None, orjson.dumps(said)),
        "email": (None, raw),
        **{name: (None, value.encode()) for name, value in fields.items()},
    }


def posted(raw: bytes, sender: str | None = "ada@example.com", to: Sequence[str] = ()) -> bytes:
    """The same as it is stored."""
    request = httpx.Request("POST", "http://x", files=form(raw, sender, to))
    return inbound.kept(request.headers["content-type"], request.read())

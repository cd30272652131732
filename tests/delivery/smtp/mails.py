"""Messages to send, and outlets to send them through."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flows.delivery.outlet import Receipt
from flows.delivery.smtp.outlet import SmtpOutlet
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from flows.outlet_settings import SmtpOutletSettings
from segments.spans import Span

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
A_SECOND = Span(1 / 60, "minutes")


def mail(number: int, **changes: Any) -> Outgoing:
    """A newsletter."""
    values: dict[str, Any] = {
        "send_id": number,
        "to_name": "Ada Example",
        "to_email": f"ada{number}@example.com",
        "from_name": "Shop",
        "from_email": "shop@example.org",
        "reply_to": "owner@example.org",
        "subject": f"Hello {number}",
        "html": "<html><head></head><body><p>Hello</p></body></html>",
        "text": "Hello\n.\n..two dots\n.one\n",
        "headers": {
            "List-Unsubscribe": "<https://mail.example.org/u/abc>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Feedback-ID": "welcome:s1:stammkunde",
        },
        "message_id": f"<send.{number}@example.org>",
        "date": NOW,
    }
    return Outgoing(**values | changes)


def mails(count: int, first: int = 1) -> list[Outgoing]:
    """So many newsletters."""
    return [mail(number) for number in range(first, first + count)]


def settings(port: int, **changes: Any) -> SmtpOutletSettings:
    """A server on this machine, which has a second for each answer."""
    values: dict[str, Any] = {
        "kind": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "timeout": A_SECOND,
        "connections": 1,
    }
    return SmtpOutletSettings(**values | changes)


@contextmanager
def outlet(port: int, secret: str | None = None, **changes: Any) -> Iterator[SmtpOutlet]:
    """An outlet called `post`."""
    with SmtpOutlet.open("post", settings(port, **changes), secret, None) as opened:
        yield opened


def deliver(through: SmtpOutlet, *mails: Outgoing) -> dict[int, Receipt]:
    """Hand the messages over; their receipts by send."""
    return {receipt.send_id: receipt for receipt in through.deliver(through.pack(mails, NOW))}


def send(port: int, *mails: Outgoing, **changes: Any) -> dict[int, Receipt]:
    """Hand the messages over through an outlet of their own."""
    with outlet(port, **changes) as opened:
        return deliver(opened, *mails)


def gather(through: SmtpOutlet, *messages: Outgoing) -> tuple[list[Receipt], DeliveryError | None]:
    """Receipts one by one, as a caller sees them, and what ended them."""
    receipts: list[Receipt] = []
    try:
        for receipt in through.deliver(through.pack(messages, NOW)):
            receipts.append(receipt)
    except DeliveryError as error:
        return receipts, error
    return receipts, None


def taken(contents: Iterable[bytes]) -> Counter[str]:
    """How often each message is among these, by subject."""
    return Counter(
        line.decode().removeprefix("Subject: ")
        for content in contents
        for line in content.split(b"\r\n")
        if line.startswith(b"Subject: ")
    )

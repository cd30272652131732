"""Events of a mailing as SendGrid posts them, and a store with the sends they are about."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import Engine, insert

from flows.store.bulk import look_again
from flows.store.models import Contact, Customer, Enrollment, Send
from tests.delivery.rows import DAY, NOW, enrollment, furnish, send

_AT = int((NOW - timedelta(hours=2)).timestamp())
_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


def fill(engine: Engine, sends: int) -> None:
    """So many sends that were accepted, each to a customer of its own."""
    furnish(engine)
    others = range(2, sends + 1)
    with engine.begin() as connection:
        connection.execute(insert(Customer), [{"id": n, "key": f"C{n}"} for n in others])
        connection.execute(
            insert(Contact),
            [
                {"id": n, "key": f"K{n}", "customer_id": n, "email": f"p{n}@kunde.example"}
                for n in others
            ],
        )
        connection.execute(insert(Enrollment), [enrollment(n, customer_id=n) for n in others])
        connection.execute(
            insert(Send),
            [
                send(
                    n,
                    outcome="accepted",
                    enrollment_id=n,
                    customer_id=n,
                    contact_id=n,
                    outlet="sendgrid",
                    handed_over_at=NOW - DAY,
                )
                for n in range(1, sends + 1)
            ],
        )
        look_again(connection)


def events(sends: int) -> Iterator[dict[str, Any]]:
    """Three of each send: processed, what became of it, and a click of every tenth or an open.

    Of a hundred one comes back, and of a thousand one complains.
    """
    for word in ("processed", "delivered", "open"):
        for number in range(1, sends + 1):
            yield _event(number, _word(word, number))


def batches(told: Iterator[dict[str, Any]], most: int) -> Iterator[bytes]:
    """The events in batches of so many bytes, line ends as SendGrid has them."""
    lines: list[bytes] = []
    size = 0
    for event in told:
        line = orjson.dumps(event)
        if lines and size + len(line) > most:
            yield b"[" + b",\r\n".join(lines) + b"]\r\n"
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 3
    if lines:
        yield b"[" + b",\r\n".join(lines) + b"]\r\n"


def _word(word: str, number: int) -> str:
    if word == "delivered" and number % 100 == 0:
        return "bounce"
    if word == "open" and number % 1000 == 1:
        return "spamreport"
    return "click" if word == "open" and number % 10 == 0 else word


def _event(number: int, word: str) -> dict[str, Any]:
    request = f"{number // 1000:022d}"
    event: dict[str, Any] = {
        "email": f"p{number}@kunde.example",
        "timestamp": _AT + number % 3600,
        "event": word,
        "sg_event_id": base64.urlsafe_b64encode(f"{word}-0-7654321-{request}-{number}".encode())
        .decode()
        .rstrip("="),
        "sg_message_id": f"{request}.recvd-5d8c9f7b4-x2x7k-1-65A1B2C3-1D.{number % 1000}",
        "smtp-id": f"<{request}@geopod-ismtpd-{number % 40}>",
        "category": ["second_order", "second_order/newsletter"],
        "stammkunde_send": str(number),
        "stammkunde_request": f"{number // 1000:032x}",
    }
    if word == "delivered":
        event |= {"response": "250 2.0.0 OK 1772438400 q15si1234567wrc.112 - gsmtp", "tls": 1}
    elif word == "bounce":
        event |= {
            "reason": "550 5.1.1 The email account that you tried to reach does not exist.",
            "status": "5.1.1",
            "type": "bounce",
            "bounce_classification": "Invalid Address",
        }
    elif word in ("open", "click"):
        event |= {"useragent": _BROWSER, "ip": "198.51.100.7", "sg_machine_open": False}
    return event

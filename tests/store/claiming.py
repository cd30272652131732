"""Taking sends as a delivery does: the foremost ones, composed, packed and claimed at once."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from flows.store import outbox
from flows.store.outbox import Claimed, Foremost
from segments.names import Purpose
from tests.delivery.rows import LIVE, NOW

LEASE = timedelta(minutes=10)
WAYS = dict.fromkeys(Purpose, "folder")


def line(connection: Connection, limit: int = 10, **narrowed: Any) -> Foremost:
    """The next in line, by the journeys and ways of these tests."""
    terms: dict[str, Any] = {"live": LIVE, "ways": WAYS}
    return outbox.foremost(connection, NOW, limit, **terms | narrowed)


def made(send_id: int, outlet: str = "folder", **changes: Any) -> Claimed:
    """A composed message in a request of its own."""
    values: dict[str, Any] = {
        "message": "hello",
        "locale": "de",
        "template_version": "t1",
        "sources": b"sources",
        "context": f'{{"name": "n{send_id}"}}',
        "request_id": f"r{send_id}",
    }
    return Claimed(send_id=send_id, outlet=outlet, **values | changes)


def claim(
    connection: Connection,
    sends: Mapping[int, str],
    claim_id: str = "c1",
    now: datetime = NOW,
) -> None:
    """Make them ours for the time of the lease."""
    claimed = [made(send_id, outlet) for send_id, outlet in sends.items()]
    outbox.claim(connection, claimed, claim_id, now, now + LEASE)


def take(
    connection: Connection, limit: int = 10, claim_id: str = "c1", **narrowed: Any
) -> list[int]:
    """Claim the foremost; their numbers in order."""
    sends = line(connection, limit, **narrowed).sends
    claim(connection, sends, claim_id)
    return list(sends)

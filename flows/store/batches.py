"""What was posted to us: kept byte for byte, worked through later."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, Connection, Text, func, insert, select, update

from flows.store.models import Base
from flows.store.sets import Types, among, update_each
from flows.store.types import Utc

_batch = Base.metadata.tables["event_batch"]

_MOST = 5_000
_LOOKED_THROUGH = 200
_DONE: Types = {
    "its_id": BigInteger(),
    "its_at": Utc(),
    "its_events": BigInteger(),
    "its_problem": Text(),
}


@dataclass(frozen=True)
class Batch:
    """A batch that waits to be applied."""

    id: int
    source: str
    received_at: datetime
    body: bytes


@dataclass(frozen=True)
class Applied:
    """What became of a batch: how many events it held, and what was wrong with it."""

    id: int
    events: int
    problem: str | None = None


def keep_batches(
    connection: Connection, posts: Sequence[tuple[str, bytes]], received_at: datetime
) -> None:
    """Store what was posted (source and body) byte for byte."""
    connection.execute(
        insert(_batch),
        [{"source": source, "body": body, "received_at": received_at} for source, body in posts],
    )


def pending_batches(
    connection: Connection, source: str, after_id: int, most_bytes: int
) -> list[Batch]:
    """The oldest batches that wait, from the one after `after_id` on.

    As many as hold so many bytes together, and one at least.
    """
    size = func.length(_batch.c.body).label("size")
    waiting = (
        select(_batch.c.id, size)
        .where(_batch.c.applied_at.is_(None), _batch.c.id > after_id, _batch.c.source == source)
        .order_by(_batch.c.id)
        .limit(_MOST)
    )
    taken: list[int] = []
    for number, its_size in connection.execute(waiting):
        most_bytes -= its_size
        if taken and most_bytes < 0:
            break
        taken.append(number)
    if not taken:
        return []
    statement = (
        select(_batch.c.id, _batch.c.source, _batch.c.received_at, _batch.c.body)
        .where(among(connection, _batch.c.id, taken))
        .order_by(_batch.c.id)
    )
    return [Batch(*row) for row in connection.execute(statement)]


def applied(connection: Connection, batches: Sequence[Applied], now: datetime) -> None:
    """Note that batches are done; what was wrong with one stays with it."""
    update_each(
        connection,
        lambda fresh: (
            update(_batch)
            .where(_batch.c.id == fresh["its_id"])
            .values(
                applied_at=fresh["its_at"],
                events=fresh["its_events"],
                problem=fresh["its_problem"],
            )
        ),
        _DONE,
        [
            {
                "its_id": each.id,
                "its_at": now,
                "its_events": each.events,
                "its_problem": each.problem,
            }
            for each in batches
        ],
    )


def holding(connection: Connection, email: str) -> Iterator[Batch]:
    """Batches in which an address stands, however it is written, the oldest first."""
    needle = email.strip().lower().encode()
    last = 0
    while True:
        found = connection.execute(
            select(_batch.c.id, _batch.c.source, _batch.c.received_at, _batch.c.body)
            .where(_batch.c.id > last)
            .order_by(_batch.c.id)
            .limit(_LOOKED_THROUGH)
        ).all()
        if not found:
            return
        last = found[-1].id
        yield from (Batch(*row) for row in found if needle in row.body.lower())

"""Batches of events as they were posted: kept in one insert, worked through later."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from flows.store.models import Base

_batch = Base.metadata.tables["event_batch"]


@dataclass(frozen=True)
class Batch:
    """A batch that waits to be applied."""

    id: int
    source: str
    received_at: datetime
    body: bytes


def keep_batch(connection: Connection, source: str, body: bytes, received_at: datetime) -> None:
    """Store a batch byte for byte."""
    connection.execute(insert(_batch).values(source=source, body=body, received_at=received_at))


def pending_batches(connection: Connection, after_id: int, limit: int) -> list[Batch]:
    """The oldest batches that wait, from the one after `after_id` on."""
    statement = (
        select(_batch.c.id, _batch.c.source, _batch.c.received_at, _batch.c.body)
        .where(_batch.c.applied_at.is_(None), _batch.c.id > after_id)
        .order_by(_batch.c.id)
        .limit(limit)
    )
    return [
        Batch(row.id, row.source, row.received_at, row.body)
        for row in connection.execute(statement)
    ]


def applied(
    connection: Connection, batch_id: int, now: datetime, events: int, problem: str | None
) -> None:
    """Note that a batch is done; what was wrong with it stays with it."""
    connection.execute(
        update(_batch)
        .where(_batch.c.id == batch_id)
        .values(applied_at=now, events=events, problem=problem)
    )

"""What needs a person: what is known of it in the store, and what people were told about it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base
from segments.names import AlertKind

_alert = Base.metadata.tables["alert"]
_batch = Base.metadata.tables["event_batch"]
_run = Base.metadata.tables["run"]


@dataclass(frozen=True)
class Alert:
    """Something that needs a person, and when people were told."""

    id: int
    kind: AlertKind
    subject: str
    said: str
    since: datetime
    told_at: datetime | None
    mailed_at: datetime | None
    ended_at: datetime | None
    over_told_at: datetime | None = None


def begin(
    connection: Connection, kind: AlertKind, subject: str, said: str, now: datetime
) -> Alert | None:
    """Note it; None if it stands already."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    number = connection.execute(
        insert(_alert)
        .values(kind=kind, subject=subject, said=said, since=now)
        .on_conflict_do_nothing(
            index_elements=["kind", "subject"], index_where=_alert.c.ended_at.is_(None)
        )
        .returning(_alert.c.id)
    ).scalar_one_or_none()
    if number is None:
        return None
    return Alert(number, kind, subject, said, now, None, None, None)


def end(connection: Connection, number: int, now: datetime) -> bool:
    """Note that it is over; False if somebody did already."""
    over = update(_alert).where(_alert.c.id == number, _alert.c.ended_at.is_(None))
    return bool(connection.execute(over.values(ended_at=now)).rowcount)


def note_told(connection: Connection, number: int, now: datetime, *, over: bool) -> None:
    """Note that it was told, or that people were told that it is over."""
    column = "over_told_at" if over else "told_at"
    connection.execute(update(_alert).where(_alert.c.id == number).values({column: now}))


def note_mailed(connection: Connection, number: int, now: datetime) -> None:
    """Note that a mail went about it."""
    connection.execute(update(_alert).where(_alert.c.id == number).values(mailed_at=now))


def untold(connection: Connection) -> list[tuple[Alert, bool]]:
    """What nobody was told yet, and whether it is its end. What came and went untold stays so."""
    begun = _alert.c.ended_at.is_(None) & _alert.c.told_at.is_(None)
    over = (
        _alert.c.ended_at.is_not(None)
        & _alert.c.told_at.is_not(None)
        & _alert.c.over_told_at.is_(None)
    )
    statement = select(*_columns()).where(begun | over).order_by(_alert.c.id)
    return [(each, each.ended_at is not None) for each in _read(connection, statement)]


def standing(connection: Connection, kinds: Collection[AlertKind] | None = None) -> list[Alert]:
    """What is not over, the oldest first."""
    statement = select(*_columns()).where(_alert.c.ended_at.is_(None))
    if kinds is not None:
        statement = statement.where(_alert.c.kind.in_(sorted(kinds)))
    return _read(connection, statement.order_by(_alert.c.since, _alert.c.id))


def latest(connection: Connection, kind: AlertKind, subject: str) -> Alert | None:
    """The last of its kind about this, over or not."""
    statement = select(*_columns()).where(_alert.c.kind == kind, _alert.c.subject == subject)
    found = _read(connection, statement.order_by(_alert.c.id.desc()).limit(1))
    return found[0] if found else None


def went_well(connection: Connection) -> dict[str, datetime]:
    """When each stage last ended well."""
    fine = _run.c.ended_at.is_not(None), _run.c.failed.is_(None)
    statement = select(_run.c.kind, func.max(_run.c.started_at).label("at")).where(*fine)
    return {row.kind: row.at for row in connection.execute(statement.group_by(_run.c.kind))}


def first_run(connection: Connection) -> datetime | None:
    """When anything ran for the first time."""
    found: datetime | None = connection.scalar(select(func.min(_run.c.started_at)))
    return found


def waits_since(connection: Connection) -> datetime | None:
    """Since when the oldest batch of events waits to be taken in."""
    waiting = _batch.c.applied_at.is_(None), _batch.c.problem.is_(None)
    statement = select(func.min(_batch.c.received_at)).where(*waiting)
    found: datetime | None = connection.scalar(statement)
    return found


def _columns() -> list[ColumnElement[Any]]:
    return [_alert.c[name] for name in Alert.__dataclass_fields__]


def _read(connection: Connection, statement: Select[Any]) -> list[Alert]:
    rows = connection.execute(statement).mappings()
    return [Alert(**{**row, "kind": AlertKind(row["kind"])}) for row in rows]

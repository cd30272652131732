"""Runs that stand still until somebody decides what waits for approval."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from flows.store.models import Base

_pause = Base.metadata.tables["pause"]


@dataclass(frozen=True)
class Paused:
    """A run that was asked to wait: its number at Prefect, and what its form asks, by journey."""

    id: int
    flow_run: str
    asked: Mapping[str, int]
    asked_at: datetime
    until: datetime


def ask(
    connection: Connection, flow_run: str, asked: Mapping[str, int], now: datetime, until: datetime
) -> Paused:
    """Note that a run waits from now on, for at most so long, about so many messages a journey."""
    number = connection.execute(
        insert(_pause)
        .values(flow_run=flow_run, asked=dict(asked), asked_at=now, until=until)
        .returning(_pause.c.id)
    ).scalar_one()
    return Paused(number, flow_run, asked, now, until)


def standing(connection: Connection) -> list[Paused]:
    """Runs that wait and that nobody has made to go on."""
    nobody = _pause.c.released_at.is_(None), _pause.c.answered_at.is_(None)
    return _read(connection, *nobody)


def of_run(connection: Connection, flow_run: str) -> Paused | None:
    """What this run waited for, if it did and has not gone on since."""
    found = _read(connection, _pause.c.flow_run == flow_run, _pause.c.answered_at.is_(None))
    return found[0] if found else None


def release(connection: Connection, number: int, now: datetime) -> None:
    """Note that it was made to go on, or that it can do so no more."""
    connection.execute(update(_pause).where(_pause.c.id == number).values(released_at=now))


def answer(connection: Connection, number: int, now: datetime) -> None:
    """Note that it went on."""
    connection.execute(update(_pause).where(_pause.c.id == number).values(answered_at=now))


def _read(connection: Connection, *which: object) -> list[Paused]:
    columns = (_pause.c[name] for name in Paused.__dataclass_fields__)
    statement = select(*columns).where(*which).order_by(_pause.c.id)  # type: ignore[arg-type]
    return [Paused(*row) for row in connection.execute(statement)]

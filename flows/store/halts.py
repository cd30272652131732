"""Halts: sending stands still, of everything, of a journey, or through an outlet."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    exists,
    insert,
    select,
    text,
    update,
)

from flows.store.models import Base
from segments.names import HaltCause, TaskKind, TaskStatus

_halt = Base.metadata.tables["halt"]
_task = Base.metadata.tables["task"]
_STEP = "sending"
"""Stands where tasks of journeys name their step."""
_ABOUT_AT_MOST = 200


@dataclass(frozen=True)
class HaltFacts:
    """What stands still, why, and since when; of everything where neither is named."""

    journey: str | None
    outlet: str | None
    cause: HaltCause
    why: str
    since: datetime
    until: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Halts:
    """What stands still now; of several causes the one that holds longest.

    `trying` names outlets whose rest is over and that nobody has resumed since: a small block will
    show whether they work again.
    """

    everything: HaltFacts | None = None
    journeys: dict[str, HaltFacts] = field(default_factory=dict)
    outlets: dict[str, HaltFacts] = field(default_factory=dict)
    trying: frozenset[str] = frozenset()


def open_halts(connection: Connection, now: datetime) -> Halts:
    """What stands still at that moment."""
    everything: HaltFacts | None = None
    journeys: dict[str, HaltFacts] = {}
    outlets: dict[str, HaltFacts] = {}
    rested = set()
    statement = _facts().where(_halt.c.ended_at.is_(None), _halt.c.since <= now)
    # The last one of a scope counts: none other holds as long.
    longest_last = (_halt.c.until.is_(None), _halt.c.until, _halt.c.id.desc())
    for each in _read(connection, statement.order_by(*longest_last)):
        if each.until is not None and each.until <= now:
            rested |= {each.outlet}
        elif each.outlet is not None:
            outlets[each.outlet] = each
        elif each.journey is not None:
            journeys[each.journey] = each
        else:
            everything = each
    trying = frozenset(name for name in rested if name is not None and name not in outlets)
    return Halts(everything, journeys, outlets, trying)


def halt(
    connection: Connection,
    *,
    journey: str | None = None,
    outlet: str | None = None,
    cause: HaltCause,
    why: str,
    now: datetime,
    until: datetime | None = None,
) -> bool:
    """Have a journey, an outlet, or everything stand still; whether it did not for this cause.

    Said once more, it holds until the later of both moments, for the reason given last.
    """
    _alone(connection)
    same = (*_scope(journey, outlet), _halt.c.cause == cause, _halt.c.ended_at.is_(None))
    known = connection.execute(select(_halt.c.until).where(*same)).one_or_none()
    if known is None:
        connection.execute(
            insert(_halt).values(
                journey=journey, outlet=outlet, cause=cause, why=why, since=now, until=until
            )
        )
        return True
    later = None if until is None or known.until is None else max(until, known.until)
    connection.execute(update(_halt).where(*same).values(until=later, why=why))
    return False


def resume(
    connection: Connection,
    *,
    journey: str | None = None,
    outlet: str | None = None,
    now: datetime,
    causes: Collection[HaltCause] | None = None,
) -> int:
    """Let a journey, an outlet, or what was halted as a whole, go on. How many halts that ends.

    With `causes`, only halts for one of these.
    """
    _alone(connection)
    statement = update(_halt).where(*_scope(journey, outlet), _halt.c.ended_at.is_(None))
    if causes is not None:
        statement = statement.where(_halt.c.cause.in_(sorted(causes)))
    return connection.execute(statement.values(ended_at=now)).rowcount


def history(connection: Connection, limit: int) -> list[HaltFacts]:
    """The last halts, the latest first, over or not."""
    newest = _facts().order_by(_halt.c.since.desc(), _halt.c.id.desc()).limit(limit)
    return _read(connection, newest)


def task(connection: Connection, *, about: str, owner: str | None, due_at: datetime) -> bool:
    """Ask a colleague to look after sending itself; False if that is being asked already."""
    _alone(connection)
    if len(about) > _ABOUT_AT_MOST:
        about = f"{about[: _ABOUT_AT_MOST - 1].rstrip()}…"
    asked = exists().where(
        _task.c.enrollment_id.is_(None),
        _task.c.about == about,
        _task.c.status == TaskStatus.OPEN,
    )
    if connection.scalar(select(asked)):
        return False
    connection.execute(
        insert(_task).values(
            owner=owner,
            step=_STEP,
            kind=TaskKind.CHECK,
            about=about,
            due_at=due_at,
            status=TaskStatus.OPEN,
        )
    )
    return True


def _alone(connection: Connection) -> None:
    """Two who notice the same thing at once write it down once; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('halt'))"))


def _scope(journey: str | None, outlet: str | None) -> tuple[ColumnElement[bool], ...]:
    if journey is not None and outlet is not None:
        raise ValueError("a halt is of a journey or of an outlet, not of both")
    return (
        _halt.c.journey.is_(None) if journey is None else _halt.c.journey == journey,
        _halt.c.outlet.is_(None) if outlet is None else _halt.c.outlet == outlet,
    )


def _facts() -> Select[tuple[object, ...]]:
    return select(*(_halt.c[name] for name in HaltFacts.__dataclass_fields__))


def _read(connection: Connection, statement: Select[tuple[object, ...]]) -> list[HaltFacts]:
    rows = connection.execute(statement).mappings()
    return [HaltFacts(**{**row, "cause": HaltCause(row["cause"])}) for row in rows]

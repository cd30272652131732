"""Tasks of colleagues: listed, taken, closed and cancelled; each of it once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base, Contact, Customer, Enrollment, Run
from flows.store.session import frame
from segments.names import (
    Channel,
    Direction,
    Mood,
    TaskKind,
    TaskOutcome,
    TaskStatus,
)

_task = Base.metadata.tables["task"]
_interaction = Base.metadata.tables["interaction"]
_CHANNELS = {
    TaskKind.CALL: Channel.CALL,
    TaskKind.VISIT: Channel.VISIT,
    TaskKind.WRITE: Channel.LETTER,
}
_AT_ONCE = 10_000
LARGEST = 2**63
"""No number of ours is as large as this."""


@dataclass(frozen=True)
class TaskResult:
    """What became of a task: when it was done, how, and what was said."""

    task: int
    at: datetime
    outcome: TaskOutcome = TaskOutcome.REACHED
    mood: Mood | None = None
    note: str | None = None
    contact: int | None = None


@dataclass(frozen=True)
class TaskFacts:
    """One task as it stands."""

    id: int
    kind: TaskKind
    status: TaskStatus
    owner: str | None
    customer_id: int | None
    customer: str | None
    about: str
    due_at: datetime
    done_at: datetime | None
    outcome: TaskOutcome | None
    changed_at: datetime | None


def listed(
    connection: Connection,
    now: datetime,
    *,
    owner: str | None = None,
    customer: int | None = None,
    due_until: datetime | None = None,
    everything: bool = False,
    since: datetime | None = None,
) -> pd.DataFrame:
    """Tasks as of `now`, one row each, the most overdue first; only open ones unless asked.

    Columns: task, status, kind, customer, customer_name, owner, journey, about, made_at, due_at,
    escalated_at, done_at, outcome, note, changed_at. `since` keeps what was made or changed from
    then on.
    """
    changed = _changed()
    statement = _rows(changed).where(or_(Run.as_of.is_(None), Run.as_of <= now))
    if not everything:
        statement = statement.where(_task.c.status == TaskStatus.OPEN)
    if owner is not None:
        statement = statement.where(_task.c.owner == owner)
    if customer is not None:
        statement = statement.where(_task.c.customer_id == customer)
    if due_until is not None:
        statement = statement.where(_task.c.due_at <= due_until)
    if since is not None:
        statement = statement.where(changed >= since)
    found = frame(connection, statement)
    found["_closed"] = found["status"] != TaskStatus.OPEN
    found = found.sort_values(["_closed", "due_at", "task"], ignore_index=True)
    return found.drop(columns="_closed")


def deadlines(tasks: pd.DataFrame, zone: str) -> pd.Series:
    """Until when each task is in time: a day that is named without an hour counts as a whole."""
    due = tasks["due_at"].dt.tz_convert(zone)
    until: pd.Series = due.where(due != due.dt.normalize(), due + pd.DateOffset(days=1))
    return until


def facts(connection: Connection, number: int) -> TaskFacts | None:
    """One task, if there is one of that number."""
    if not 0 < number < LARGEST:
        return None
    row = connection.execute(
        select(
            *(_task.c[name] for name in ("id", "kind", "status", "owner", "customer_id")),
            Customer.key,
            *(_task.c[name] for name in ("about", "due_at", "done_at", "outcome", "changed_at")),
        )
        .select_from(_task.outerjoin(Customer, Customer.id == _task.c.customer_id))
        .where(_task.c.id == number)
    ).one_or_none()
    if row is None:
        return None
    found = TaskFacts(*row)
    outcome = None if found.outcome is None else TaskOutcome(found.outcome)
    kind, status = TaskKind(found.kind), TaskStatus(found.status)
    return replace(found, kind=kind, status=status, outcome=outcome)


def contact_of(connection: Connection, customer: int, key: str) -> int | None:
    """The customer's contact whom the company calls so."""
    return connection.scalar(
        select(Contact.id).where(Contact.key == key, Contact.customer_id == customer)
    )


def finish(connection: Connection, results: Collection[TaskResult], now: datetime) -> int:
    """Close tasks that are open, as is told `now`; the earliest word counts. How many were closed.

    Where somebody at a customer was reached, that is written into the history of contacts. A task
    that is not known, or not open any more, is left as it is, so that repeating changes nothing.
    """
    earliest: dict[int, TaskResult] = {}
    for each in sorted(results, key=lambda result: result.at):
        if 0 < each.task < LARGEST:
            earliest.setdefault(each.task, each)
    numbers = sorted(earliest)
    closed = 0
    for start in range(0, len(numbers), _AT_ONCE):
        part = numbers[start : start + _AT_ONCE]
        rows = connection.execute(
            select(_task.c.id, _task.c.kind, _task.c.customer_id, _task.c.enrollment_id)
            .where(_task.c.id.in_(part), _task.c.status == TaskStatus.OPEN)
            .with_for_update()
        ).all()
        closed += len(rows)
        _close(connection, [earliest[row.id] for row in rows], now)
        _tell(connection, [_talk(earliest[row.id], row) for row in rows if _spoken(earliest, row)])
    return closed


def cancel(connection: Connection, number: int, why: str, at: datetime) -> bool:
    """Strike a task out; False if it is not open."""
    return _change(connection, number, status=TaskStatus.CANCELLED, note=why, changed_at=at)


def take(connection: Connection, number: int, owner: str, at: datetime) -> bool:
    """Give an open task to somebody; False if it is not open, or theirs already."""
    mine = or_(_task.c.owner.is_(None), _task.c.owner != owner)
    return _change(connection, number, mine, owner=owner, changed_at=at)


def _change(connection: Connection, number: int, *where: Any, **values: Any) -> bool:
    statement = update(_task).where(_task.c.id == number, _task.c.status == TaskStatus.OPEN, *where)
    return bool(connection.execute(statement.values(**values)).rowcount)


def _close(connection: Connection, results: Sequence[TaskResult], now: datetime) -> None:
    """All of one outcome and moment at once: a colleague's list comes with few of either."""
    for result in results:
        connection.execute(
            update(_task)
            .where(_task.c.id == result.task)
            .values(
                status=TaskStatus.DONE,
                done_at=result.at,
                outcome=result.outcome,
                note=result.note,
                changed_at=now,
            )
        )


def _spoken(results: Mapping[int, TaskResult], row: Any) -> bool:
    reached = results[row.id].outcome == TaskOutcome.REACHED
    return reached and row.customer_id is not None and row.kind in _CHANNELS


def _talk(result: TaskResult, row: Any) -> dict[str, Any]:
    channel = _CHANNELS[TaskKind(row.kind)]
    if row.kind == TaskKind.WRITE and row.enrollment_id is None:
        # No journey asked for it: it is the answer to a mail.
        channel = Channel.MAIL
    return {
        "key": f"task:{result.task}",
        "customer_id": row.customer_id,
        "contact_id": result.contact,
        "at": result.at,
        "channel": channel,
        "direction": Direction.OUT,
        "mood": result.mood,
        "note": result.note,
    }


def _tell(connection: Connection, talks: Sequence[dict[str, Any]]) -> None:
    if talks:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(_interaction)
        connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]), list(talks))


def _changed() -> Any:
    return func.coalesce(_task.c.changed_at, Run.as_of)


def _rows(changed: Any) -> Select[Any]:
    return select(
        _task.c.id.label("task"),
        _task.c.status,
        _task.c.kind,
        Customer.key.label("customer"),
        Customer.name.label("customer_name"),
        _task.c.owner,
        Enrollment.journey,
        _task.c.about,
        Run.as_of.label("made_at"),
        _task.c.due_at,
        _task.c.escalated_at,
        _task.c.done_at,
        _task.c.outcome,
        _task.c.note,
        changed.label("changed_at"),
    ).select_from(
        _task.outerjoin(Customer, Customer.id == _task.c.customer_id)
        .outerjoin(Enrollment, Enrollment.id == _task.c.enrollment_id)
        .outerjoin(Run, Run.id == _task.c.run_id)
    )

"""How often something happened: what a day brought, and where journeys stand."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    String,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.expression import Select

from flows.store.heard import heard
from flows.store.models import Enrollment, PhaseChange, Reject, Response, Run, Send, Task
from flows.store.session import frame
from segments.names import EnrollmentStatus, Outcome

_SAMPLES = 3


@dataclass(frozen=True)
class Counts:
    """What happened, counted; no address and no name in it.

    entered: journey, arm, number. left: journey, reason, number. sends: journey, message, outcome,
    reason, number, example (the smallest id, to be looked at). tasks: journey, kind, number.
    phases: before, after, number. rejects: source, number (of all its rows refused), and up to
    three samples of place, row, column, reason.
    """

    entered: pd.DataFrame
    left: pd.DataFrame
    sends: pd.DataFrame
    tasks: pd.DataFrame
    phases: pd.DataFrame
    rejects: pd.DataFrame


def day_counts(connection: Connection, since: datetime, now: datetime) -> Counts:
    """What happened from `since` to `now`, both included, whichever runs did it.

    Sends are those decided in that time and those handed over in it, though decided before.
    """
    runs = select(Run.id).where(Run.as_of.between(since, now))
    sends = (
        select(Send.id, Send.journey, Send.message, outcome_at(now).label("outcome"), Send.reason)
        .where(
            or_(Send.decided_at.between(since, now), Send.handed_over_at.between(since, now)),
            Send.decided_at <= now,
        )
        .subquery()
    )
    by = [sends.c[name] for name in ("journey", "message", "outcome", "reason")]
    example = func.min(sends.c.id).label("example")
    entered = select(Enrollment.journey, Enrollment.arm).where(
        Enrollment.entered_at.between(since, now)
    )
    left = select(Enrollment.journey, Enrollment.reason).where(
        Enrollment.left_at.between(since, now)
    )
    tasks = (
        select(Enrollment.journey, Task.kind)
        .join(Task, Task.enrollment_id == Enrollment.id)
        .where(Task.run_id.in_(runs))
    )
    phases = select(PhaseChange.before, PhaseChange.after).where(PhaseChange.at.between(since, now))
    return Counts(
        entered=_grouped(connection, entered),
        left=_grouped(connection, left),
        sends=_sorted(
            frame(connection, select(*by, _number().label("number"), example).group_by(*by))
        ),
        tasks=_grouped(connection, tasks),
        phases=_grouped(connection, phases),
        rejects=_rejects(connection, Reject.run_id.in_(runs)),
    )


def plan_notes(connection: Connection, since: datetime, now: datetime) -> tuple[str, ...]:
    """What the latest plan of that time noted beside its counts."""
    counts = connection.scalar(
        select(Run.counts)
        .where(Run.kind == "plan", Run.as_of.between(since, now), Run.ended_at.is_not(None))
        .order_by(Run.id.desc())
        .limit(1)
    )
    return tuple(counts.get("notes", ())) if counts else ()


def journey_counts(connection: Connection, now: datetime) -> pd.DataFrame:
    """What every journey has done up to `now`: journey, what, word, number.

    `what` is enrollment (word: its status), goal, send (its outcome), skip (its reason), task (its
    kind) or response (its kind). A state reached after `now` counts as the one before.
    """
    entered = Enrollment.entered_at <= now
    decided = Send.decided_at <= now
    parts = {
        "enrollment": select(Enrollment.journey, _text(_status_at(now)).label("word")).where(
            entered
        ),
        "goal": select(Enrollment.journey, literal("order").label("word")).where(
            entered, Enrollment.goal_at <= now
        ),
        "send": select(Send.journey, outcome_at(now).label("word")).where(decided),
        "skip": select(Send.journey, _text(Send.reason).label("word")).where(
            decided, Send.outcome == Outcome.SKIPPED.value
        ),
        "task": select(Enrollment.journey, _text(Task.kind).label("word"))
        .join(Task, Task.enrollment_id == Enrollment.id)
        .join(Run, Run.id == Task.run_id)
        .where(Run.as_of <= now),
        "response": select(Send.journey, _text(Response.kind).label("word"))
        .join(Response, Response.send_id == Send.id)
        .where(heard(now)),
    }
    together = union_all(*(_counted(rows, what) for what, rows in parts.items())).subquery()
    counts = frame(connection, select(together))
    return counts.sort_values(["journey", "what", "word"], ignore_index=True)


def outcome_at(now: datetime) -> ColumnElement[str]:
    """The outcome of a send as it was then: what was claimed or handed over later, was not yet."""
    return case(
        (Send.claimed_at > now, Outcome.QUEUED.value),
        (Send.handed_over_at > now, Outcome.CLAIMED.value),
        else_=_text(Send.outcome),
    )


def _rejects(connection: Connection, picked: ColumnElement[bool]) -> pd.DataFrame:
    """How many rows of each source, with the first few faults to look at, but not their values."""
    rows = select(Reject.source, Reject.place, Reject.row).where(picked).distinct().subquery()
    totals = select(rows.c.source, _number().label("number")).group_by(rows.c.source).subquery()
    place = func.row_number().over(partition_by=Reject.source, order_by=Reject.id)
    samples = (
        select(Reject.source, Reject.place, Reject.row, Reject.column, Reject.reason)
        .add_columns(place.label("sample"))
        .where(picked)
        .subquery()
    )
    kept = [samples.c[name] for name in ("place", "row", "column", "reason")]
    statement = (
        select(totals, *kept)
        .join(samples, samples.c.source == totals.c.source)
        .where(samples.c.sample <= _SAMPLES)
    )
    found = frame(connection, statement)
    return found.sort_values(["source", "place", "row", "column"], ignore_index=True)


def _grouped(connection: Connection, rows: Select[Any]) -> pd.DataFrame:
    return _sorted(frame(connection, _counted(rows)))


def _counted(rows: Select[Any], what: str | None = None) -> Select[Any]:
    """Rows that are alike, with their number.

    Grouping goes by the columns of a subquery: PostgreSQL takes a bound value that is named twice
    for two different ones, and would not find a computed word among the groups.
    """
    inner = rows.subquery()
    first, *rest = inner.c
    name = [] if what is None else [literal(what).label("what")]
    return select(first, *name, *rest, _number().label("number")).group_by(first, *rest)


def _sorted(counts: pd.DataFrame) -> pd.DataFrame:
    words = [name for name in counts.columns if name not in ("number", "example")]
    return counts.sort_values(words, ignore_index=True)


def _status_at(now: datetime) -> ColumnElement[str]:
    under_way = or_(Enrollment.left_at.is_(None), Enrollment.left_at > now)
    return case((under_way, EnrollmentStatus.ACTIVE.value), else_=_text(Enrollment.status))


def _number() -> Any:
    return func.count()


def _text(column: Any) -> ColumnElement[str]:
    return cast(column, String)

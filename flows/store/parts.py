"""Parts of a planning run: what all share, and which of them are done, whoever did them.

A part notes itself in the transaction that decides it. Whoever takes it up again, because its
process or machine died or only its answer got lost, finds it done or finds nothing of it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text, update

from flows.store.models import Part, Run
from flows.store.session import alone

_WHOEVER = "plan parts"


@dataclass(frozen=True)
class Done:
    """A part that is decided: its counts, and the journeys that were left out, with the reason."""

    counts: Counter[str]
    left_out: Mapping[str, str]


@dataclass(frozen=True)
class Shared:
    """What the parts of a run have in common, as whoever began it left it in the store."""

    now: datetime
    figures: Mapping[str, Any]


def begin(connection: Connection, run_id: int, figures: Mapping[str, Any]) -> None:
    """Leave in the store what all parts of a run share.

    Waits for parts of an earlier run somebody still works on, as after its end they may not begin.
    """
    with alone(connection, _WHOEVER):
        connection.execute(delete(Part).where(Part.run_id != run_id))
        connection.execute(update(Run).where(Run.id == run_id).values(counts=dict(figures)))


def shared(connection: Connection, run_id: int) -> Shared | None:
    """What the parts of a run that is under way share; None if it has ended."""
    row = connection.execute(
        select(Run.as_of, Run.counts).where(Run.id == run_id, Run.ended_at.is_(None))
    ).one_or_none()
    return None if row is None else Shared(row.as_of, row.counts)


def taken_up(connection: Connection, run_id: int) -> bool:
    """Whether this run may still decide: no later one has begun, and none begins meanwhile."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT pg_advisory_xact_lock_shared(hashtext(:name))"), {"name": _WHOEVER}
        )
    latest = connection.scalar(select(func.max(Run.id)).where(Run.kind == "plan"))
    return latest == run_id


def done(connection: Connection, run_id: int, first: int) -> Done | None:
    """What the part that begins with this customer did, if it is done."""
    row = connection.execute(
        select(Part.counts, Part.left_out).where(
            Part.run_id == run_id, Part.first_customer == first
        )
    ).one_or_none()
    return None if row is None else Done(Counter(row.counts), row.left_out)


def note(connection: Connection, run_id: int, first: int, last: int, part: Done) -> None:
    """Write down that these customers are decided."""
    connection.execute(
        insert(Part).values(
            run_id=run_id,
            first_customer=first,
            last_customer=last,
            counts=dict(part.counts),
            left_out=dict(part.left_out),
        )
    )


def all_done(connection: Connection, run_id: int) -> dict[int, Done]:
    """Every part of a run that is done, by the customer it begins with."""
    rows = connection.execute(
        select(Part.first_customer, Part.counts, Part.left_out).where(Part.run_id == run_id)
    )
    return {row.first_customer: Done(Counter(row.counts), row.left_out) for row in rows}

"""A day in figures: how many orders came in, who began a journey, and what became of messages."""

from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from flows.store.counts import outcome_at
from flows.store.models import Enrollment, Run, Send


def new_orders(connection: Connection, since: datetime, until: datetime) -> int:
    """Orders that came in from `since` to `until`, as the pulls of that time noted."""
    noted = connection.scalars(
        select(Run.counts).where(
            Run.kind == "pull", Run.as_of.between(since, until), Run.ended_at.is_not(None)
        )
    )
    return sum(int(counts.get("orders", {}).get("new", 0)) for counts in noted if counts)


def began(connection: Connection, since: datetime, until: datetime) -> int:
    """How often somebody began a journey in that time."""
    entered = Enrollment.entered_at.between(since, until)
    return connection.scalar(select(func.count()).where(entered)) or 0


def outcomes(connection: Connection, since: datetime, until: datetime) -> dict[str, int]:
    """Messages decided or handed over in that time, by what had become of them at its end."""
    sends = (
        select(outcome_at(until).label("outcome"))
        .where(
            or_(Send.decided_at.between(since, until), Send.handed_over_at.between(since, until)),
            Send.decided_at <= until,
        )
        .subquery()
    )
    rows = connection.execute(
        select(sends.c.outcome, func.count().label("number")).group_by(sends.c.outcome)
    )
    return {row.outcome: row.number for row in rows}

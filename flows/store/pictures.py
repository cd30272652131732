"""What pictures are drawn from: how far journeys reached, where customers stood, what stayed."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    Connection,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.expression import Select

from flows.store.counts import outcome_at
from flows.store.heard import heard
from flows.store.models import (
    Customer,
    Enrollment,
    PhaseChange,
    QuadrantChange,
    Response,
    Run,
    Send,
)
from flows.store.session import frame
from segments.names import Arm, ResponseKind

_ARRIVED = (
    ResponseKind.DELIVERED.value,
    ResponseKind.OPEN.value,
    ResponseKind.CLICK.value,
    ResponseKind.REPLY.value,
)
_ANSWERED = (ResponseKind.REPLY.value, ResponseKind.CLICK.value, ResponseKind.NPS.value)
_STAGES = ("entered", "due", "sent", "delivered", "answered", "goal")


def funnel_counts(connection: Connection, now: datetime) -> pd.DataFrame:
    """journey, stage, arm, number: how many enrollments had come how far by `now`.

    Stages are entered, due (a first send or ghost), sent, delivered, answered (replied, clicked or
    gave a score) and goal; nothing is sent to those held out.
    """
    sends = (
        select(
            Send.enrollment_id,
            func.max(case((Send.handed_over_at <= now, 1), else_=0)).label("sent"),
            func.max(case((Response.kind.in_(_ARRIVED), 1), else_=0)).label("delivered"),
            func.max(case((Response.kind.in_(_ANSWERED), 1), else_=0)).label("answered"),
        )
        .outerjoin(Response, and_(Response.send_id == Send.id, heard(now)))
        .where(Send.decided_at <= now)
        .group_by(Send.enrollment_id)
        .subquery("sends")
    )
    reached = {
        "entered": literal(1),
        "due": case((Enrollment.first_touch_at <= now, 1), else_=0),
        "sent": func.coalesce(sends.c.sent, 0),
        "delivered": func.coalesce(sends.c.delivered, 0),
        "answered": func.coalesce(sends.c.answered, 0),
        "goal": case((Enrollment.goal_at <= now, 1), else_=0),
    }
    added = [_number(func.sum(one)).label(stage) for stage, one in reached.items()]
    statement = (
        select(Enrollment.journey, Enrollment.arm, *added)
        .outerjoin(sends, sends.c.enrollment_id == Enrollment.id)
        .where(Enrollment.entered_at <= now)
        .group_by(Enrollment.journey, Enrollment.arm)
    )
    wide = frame(connection, statement)
    long = wide.melt(["journey", "arm"], list(_STAGES), "stage", "number")
    long = long[
        ~(
            long["stage"].isin(("sent", "delivered", "answered"))
            & (long["arm"] == Arm.HELD_OUT.value)
        )
    ]
    return long.sort_values(["journey", "arm"], kind="stable", ignore_index=True)


def unsent_counts(
    connection: Connection, since: datetime, now: datetime, journey: str | None = None
) -> pd.DataFrame:
    """outcome, reason, number of the messages decided from `since` to `now`."""
    rows = select(outcome_at(now).label("outcome"), Send.reason).where(
        Send.decided_at.between(since, now), *([Send.journey == journey] if journey else [])
    )
    return frame(connection, _counted(rows))


def quadrant_counts(connection: Connection, now: datetime) -> pd.DataFrame:
    """quadrant, number: where customers stood in the matrix at `now`."""
    first_later = (
        select(
            QuadrantChange.customer_id,
            QuadrantChange.before,
            func.row_number()
            .over(partition_by=QuadrantChange.customer_id, order_by=QuadrantChange.at)
            .label("place"),
        )
        .where(QuadrantChange.at > now)
        .subquery("later")
    )
    undone = select(first_later).where(first_later.c.place == 1).subquery("undone")
    stood = case((undone.c.place == 1, undone.c.before), else_=Customer.quadrant)
    rows = (
        select(stood.label("quadrant"))
        .select_from(Customer)
        .outerjoin(undone, undone.c.customer_id == Customer.id)
        .where(stood.is_not(None), _known_at(now))
    )
    return frame(connection, _counted(rows))


def quadrant_moves(connection: Connection, since: datetime, now: datetime) -> pd.DataFrame:
    """before, after, number of the moves between fields after `since`, up to `now`."""
    rows = select(QuadrantChange.before, QuadrantChange.after).where(
        QuadrantChange.at > since, QuadrantChange.at <= now
    )
    return frame(connection, _counted(rows))


def phase_counts(connection: Connection, now: datetime) -> pd.DataFrame:
    """at, phase, number: how many customers were in each phase after each plan up to `now`.

    A customer counts from the first plan that could know them: the one that put them into the
    phase they never left, or for those who moved since, the first after they became a customer.
    """
    begun = connection.scalar(select(func.min(Run.as_of)).where(Run.kind == "plan"))
    if begun is None or begun > now:
        return pd.DataFrame(
            {
                "at": pd.Series(dtype="datetime64[us, UTC]"),
                "phase": pd.Series(dtype="str"),
                "number": pd.Series(dtype="int64"),
            }
        )
    changes = frame(
        connection,
        _counted(
            select(PhaseChange.at, PhaseChange.before, PhaseChange.after).where(
                PhaseChange.at <= now
            )
        ),
    )
    came = pd.concat(_arrivals(connection, begun, now), ignore_index=True)
    left = changes[["at", "before", "number"]].rename(columns={"before": "phase"})
    joined = changes[["at", "after", "number"]].rename(columns={"after": "phase"})
    moved = pd.concat([came, left.assign(number=-left["number"]), joined], ignore_index=True)
    steps = moved.pivot_table(
        index="at", columns="phase", values="number", aggfunc="sum", fill_value=0
    )
    standing = steps.sort_index().cumsum()
    if standing.index[-1] < pd.Timestamp(now):
        standing.loc[pd.Timestamp(now)] = standing.iloc[-1]
    return standing.rename_axis(index="at").reset_index().melt("at", value_name="number")


def begun_measuring(connection: Connection, now: datetime) -> pd.DataFrame:
    """journey, first_touch_at: when each journey first reached anybody."""
    touch = Enrollment.first_touch_at
    return frame(
        connection,
        select(Enrollment.journey, func.min(touch).label("first_touch_at"))
        .where(touch <= now)
        .group_by(Enrollment.journey),
    )


def _arrivals(connection: Connection, begun: datetime, now: datetime) -> list[pd.DataFrame]:
    """at, phase, number: when customers were first seen, and in which phase that was.

    Those who never moved stand where they were first seen, since `phase_since`. Those who moved
    stood where their first move began.
    """
    first = select(
        PhaseChange.customer_id,
        PhaseChange.before,
        func.row_number()
        .over(partition_by=PhaseChange.customer_id, order_by=PhaseChange.at)
        .label("place"),
    ).subquery("moves")
    moves = select(first).where(first.c.place == 1).subquery("first_moves")
    stayed = (
        select(Customer.phase_since.label("at"), Customer.phase)
        .outerjoin(moves, moves.c.customer_id == Customer.id)
        .where(moves.c.customer_id.is_(None), Customer.phase_since <= now)
    )
    since = case(
        (Customer.since > begun, Customer.since), else_=literal(begun, Customer.since.type)
    )
    moved = (
        select(since.label("at"), moves.c.before.label("phase"))
        .select_from(moves.join(Customer, Customer.id == moves.c.customer_id))
        .where(or_(Customer.since.is_(None), Customer.since <= now))
    )
    return [frame(connection, _counted(rows)) for rows in (stayed, moved)]


def _known_at(now: datetime) -> Any:
    """Whether a customer was one by then."""
    return or_(Customer.since.is_(None), Customer.since <= now)


def _counted(rows: Select[Any]) -> Select[Any]:
    inner = rows.subquery()
    return select(*inner.c, _number(func.count()).label("number")).group_by(*inner.c)


def _number(counted: Any) -> Any:
    """PostgreSQL adds up integers as decimals; a count is an integer."""
    return cast(counted, BigInteger)

"""Who must not get what is due after all: found before claiming, taken out of the queue."""

from collections.abc import Collection
from datetime import datetime

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from flows.store.bulk import update_rows
from flows.store.machine import stands
from flows.store.models import Contact, Customer, Run, Send
from flows.store.session import frame
from segments.names import EnrollmentStatus, LeaveReason, Outcome, Review, SkipReason

_MOVING = ["status", "reason", "left_at", "goal_at"]


def due_enrollments(
    connection: Connection, now: datetime, journeys: Collection[str]
) -> pd.DataFrame:
    """Enrollments of these journeys with a message to go now that was decided before `now`.

    enrollment_id, customer_id.
    """
    statement = (
        select(Send.enrollment_id, Send.customer_id)
        .where(*_due(now), Send.journey.in_(sorted(journeys)))
        .distinct()
    )
    return frame(connection, statement)


def due_kinds(connection: Connection, now: datetime) -> pd.DataFrame:
    """What says when messages may arrive that are to go now: each kind there is, once.

    purpose, zone, country, state.
    """
    return frame(connection, _kinds(now).distinct())


def due_sends(connection: Connection, now: datetime, after: int, limit: int) -> pd.DataFrame:
    """Messages to go now that were decided before `now`: so many with a number above `after`.

    id, purpose, zone, country, state.
    """
    statement = _kinds(now).add_columns(Send.id).where(Send.id > after)
    return frame(connection, statement.order_by(Send.id).limit(limit))


def postpone(connection: Connection, sends: pd.DataFrame) -> int:
    """Give messages in the queue (id) a later moment (not_before). How many there are."""
    update_rows(connection, "send", sends[["id", "not_before"]])
    return len(sends)


def changed_since_plan(connection: Connection) -> bool:
    """Whether data or answers came in after the last plan that went well."""
    planned = (
        select(func.max(Run.id)).where(Run.kind == "plan", Run.failed.is_(None)).scalar_subquery()
    )
    later = exists().where(Run.kind.in_(["pull", "respond"]), Run.id > planned)
    return bool(connection.scalar(select(later)))


def take_out(connection: Connection, left: pd.DataFrame) -> dict[SkipReason, int]:
    """Write who left, and cancel what they have in the queue. How many messages, by reason.

    `left` holds enrollments as they are to be; those that had come to their end before stay there.
    """
    under_way = left[left["was"] == EnrollmentStatus.ACTIVE.value]
    update_rows(connection, "enrollment", _numbered(under_way)[["id", *_MOVING]])
    reached = left[left["goal_at"].notna() & (left["was"] != EnrollmentStatus.ACTIVE.value)]
    update_rows(connection, "enrollment", _numbered(reached)[["id", "goal_at"]])
    queued = frame(
        connection,
        # Locked, so that a sender at work has taken them before or does not take them any more.
        select(Send.id, Send.enrollment_id)
        .where(
            stands(Outcome.QUEUED),
            Send.customer_id.between(
                int(left["customer_id"].min()), int(left["customer_id"].max())
            ),
        )
        .with_for_update(),
    ).merge(left[["enrollment_id", "reason"]], on="enrollment_id")
    reasons = queued["reason"].map(_REASONS)
    gone = queued[["id"]].assign(outcome=Outcome.CANCELLED.value, reason=reasons)
    update_rows(connection, "send", gone)
    return {SkipReason(str(word)): int(n) for word, n in reasons.value_counts().items()}


_REASONS = {reason.value: SkipReason.EXITED.value for reason in LeaveReason} | {
    LeaveReason.GOAL.value: SkipReason.GOAL_REACHED.value,
    LeaveReason.ORDER_RETURNED.value: SkipReason.ORDER_RETURNED.value,
}


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        stands(Outcome.QUEUED),
        Send.not_before <= now,
        Send.decided_at < now,
        or_(Send.review.is_(None), Send.review != Review.PENDING),
    )


def _kinds(now: datetime) -> Select[tuple[str, str | None, str | None, str | None]]:
    return (
        select(Send.purpose, Contact.zone, Customer.country, Customer.state)
        .join(Customer, Customer.id == Send.customer_id)
        .outerjoin(Contact, Contact.id == Send.contact_id)
        .where(*_due(now))
    )


def _numbered(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.rename(columns={"enrollment_id": "id"})

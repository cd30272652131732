"""Where journeys stand: all of them in one table, and one of them node by node."""

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, case, func, or_, select

from flows.store.counts import outcome_at
from flows.store.models import Enrollment, Send, Task
from flows.store.session import frame
from segments.names import Arm, Outcome, Review

WAITING = (Outcome.QUEUED, Outcome.DEFERRED)
GONE = (
    Outcome.CLAIMED,
    Outcome.ACCEPTED,
    Outcome.DELIVERED,
    Outcome.BOUNCED,
    Outcome.IN_DOUBT,
)
"""Outcomes of messages that left, or may have."""


def journeys(connection: Connection, now: datetime) -> pd.DataFrame:
    """One row a journey anybody ever entered, as of `now`, in order of its name.

    journey, entered, standing (under way), treated, goals (of the treated, reached by `now`),
    waiting (sends queued or put off), review (of those, waiting for approval), sent, ghosts.
    """
    under_way = or_(Enrollment.left_at.is_(None), Enrollment.left_at > now)
    treated = Enrollment.arm == Arm.TREATED
    people = frame(
        connection,
        select(
            Enrollment.journey,
            func.count().label("entered"),
            func.sum(case((under_way, 1), else_=0)).label("standing"),
            func.sum(case((treated, 1), else_=0)).label("treated"),
            func.sum(case((treated & (Enrollment.goal_at <= now), 1), else_=0)).label("goals"),
        )
        .where(Enrollment.entered_at <= now)
        .group_by(Enrollment.journey),
    )
    outcome = outcome_at(now)
    pending = Send.review == Review.PENDING
    sends = frame(
        connection,
        select(
            Send.journey,
            func.sum(case((outcome.in_(WAITING), 1), else_=0)).label("waiting"),
            func.sum(case((outcome.in_(WAITING) & pending, 1), else_=0)).label("review"),
            func.sum(case((outcome.in_(GONE), 1), else_=0)).label("sent"),
            func.sum(case((outcome == Outcome.GHOST, 1), else_=0)).label("ghosts"),
        )
        .where(Send.decided_at <= now)
        .group_by(Send.journey),
    )
    both = people.merge(sends, on="journey", how="left")
    numbers = [name for name in both.columns if name != "journey"]
    both[numbers] = both[numbers].fillna(0).astype("int64")
    return both.sort_values("journey", ignore_index=True)


def nodes(connection: Connection, journey: str, now: datetime) -> pd.DataFrame:
    """One row a version and node of a journey as of `now` where anything stands or happened.

    version, node, standing, waiting, sent, ghosts, held_back, tasks.
    """
    standing = frame(
        connection,
        select(Enrollment.version, Enrollment.node, func.count().label("standing"))
        .where(
            Enrollment.journey == journey,
            Enrollment.entered_at <= now,
            or_(Enrollment.left_at.is_(None), Enrollment.left_at > now),
        )
        .group_by(Enrollment.version, Enrollment.node),
    )
    outcome = outcome_at(now)
    sums = {
        "waiting": outcome.in_(WAITING),
        "sent": outcome.in_(GONE),
        "ghosts": outcome == Outcome.GHOST,
        "held_back": outcome == Outcome.SKIPPED,
    }
    sends = frame(
        connection,
        select(
            Send.version,
            Send.step.label("node"),
            *(func.sum(case((what, 1), else_=0)).label(name) for name, what in sums.items()),
        )
        .where(Send.journey == journey, Send.decided_at <= now)
        .group_by(Send.version, Send.step),
    )
    tasks = frame(
        connection,
        select(Enrollment.version, Task.step.label("node"), func.count().label("tasks"))
        .join(Task, Task.enrollment_id == Enrollment.id)
        .where(Enrollment.journey == journey, Enrollment.entered_at <= now)
        .group_by(Enrollment.version, Task.step),
    )
    found = standing
    for more in (sends, tasks):
        found = found.merge(more, on=["version", "node"], how="outer")
    numbers = ["standing", *sums, "tasks"]
    found[numbers] = found[numbers].fillna(0).astype("int64")
    return found.sort_values(["version", "node"], ignore_index=True)

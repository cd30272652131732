"""Messages of journeys in review: they are decided like any, and wait for somebody to say yes."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, case, func, insert, select, update

from flows.store.machine import stands
from flows.store.models import Approval, Enrollment, Run, Send
from flows.store.session import frame
from segments.names import JourneyStatus, Outcome, Review, SkipReason

_PENDING = (stands(Outcome.QUEUED), Send.review == Review.PENDING)


def waiting(connection: Connection) -> pd.DataFrame:
    """What waits for approval: journey, run_id, as_of, messages, customers, valid_until.

    One row a journey and run; `valid_until` is when the first of them becomes stale.
    """
    statement = (
        select(
            Send.journey,
            Send.run_id,
            Run.as_of,
            func.count().label("messages"),
            func.count(Send.customer_id.distinct()).label("customers"),
            func.min(Send.valid_until).label("valid_until"),
        )
        .join(Run, Run.id == Send.run_id)
        .where(*_PENDING)
        .group_by(Send.journey, Send.run_id, Run.as_of)
    )
    return frame(connection, statement).sort_values(["journey", "run_id"], ignore_index=True)


def reasons(connection: Connection) -> pd.DataFrame:
    """Why what waits is to go: journey, message, step, basis, phase, quadrant, number, first.

    One row for each kind; `first` is the number of one of these sends. Phase and quadrant are
    those of the customer when they entered.
    """
    kinds = (
        Send.journey,
        Send.message,
        Send.step,
        Send.basis,
        Enrollment.phase,
        Enrollment.quadrant,
    )
    statement = (
        select(*kinds, func.count().label("number"), func.min(Send.id).label("first"))
        .join(Enrollment, Enrollment.id == Send.enrollment_id)
        .where(*_PENDING)
        .group_by(*kinds)
    )
    return frame(connection, statement).sort_values(
        ["journey", "number", "first"], ascending=[True, False, True], ignore_index=True
    )


@dataclass(frozen=True)
class Decided:
    """Who decides, when, and what they say about it."""

    by: str
    at: datetime
    note: str | None = None


def approve(
    connection: Connection, who: Decided, *, journey: str | None = None, run_id: int | None = None
) -> int:
    """Let the messages of a journey, of a run, or of a journey in a run go. How many they are."""
    return _decide(connection, Review.APPROVED, who, _which(journey, run_id), {})


def reject(
    connection: Connection, who: Decided, *, journey: str | None = None, run_id: int | None = None
) -> int:
    """Withdraw them for good. How many they are."""
    gone = {"outcome": Outcome.CANCELLED, "reason": SkipReason.NOT_APPROVED}
    return _decide(connection, Review.REJECTED, who, _which(journey, run_id), gone)


def _decide(
    connection: Connection,
    decision: Review,
    who: Decided,
    which: list[ColumnElement[bool]],
    more: Mapping[str, Any],
) -> int:
    """Decide, and keep who did. What two decide at once is decided by the first."""
    done = connection.execute(
        update(Send)
        .where(*_PENDING, *which)
        .values(review=decision, **more)
        .returning(Send.journey, Send.run_id)
    )
    found = Counter((row.journey, row.run_id) for row in done)
    if found:
        rows = [
            {
                "journey": journey,
                "run_id": run_id,
                "decision": decision,
                "messages": number,
                "decided_at": who.at,
                "decided_by": who.by,
                "note": who.note,
            }
            for (journey, run_id), number in sorted(found.items())
        ]
        connection.execute(insert(Approval), rows)
    return found.total()


def decisions(
    connection: Connection, since: datetime | None = None, limit: int | None = None
) -> pd.DataFrame:
    """What was decided, the latest first: journey, run_id, decision, messages, decided_at, ...

    ... decided_by, note.
    """
    columns = [
        Approval.journey,
        Approval.run_id,
        Approval.decision,
        Approval.messages,
        Approval.decided_at,
        Approval.decided_by,
        Approval.note,
    ]
    statement = select(*columns).order_by(Approval.decided_at.desc(), Approval.id.desc())
    if since is not None:
        statement = statement.where(Approval.decided_at >= since)
    return frame(connection, statement.limit(limit))


def release(connection: Connection, live: Collection[str]) -> int:
    """Nothing waits for approval any more where the journey has gone live. How many they are."""
    statement = update(Send).where(*_PENDING, Send.journey.in_(sorted(live)))
    return connection.execute(statement.values(review=None)).rowcount


def changes(connection: Connection, statuses: Mapping[str, JourneyStatus]) -> list[str]:
    """What the statuses of today do to messages that are queued already, a sentence each.

    `statuses` names every journey there is; one that is gone counts as paused.
    """
    pending = func.sum(case((Send.review == Review.PENDING, 1), else_=0))
    queued = connection.execute(
        select(Send.journey, func.count(), pending)
        .where(stands(Outcome.QUEUED))
        .group_by(Send.journey)
        .order_by(Send.journey)
    )
    told = []
    for journey, number, held in queued:
        status = statuses.get(journey)
        if status == JourneyStatus.LIVE and held:
            told.append(
                f"{journey}: {_messages(held, 'waits', 'wait')} for approval; the journey is live "
                "now, so the next delivery sends them without it"
            )
        elif status == JourneyStatus.REVIEW and held < number:
            told.append(
                f"{journey}: {_messages(number - held, 'was', 'were')} queued or approved before; "
                "the next delivery sends them"
            )
        elif status not in (JourneyStatus.LIVE, JourneyStatus.REVIEW):
            state = f"is {status} now" if status else "is gone"
            told.append(
                f"{journey}: {_messages(number, 'is', 'are')} queued; the journey {state}, so the "
                "next delivery cancels them"
            )
    return told


def _which(journey: str | None, run_id: int | None) -> list[ColumnElement[bool]]:
    if journey is None and run_id is None:
        raise ValueError("say which: a journey, a run, or both")
    return [
        *([] if journey is None else [Send.journey == journey]),
        *([] if run_id is None else [Send.run_id == run_id]),
    ]


def _messages(number: int, one: str, more: str) -> str:
    return f"1 message {one}" if number == 1 else f"{number} messages {more}"

"""Who is next: sends that are due and that nothing speaks against, the most important first."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, true

from flows.store.machine import stands
from flows.store.models import Base
from flows.store.sets import among
from flows.store.stops import NO_TIME, hold_back_these, speaking_against
from segments.names import Outcome, Review, SkipReason

_send = Base.metadata.tables["send"]
_contact = Base.metadata.tables["contact"]


@dataclass(frozen=True)
class Foremost:
    """The next sends in line, locked, each with its outlet, in order; and what was held back."""

    sends: dict[int, str] = field(default_factory=dict)
    held_back: Counter[SkipReason] = field(default_factory=Counter)


def foremost(
    connection: Connection,
    now: datetime,
    limit: int,
    *,
    live: Collection[str],
    hold: timedelta = NO_TIME,
    ways: Mapping[str, str],
    passing_over: Collection[str] = (),
    resting: Collection[str] = (),
) -> Foremost:
    """Up to `limit` due sends, the most important first, locked until the transaction ends.

    `ways` names the outlet for each purpose that has a way out now; sends of other purposes stay
    queued, and so do those of messages in `passing_over`, of journeys in `resting`, and those that
    wait for approval. What must not go any more is taken out of the queue: `live` and `hold` are
    those of `stops.hold_back`. Nothing is claimed yet.
    """
    held_back: Counter[SkipReason] = Counter()
    may_go = and_(
        _due(now),
        _send.c.purpose.in_(sorted(ways)),
        _send.c.message.not_in(sorted(passing_over)) if passing_over else true(),
        _send.c.journey.not_in(sorted(resting)) if resting else true(),
    )
    while found := _next_in_line(connection, limit, may_go):
        # Asked once they are locked, so that whatever has been said until now is heard.
        stopped = speaking_against(connection, found.keys(), now, live, hold)
        held_back += hold_back_these(connection, stopped)
        free = {number: ways[purpose] for number, purpose in found.items() if number not in stopped}
        if free:
            return Foremost(free, held_back)
    return Foremost({}, held_back)


def domains(connection: Connection, send_ids: Collection[int]) -> dict[int, str]:
    """The domain each send goes to, in lower case; those without an address are left out."""
    statement = (
        select(_send.c.id, _contact.c.email)
        .join_from(_send, _contact, _contact.c.id == _send.c.contact_id)
        .where(among(connection, _send.c.id, send_ids), _contact.c.email.is_not(None))
    )
    return {
        number: email.strip().lower().rpartition("@")[2]
        for number, email in connection.execute(statement)
    }


def waiting(connection: Connection, now: datetime) -> int:
    """How many sends are due and in the queue."""
    return int(connection.execute(select(func.count()).where(_due(now))).scalar_one())


def waiting_by_message(
    connection: Connection, now: datetime, messages: Collection[str]
) -> dict[str, int]:
    """How many sends of these messages are due and in the queue."""
    statement = (
        select(_send.c.message, func.count())
        .where(_due(now), _send.c.message.in_(sorted(messages)))
        .group_by(_send.c.message)
    )
    return {message: int(count) for message, count in connection.execute(statement)}


def _due(now: datetime) -> ColumnElement[bool]:
    """In the queue, with nothing more to wait for: neither a moment nor somebody's yes."""
    return and_(
        stands(Outcome.QUEUED),
        _send.c.not_before <= now,
        or_(_send.c.review.is_(None), _send.c.review != Review.PENDING),
    )


def _next_in_line(
    connection: Connection, limit: int, may_go: ColumnElement[bool]
) -> dict[int, str]:
    """The next sends in line, locked, each with its purpose.

    One priority after the other, as the index has them: what waits for later is never read.
    """
    found: dict[int, str] = {}
    lower = true()
    while len(found) < limit:
        highest = select(func.max(_send.c.priority)).where(stands(Outcome.QUEUED), lower)
        priority = connection.scalar(highest)
        if priority is None:
            break
        lower = _send.c.priority < priority
        rows = connection.execute(
            select(_send.c.id, _send.c.purpose)
            .where(may_go, _send.c.priority == priority)
            .order_by(_send.c.not_before, _send.c.id)
            .limit(limit - len(found))
            .with_for_update(skip_locked=True)
        )
        found |= {number: purpose for number, purpose in rows}  # noqa: C416
    return found

"""What took the customers' attention lately: our messages, ghosts included, and colleagues."""

from datetime import datetime

import pandas as pd
from sqlalchemy import BigInteger, Connection, String, case, cast, literal, null, or_, select
from sqlalchemy import union_all as one_after_the_other
from sqlalchemy.sql.expression import Select

from flows.store.models import Interaction, Send
from flows.store.session import frame
from segments.names import Direction, Outcome
from segments.state import FRAMES, Specs

NOT_SENT = (
    Outcome.DEFERRED,
    Outcome.SKIPPED,
    Outcome.EXPIRED,
    Outcome.CANCELLED,
    Outcome.RENDER_FAILED,
    Outcome.REJECTED,
)
"""Outcomes of sends that took nobody's attention."""

_COLUMNS = FRAMES["touches"]


def touches(
    connection: Connection, specs: Specs, now: datetime, first: int, last: int
) -> pd.DataFrame:
    """As far back as the policy counts; what is planned for later than `now` counts as well."""
    policy = specs.policy.attention
    since = now - policy.memory
    parts = [_messages(since, now, first, last)]
    if policy.touches:
        channels = sorted(policy.touches)
        parts.append(_talks(since, now, first, last).where(Interaction.channel.in_(channels)))
    rows = one_after_the_other(*parts).subquery()
    return frame(connection, select(rows))[list(_COLUMNS)].astype(_COLUMNS)


def _messages(since: datetime, now: datetime, first: int, last: int) -> Select[tuple[object, ...]]:
    planned = case((Send.not_before > Send.decided_at, Send.not_before), else_=Send.decided_at)
    at = case((Send.handed_over_at <= now, Send.handed_over_at), else_=planned)
    return select(
        Send.customer_id,
        at.label("at"),
        cast(Send.purpose, String).label("purpose"),
        Send.journey,
        Send.enrollment_id,
        Send.step.label("node"),
        Send.message,
    ).where(
        Send.customer_id.between(first, last),
        Send.decided_at <= now,
        at >= since,
        Send.outcome.not_in(NOT_SENT),
    )


def _talks(since: datetime, now: datetime, first: int, last: int) -> Select[tuple[object, ...]]:
    """What we did; who calls us is not called upon."""
    return select(
        Interaction.customer_id,
        Interaction.at,
        *(literal("", String).label(name) for name in ("purpose", "journey")),
        cast(null(), BigInteger).label("enrollment_id"),
        *(literal("", String).label(name) for name in ("node", "message")),
    ).where(
        Interaction.customer_id.between(first, last),
        Interaction.at.between(since, now),
        or_(Interaction.direction.is_(None), Interaction.direction != Direction.IN),
    )

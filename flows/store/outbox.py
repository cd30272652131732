"""The outbox: which sends may go, who took them, and what became of them."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base
from flows.store.session import writing
from flows.store.stops import NO_TIME, hold_back_these, move, origins, stop_reason
from segments.names import Outcome, Review, SkipReason

_send = Base.metadata.tables["send"]
_versions = Base.metadata.tables["template_version"]


@dataclass(frozen=True)
class Claim:
    """Sends that are ours to hand over, and what was held back on the way to them."""

    send_ids: list[int]
    held_back: Counter[SkipReason]


@dataclass(frozen=True)
class Preparation:
    """What a message is made of, kept before it is handed over."""

    send_id: int
    message: str
    locale: str
    template_version: str
    sources: bytes
    context: str


@dataclass(frozen=True)
class Result:
    """What became of a send that was claimed."""

    send_id: int
    outcome: Outcome
    provider_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class SendRecord:
    """A send with all that is needed to show its message again."""

    id: int
    customer_id: int
    contact_id: int | None
    journey: str
    version: str
    step: str
    message: str
    purpose: str
    basis: str | None
    outcome: str
    reason: str | None
    due_at: datetime
    decided_at: datetime
    claimed_at: datetime | None
    handed_over_at: datetime | None
    locale: str | None
    template_version: str | None
    sources: bytes | None
    context: str | None
    provider_id: str | None
    detail: str | None


@contextmanager
def side_by_side(engine: Engine) -> Iterator[Connection]:
    """A write transaction beside others: row locks on PostgreSQL, one at a time on SQLite."""
    if engine.dialect.name == "sqlite":
        with writing(engine) as connection:
            yield connection
    else:
        with engine.begin() as connection:
            yield connection


def claim(
    connection: Connection,
    now: datetime,
    request_id: str,
    limit: int,
    *,
    live: Collection[str],
    hold: timedelta = NO_TIME,
    passing_over: Collection[str] = (),
) -> Claim:
    """Make up to `limit` due sends ours, the most important first; stops are checked once more.

    Run it inside `side_by_side`. Messages named in `passing_over` stay queued, and so do those
    that wait for approval. `live` and `hold` are those of `stops.hold_back`.
    """
    held_back: Counter[SkipReason] = Counter()
    stop = stop_reason(now, live, hold)
    while foremost := _foremost(connection, now, limit, stop, passing_over):
        stopped = {send_id: reason for send_id, reason in foremost.items() if reason}
        held_back += hold_back_these(connection, stopped)
        free = [send_id for send_id in foremost if send_id not in stopped]
        if free:
            connection.execute(
                move(Outcome.CLAIMED)
                .where(_send.c.id.in_(free))
                .values(request_id=request_id, claimed_at=now)
            )
            return Claim(free, held_back)
    return Claim([], held_back)


def waiting(connection: Connection, now: datetime) -> int:
    """How many sends are due and in the queue."""
    statement = select(func.count()).where(_due(now))
    return int(connection.execute(statement).scalar_one())


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


def prepare(connection: Connection, prepared: Sequence[Preparation]) -> None:
    """Keep what the messages are made of. Commit it before handing anything over."""
    if not prepared:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    bundles = {
        each.template_version: {
            "version": each.template_version,
            "message": each.message,
            "locale": each.locale,
            "sources": each.sources,
        }
        for each in prepared
    }
    connection.execute(
        insert(_versions).on_conflict_do_nothing(index_elements=[_versions.c.version]),
        [bundles[version] for version in sorted(bundles)],
    )
    connection.execute(
        update(_send)
        .where(_send.c.id == bindparam("send"), _send.c.outcome == Outcome.CLAIMED)
        .values(
            locale=bindparam("its_locale"),
            template_version=bindparam("its_version"),
            context=bindparam("its_context"),
        ),
        [
            {
                "send": each.send_id,
                "its_locale": each.locale,
                "its_version": each.template_version,
                "its_context": each.context,
            }
            for each in prepared
        ],
    )


def record(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Note what became of claimed sends; an event that already told more is left standing."""
    by_outcome: dict[Outcome, list[Result]] = {}
    for result in results:
        by_outcome.setdefault(result.outcome, []).append(result)
    for outcome, group in by_outcome.items():
        handed_over = outcome in (Outcome.ACCEPTED, Outcome.IN_DOUBT)
        statement = (
            update(_send)
            .where(_send.c.id == bindparam("send"), _send.c.outcome != Outcome.QUEUED)
            .values(
                outcome=case(
                    (
                        or_(*(_send.c.outcome == origin for origin in origins(outcome))),
                        literal(outcome, _send.c.outcome.type),
                    ),
                    else_=_send.c.outcome,
                ),
                provider_id=func.coalesce(bindparam("its_id"), _send.c.provider_id),
                detail=func.coalesce(bindparam("its_detail"), _send.c.detail),
            )
        )
        if handed_over:
            statement = statement.values(handed_over_at=func.coalesce(_send.c.handed_over_at, now))
        if outcome == Outcome.RENDER_FAILED:
            statement = statement.values(reason=SkipReason.TEMPLATE_ERROR)
        connection.execute(
            statement,
            [
                {"send": each.send_id, "its_id": each.provider_id, "its_detail": each.detail}
                for each in group
            ],
        )


def put_back(connection: Connection, send_ids: Sequence[int], request_id: str) -> int:
    """Return claimed sends to the queue. Only for messages that were certainly not handed over."""
    if not send_ids:
        return 0
    statement = (
        move(Outcome.QUEUED)
        .where(_send.c.id.in_(send_ids), _send.c.request_id == request_id)
        .values(request_id=None, claimed_at=None)
    )
    return connection.execute(statement).rowcount


def stale_claims(connection: Connection, before: datetime) -> int:
    """Claims older than `before` were left by a process that died: nobody knows, so in doubt."""
    statement = (
        move(Outcome.IN_DOUBT)
        .where(_send.c.outcome == Outcome.CLAIMED, _send.c.claimed_at < before)
        .values(
            handed_over_at=_send.c.claimed_at,
            detail="the process that took this send ended before it noted what became of it",
        )
    )
    return connection.execute(statement).rowcount


def load_send(connection: Connection, send_id: int) -> SendRecord | None:
    """One send with its template sources and context, or nothing."""
    columns = [
        _versions.c.sources if name == "sources" else _send.c[name]
        for name in SendRecord.__dataclass_fields__
    ]
    statement = (
        select(*columns)
        .outerjoin_from(_send, _versions, _send.c.template_version == _versions.c.version)
        .where(_send.c.id == send_id)
    )
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else SendRecord(**row)


def _due(now: datetime) -> ColumnElement[bool]:
    """In the queue, with nothing more to wait for: neither a moment nor somebody's yes."""
    return and_(
        _send.c.outcome == Outcome.QUEUED,
        _send.c.not_before <= now,
        or_(_send.c.review.is_(None), _send.c.review != Review.PENDING),
    )


def _foremost(
    connection: Connection,
    now: datetime,
    limit: int,
    stop: ColumnElement[str | None],
    passing_over: Collection[str],
) -> dict[int, SkipReason | None]:
    """The next sends in line, locked, each with what speaks against it.

    One priority after the other, as the index has them.
    """
    due = and_(_due(now), _send.c.message.not_in(sorted(passing_over)) if passing_over else true())
    found: dict[int, SkipReason | None] = {}
    priority: int | None = None
    while len(found) < limit:
        lower = _send.c.priority < priority if priority is not None else true()
        priority = connection.execute(
            select(_send.c.priority).where(due, lower).order_by(_send.c.priority.desc()).limit(1)
        ).scalar()
        if priority is None:
            break
        rows = connection.execute(
            select(_send.c.id, stop)
            .where(due, _send.c.priority == priority)
            .order_by(_send.c.not_before, _send.c.id)
            .limit(limit - len(found))
            .with_for_update(skip_locked=True)
        )
        found |= {send_id: SkipReason(reason) if reason else None for send_id, reason in rows}
    return found

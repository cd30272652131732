"""How many messages came back of how many that went, by journey and by way out."""

import math
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    and_,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    union_all,
)

from flows.store.machine import stands
from flows.store.models import Halt, Response, Send
from flows.store.types import Utc
from segments.names import HaltCause, Outcome, Purpose, ResponseKind, Review

# What nobody knows the fate of, and what the provider threw away, has reached nobody.
_WENT = (Outcome.ACCEPTED, Outcome.DELIVERED, Outcome.BOUNCED)


@dataclass(frozen=True, order=True)
class Scope:
    """What is counted by itself: the messages of a journey, or those of a way out."""

    journey: str = ""
    outlet: str = ""

    @property
    def where(self) -> dict[str, str | None]:
        """The scope as the store writes it down."""
        return {"journey": self.journey or None, "outlet": self.outlet or None}


@dataclass(frozen=True)
class Rate:
    """Of so many messages that went, so many came back."""

    scope: Scope
    hits: int
    of: int


@dataclass(frozen=True)
class Asked:
    """Whose rates are wanted, since when, and how high they have to be to be of interest.

    `share` is that height, and `of_at_least` the number of messages that have to have gone.
    """

    journeys: Collection[str]
    outlets: Collection[str]
    since: datetime
    share: float
    of_at_least: int


@dataclass(frozen=True)
class Waiting:
    """So many messages of a journey for a purpose are in the queue, and so many of them due."""

    journey: str
    purpose: Purpose
    queued: int
    due: int


def rates(connection: Connection, cause: HaltCause, asked: Asked, now: datetime) -> list[Rate]:
    """Where is the share of messages that bounced, or were complained about, of interest?

    Only scopes that reach it: most do not, and how many messages they sent need not be counted.
    A scope that stood still for this cause and was resumed counts what went since.
    """
    begins = _begins(connection, cause, asked)
    hits = _hits(connection, cause, asked, begins, now)
    fewest = asked.share * asked.of_at_least
    scopes = sorted(scope for scope, number in hits.items() if number and number >= fewest)
    if not scopes:
        return []
    counts = [
        _count(number, scope, asked, begins, hits[scope], now)
        for number, scope in enumerate(scopes)
    ]
    found = dict(connection.execute(union_all(*counts)).tuples().all())
    return [
        Rate(scope, hits[scope], found[number])
        for number, scope in enumerate(scopes)
        if found[number] >= asked.of_at_least and hits[scope] >= asked.share * found[number]
    ]


def waiting(connection: Connection, now: datetime) -> list[Waiting]:
    """How many messages are in the queue, but for those that wait for approval?"""
    due = func.sum(case((Send.not_before <= now, 1), else_=0))
    statement = (
        select(Send.journey, Send.purpose, func.count(), due)
        .where(
            stands(Outcome.QUEUED),
            or_(Send.review.is_(None), Send.review != Review.PENDING),
        )
        .group_by(Send.journey, Send.purpose)
        .order_by(Send.journey, Send.purpose)
    )
    return [
        Waiting(journey, Purpose(purpose), number, by_now)
        for journey, purpose, number, by_now in connection.execute(statement)
    ]


def _begins(connection: Connection, cause: HaltCause, asked: Asked) -> dict[Scope, datetime]:
    """From when on messages of a scope count, where that is later than for all others."""
    statement = (
        select(Halt.journey, Halt.outlet, func.max(Halt.ended_at))
        .where(Halt.cause == cause, Halt.ended_at > asked.since)
        .group_by(Halt.journey, Halt.outlet)
    )
    return {
        Scope(journey or "", outlet or ""): at
        for journey, outlet, at in connection.execute(statement)
    }


def _hits(
    connection: Connection,
    cause: HaltCause,
    asked: Asked,
    begins: Mapping[Scope, datetime],
    now: datetime,
) -> Counter[Scope]:
    """How many messages of each scope came back."""
    sends = (_bounced if cause == HaltCause.BOUNCES else _complained)(asked, now).subquery()
    journeys = {each.journey: at for each, at in begins.items() if each.journey}
    outlets = {each.outlet: at for each, at in begins.items() if each.outlet}
    rows = connection.execute(
        select(
            sends.c.journey,
            sends.c.outlet,
            func.sum(_after(sends.c.handed_over_at, sends.c.journey, journeys)),
            func.sum(_after(sends.c.handed_over_at, sends.c.outlet, outlets)),
        ).group_by(sends.c.journey, sends.c.outlet)
    )
    found: Counter[Scope] = Counter()
    for journey, outlet, of_journey, of_outlet in rows:
        if journey in asked.journeys and outlet in asked.outlets:
            found[Scope(journey=journey)] += of_journey
            found[Scope(outlet=outlet)] += of_outlet
    return found


def _bounced(asked: Asked, now: datetime) -> Select[Any]:
    return select(Send.journey, Send.outlet, Send.handed_over_at).where(
        Send.journey.in_(sorted(asked.journeys)),
        Send.outlet.in_(sorted(asked.outlets)),
        Send.outcome == Outcome.BOUNCED,
        Send.handed_over_at > asked.since,
        Send.handed_over_at <= now,
    )


def _complained(asked: Asked, now: datetime) -> Select[Any]:
    # Written so that both databases find the small index of complaints only, and begin with it.
    complaint = Response.kind == literal_column(f"'{ResponseKind.COMPLAINT.value}'", String())
    return (
        select(Send.id, Send.journey, Send.outlet, Send.handed_over_at)
        .join(Response, Response.send_id == Send.id)
        .where(
            complaint,
            Response.at <= now,
            Send.handed_over_at > asked.since,
            Send.handed_over_at <= now,
        )
        .distinct()
    )


def _after(
    handed_over_at: ColumnElement[datetime],
    name: ColumnElement[str],
    begins: Mapping[str, datetime],
) -> ColumnElement[int]:
    """1 where a send counts: it went after its journey, or its way out, began to count anew."""
    if not begins:
        return literal(1)
    before = (
        and_(name == each, handed_over_at <= literal(at, Utc()))
        for each, at in sorted(begins.items())
    )
    return case(*((each, 0) for each in before), else_=1)


def _count(
    number: int,
    scope: Scope,
    asked: Asked,
    begins: Mapping[Scope, datetime],
    hits: int,
    now: datetime,
) -> Select[tuple[int, int]]:
    """How many messages of a scope went, counted no further than they are of interest."""
    went = select(literal(1)).where(
        Send.journey.in_([scope.journey] if scope.journey else sorted(asked.journeys)),
        Send.outlet.in_([scope.outlet] if scope.outlet else sorted(asked.outlets)),
        Send.outcome.in_(_WENT),
        Send.handed_over_at > begins.get(scope, asked.since),
        Send.handed_over_at <= now,
    )
    if asked.share:
        went = went.limit(math.floor(hits / asked.share) + 1)
    return select(literal(number), func.count()).select_from(went.subquery())

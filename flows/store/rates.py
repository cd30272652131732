"""How many messages came back of how many that went, by journey and by way out."""

import math
from collections import Counter
from collections.abc import Mapping, Set
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
    """Of so many messages that went after `since`, so many came back."""

    scope: Scope
    hits: int
    of: int
    since: datetime


@dataclass(frozen=True)
class Asked:
    """Whose rates are wanted, since when, and how high they have to be to be of interest.

    `share` is that height, and `of_at_least` the number of messages that have to have gone.
    """

    journeys: Set[str]
    outlets: Set[str]
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
    What went before its journey or its way out was resumed, after it stood still for this cause,
    does not count again.
    """
    resumed = _resumed(connection, cause, asked.since)
    hits = _hits(connection, cause, asked, resumed, now)
    fewest = asked.share * asked.of_at_least
    scopes = sorted(scope for scope, number in hits.items() if number >= fewest)
    if not scopes:
        return []
    counts = [
        _count(number, scope, hits[scope], asked, resumed, now)
        for number, scope in enumerate(scopes)
    ]
    found = dict(connection.execute(union_all(*counts)).tuples().all())
    return [
        Rate(scope, hits[scope], found[number], resumed.get(scope, asked.since))
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


def _resumed(connection: Connection, cause: HaltCause, since: datetime) -> dict[Scope, datetime]:
    """When scopes that stood still for this cause went on, the last time."""
    statement = (
        select(Halt.journey, Halt.outlet, func.max(Halt.ended_at))
        .where(Halt.cause == cause, Halt.ended_at > since)
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
    resumed: Mapping[Scope, datetime],
    now: datetime,
) -> Counter[Scope]:
    """How many messages of each scope came back."""
    sends = (_bounced if cause == HaltCause.BOUNCES else _complained)(asked, resumed, now)
    of = sends.subquery().c
    rows = connection.execute(
        select(of.journey, of.outlet, func.count()).group_by(of.journey, of.outlet)
    )
    found: Counter[Scope] = Counter()
    for journey, outlet, number in rows:
        if journey in asked.journeys and outlet in asked.outlets:
            found[Scope(journey=journey)] += number
            found[Scope(outlet=outlet)] += number
    return found


def _bounced(asked: Asked, resumed: Mapping[Scope, datetime], now: datetime) -> Select[Any]:
    return select(Send.journey, Send.outlet).where(
        Send.journey.in_(sorted(asked.journeys)),
        Send.outlet.in_(sorted(asked.outlets)),
        Send.outcome == Outcome.BOUNCED,
        *_counts(asked, resumed, now),
    )


def _complained(asked: Asked, resumed: Mapping[Scope, datetime], now: datetime) -> Select[Any]:
    # Written so that both databases find the small index of complaints only, and begin with it.
    complaint = Response.kind == literal_column(f"'{ResponseKind.COMPLAINT.value}'", String())
    return (
        select(Send.id, Send.journey, Send.outlet)
        .join(Response, Response.send_id == Send.id)
        .where(complaint, Response.at <= now, *_counts(asked, resumed, now))
        .distinct()
    )


def _counts(
    asked: Asked, resumed: Mapping[Scope, datetime], now: datetime
) -> list[ColumnElement[bool]]:
    """A message counts if it went in that time, and not before its journey or way out went on."""
    before = [
        and_(
            Send.journey == scope.journey if scope.journey else Send.outlet == scope.outlet,
            Send.handed_over_at <= at,
        )
        for scope, at in sorted(resumed.items())
    ]
    return [
        Send.handed_over_at > asked.since,
        Send.handed_over_at <= now,
        *(~each for each in before),
    ]


def _count(
    number: int,
    scope: Scope,
    hits: int,
    asked: Asked,
    resumed: Mapping[Scope, datetime],
    now: datetime,
) -> Select[tuple[int, int]]:
    """How many messages of a scope went, counted no further than they are of interest."""
    went = select(literal(1)).where(
        Send.journey.in_([scope.journey] if scope.journey else sorted(asked.journeys)),
        Send.outlet.in_([scope.outlet] if scope.outlet else sorted(asked.outlets)),
        Send.outcome.in_(_WENT),
        *_counts(asked, resumed, now),
    )
    if asked.share:
        went = went.limit(math.floor(hits / asked.share) + 1)
    return select(literal(number), func.count()).select_from(went.subquery())

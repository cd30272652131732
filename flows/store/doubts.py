"""Doubts: sends nobody knows the fate of, what is known about each, and how they were settled."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Connection,
    String,
    Text,
    exists,
    func,
    select,
    true,
    update,
)

from flows.store.machine import requeue, stands
from flows.store.models import Base
from flows.store.sets import Types, among, update_each
from segments.names import Outcome

_send = Base.metadata.tables["send"]
_contact = Base.metadata.tables["contact"]
_customer = Base.metadata.tables["customer"]
_doubt = Base.metadata.tables["doubt"]

_ENDS = frozenset({Outcome.ACCEPTED, Outcome.QUEUED, Outcome.IN_DOUBT})
_ANSWERED = "what came back told what became of it"
_NOTE: Types = {"its_send": BigInteger(), "its_known": Text()}
_BACK: Types = {"its_doubt": BigInteger(), "its_known": Text()}
_SETTLED: Types = {"its_send": BigInteger(), "its_outcome": String(30), "its_known": Text()}
_ACCEPTED: Types = {"its_id": BigInteger(), "its_number": String(200)}


@dataclass(frozen=True)
class DoubtFacts:
    """A send in doubt, with what it takes to ask about it; `composed` says it can be shown.

    `settled_as` is what it becomes as soon as its lease is over, where that is known already.
    """

    doubt_id: int
    send_id: int
    journey: str
    version: str
    message: str
    purpose: str
    outlet: str | None
    request_id: str | None
    batch_id: str | None
    send_at: datetime | None
    email: str | None
    claimed_at: datetime | None
    handed_over_at: datetime | None
    lease_until: datetime | None
    since: datetime
    why: str
    asked_at: datetime | None
    known: str | None
    settled_as: str | None
    composed: bool


def open_doubts(
    connection: Connection,
    now: datetime,
    *,
    limit: int,
    after_id: int = 0,
    send_id: int | None = None,
) -> list[DoubtFacts]:
    """Sends nobody has settled yet, the longest in doubt first; `after_id` is the last one's.

    With `send_id`, only that one.
    """
    facts = {
        "doubt_id": _doubt.c.id,
        "send_id": _send.c.id,
        "email": _contact.c.email,
        "composed": _send.c.template_version.is_not(None),
    }
    of_doubt = {"since", "why", "asked_at", "known", "settled_as"}
    columns = [
        (facts[name] if name in facts else (_doubt if name in of_doubt else _send).c[name]).label(
            name
        )
        for name in DoubtFacts.__dataclass_fields__
    ]
    statement = (
        select(*columns)
        .join_from(_doubt, _send, _send.c.id == _doubt.c.send_id)
        .outerjoin(_contact, _contact.c.id == _send.c.contact_id)
        .where(
            _doubt.c.settled_at.is_(None),
            _doubt.c.since <= now,
            _doubt.c.id > after_id,
            true() if send_id is None else _send.c.id == send_id,
            stands(Outcome.IN_DOUBT),
        )
        .order_by(_doubt.c.id)
        .limit(limit)
    )
    return [DoubtFacts(**row) for row in connection.execute(statement).mappings()]


def note(connection: Connection, known: Mapping[int, str], now: datetime) -> None:
    """Keep what was learnt about sends that stay in doubt for now."""
    update_each(
        connection,
        lambda fresh: (
            update(_doubt)
            .where(_doubt.c.send_id == fresh["its_send"], _doubt.c.settled_at.is_(None))
            .values(asked_at=now, known=fresh["its_known"])
        ),
        _NOTE,
        [{"its_send": number, "its_known": said} for number, said in known.items()],
    )


def bring_back(connection: Connection, known: Mapping[int, str], now: datetime) -> None:
    """Keep of doubts, by number, that their sends go again as soon as their leases are over."""
    update_each(
        connection,
        lambda fresh: (
            update(_doubt)
            .where(_doubt.c.id == fresh["its_doubt"], _doubt.c.settled_at.is_(None))
            .values(asked_at=now, known=fresh["its_known"], settled_as=Outcome.QUEUED)
        ),
        _BACK,
        [{"its_doubt": number, "its_known": said} for number, said in known.items()],
    )


def reopen(connection: Connection, send_id: int) -> bool:
    """Take up the doubt about a send that was given up, if it is in doubt at all."""
    in_doubt = exists().where(_send.c.id == _doubt.c.send_id, stands(Outcome.IN_DOUBT))
    last = select(func.max(_doubt.c.id)).where(_doubt.c.send_id == send_id).scalar_subquery()
    statement = update(_doubt).where(_doubt.c.id == last, in_doubt)
    return connection.execute(statement.values(settled_at=None, settled_as=None)).rowcount > 0


def settle(
    connection: Connection,
    outcomes: Mapping[int, Outcome],
    now: datetime,
    known: Mapping[int, str],
    *,
    provider_ids: Mapping[int, str] | None = None,
    doubt_ids: Collection[int] | None = None,
) -> Counter[Outcome]:
    """Close doubts: each send was ACCEPTED, goes back to the queue as QUEUED, or stays IN_DOUBT.

    `known` says why, `provider_ids` names the message at the provider. A send an event has told
    about meanwhile is closed as what it is by now. With `doubt_ids`, nothing happens to a send that
    has come to be in doubt anew since those were read. How many were closed, by outcome.
    """
    if strange := set(outcomes.values()) - _ENDS:
        raise ValueError(f"a doubt does not end as {', '.join(sorted(strange))}")
    standing = _locked(connection, outcomes, doubt_ids)
    ends = {
        number: outcomes[number] if stands_at == Outcome.IN_DOUBT else stands_at
        for number, stands_at in standing.items()
    }
    moving = [number for number, stands_at in standing.items() if stands_at == Outcome.IN_DOUBT]
    again = [number for number in moving if outcomes[number] == Outcome.QUEUED]
    connection.execute(requeue(Outcome.IN_DOUBT).where(among(connection, _send.c.id, again)))
    update_each(
        connection,
        lambda fresh: (
            update(_send)
            .where(_send.c.id == fresh["its_id"], stands(Outcome.IN_DOUBT))
            .values(
                outcome=Outcome.ACCEPTED,
                provider_id=func.coalesce(fresh["its_number"], _send.c.provider_id),
            )
        ),
        _ACCEPTED,
        [
            {"its_id": number, "its_number": (provider_ids or {}).get(number)}
            for number in moving
            if outcomes[number] == Outcome.ACCEPTED
        ],
    )
    update_each(
        connection,
        lambda fresh: (
            update(_doubt)
            .where(_doubt.c.send_id == fresh["its_send"], _doubt.c.settled_at.is_(None))
            .values(
                settled_at=now,
                settled_as=fresh["its_outcome"],
                known=func.coalesce(fresh["its_known"], _doubt.c.known),
            )
        ),
        _SETTLED,
        [
            {"its_send": number, "its_outcome": end, "its_known": known.get(number)}
            for number, end in ends.items()
        ],
    )
    return Counter(ends.values())


def close_answered(connection: Connection, now: datetime) -> int:
    """Close doubts about sends whose events have come in meanwhile. How many they are."""
    of_send = _send.c.id == _doubt.c.send_id
    outcome = select(_send.c.outcome).where(of_send).scalar_subquery()
    moved_on = exists().where(of_send, _send.c.outcome != Outcome.IN_DOUBT)
    statement = (
        update(_doubt)
        .where(_doubt.c.settled_at.is_(None), moved_on)
        .values(settled_at=now, settled_as=outcome, known=_ANSWERED)
    )
    return connection.execute(statement).rowcount


def _locked(
    connection: Connection, send_ids: Collection[int], doubt_ids: Collection[int] | None
) -> dict[int, Outcome]:
    """Where sends with an open doubt stand; they stand still until the transaction ends."""
    these = true() if doubt_ids is None else among(connection, _doubt.c.id, doubt_ids)
    unsettled = exists().where(_doubt.c.send_id == _send.c.id, _doubt.c.settled_at.is_(None), these)
    statement = (
        select(_send.c.id, _send.c.outcome)
        .where(among(connection, _send.c.id, send_ids), unsettled)
        .order_by(_send.c.id)
        .with_for_update()
    )
    return {number: Outcome(outcome) for number, outcome in connection.execute(statement)}

"""The inbox: what came back, kept once, and what follows from it, by sets."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Table, and_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.arriving import Event as Event
from flows.store.arriving import Written, add_responses, strangers, written
from flows.store.machine import move
from flows.store.models import Base, Contact, Send
from flows.store.sets import among
from flows.store.suppressing import Bar, suppress_all
from segments.names import (
    Outcome,
    PermissionKind,
    Purpose,
    ResponseKind,
    SuppressionReason,
)

_PROOF = "asked us to stop in answer to send "
# What somebody clicked, answered or complained about has arrived, even where nobody reported so.
_SAYS = {
    ResponseKind.PROCESSED: Outcome.ACCEPTED,
    ResponseKind.DEFERRED: Outcome.ACCEPTED,
    ResponseKind.DROPPED: Outcome.DROPPED,
    ResponseKind.DELIVERED: Outcome.DELIVERED,
    ResponseKind.COMPLAINT: Outcome.DELIVERED,
    ResponseKind.UNSUBSCRIBE: Outcome.DELIVERED,
    ResponseKind.REPLY: Outcome.DELIVERED,
    ResponseKind.OPEN: Outcome.DELIVERED,
    ResponseKind.CLICK: Outcome.DELIVERED,
    ResponseKind.BOUNCE: Outcome.BOUNCED,
}
# The weightier word wins, whichever comes first; the table of moves says the same.
_WEIGHT = {
    outcome: weight
    for weight, outcome in enumerate(
        (Outcome.ACCEPTED, Outcome.DROPPED, Outcome.DELIVERED, Outcome.BOUNCED), start=1
    )
}

_WEIGHS = {kind: _WEIGHT[outcome] for kind, outcome in _SAYS.items()}
_STOPPING = frozenset(
    {
        ResponseKind.BOUNCE,
        ResponseKind.DROPPED,
        ResponseKind.COMPLAINT,
        ResponseKind.UNSUBSCRIBE,
    }
)

_permission = Base.metadata.tables["permission"]
_reject = Base.metadata.tables["reject"]
_send = Base.metadata.tables["send"]


@dataclass(frozen=True)
class Refused:
    """A line that is no event: where it stands, what it says and why it was refused."""

    line: int
    field: str
    value: str
    reason: str


@dataclass(frozen=True)
class Kept:
    """What a batch of events brought."""

    new: Counter[ResponseKind]
    unknown_sends: int
    outcomes: Counter[Outcome]
    suppressed: int
    objected: int


def keep(
    connection: Connection,
    events: Sequence[Event],
    now: datetime,
    rows: Sequence[Written] | None = None,
) -> Kept:
    """Store events told `now` and draw the consequences. Any order and repetition end the same.

    A few statements for all of them, however many they are. `rows` are the same events as
    `arriving.written` gives them, where somebody has done so before.
    """
    if not events:
        return Kept(Counter(), 0, Counter(), 0, 0)
    unknown = strangers(connection, {event.send for event in events})
    rows = written(connection.dialect.name, events) if rows is None else rows
    added = add_responses(connection, rows, unknown, now)
    new: Counter[ResponseKind] = Counter()
    for (kind, _), count in added.items():
        new[kind] += count
    answered = [event for event in events if event.send not in unknown]
    stopping = [event for event in answered if event.kind in _STOPPING]
    addressees = _addressees(connection, {event.send for event in stopping})
    return Kept(
        new,
        sum(count for (_, of_nobody), count in added.items() if of_nobody),
        _move(connection, answered),
        _suppress(connection, stopping, addressees),
        _object(connection, stopping, addressees),
    )


def keep_refused(
    connection: Connection, run_id: int, place: str, refused: Iterable[Refused]
) -> None:
    """Keep lines that are no events, once each."""
    rows = [
        {
            "run_id": run_id,
            "source": "responses",
            "place": place,
            "row": each.line,
            "column": each.field,
            "value": each.value,
            "reason": each.reason,
        }
        for each in refused
    ]
    if rows:
        connection.execute(
            _insert(connection, _reject).on_conflict_do_nothing(
                index_elements=["source", "place", "row", "column"]
            ),
            rows,
        )


def _move(connection: Connection, events: Iterable[Event]) -> Counter[Outcome]:
    """Move each send to the weightiest of what is said about it. How many moved where."""
    highest: dict[int, int] = {}
    for event in events:
        weight = _WEIGHS.get(event.kind, 0)
        if weight > highest.get(event.send, 0):
            highest[event.send] = weight
    groups = defaultdict(list)
    for number, weight in highest.items():
        groups[weight].append(number)
    moved: Counter[Outcome] = Counter()
    for outcome, weight in _WEIGHT.items():
        if ids := groups[weight]:
            statement = move(outcome).where(among(connection, _send.c.id, ids))
            moved[outcome] = connection.execute(statement).rowcount
    return +moved


@dataclass(frozen=True)
class _Addressee:
    contact_id: int | None
    email: str | None


def _addressees(connection: Connection, numbers: Collection[int]) -> dict[int, _Addressee]:
    if not numbers:
        return {}
    statement = (
        select(Send.id, Send.contact_id, Contact.email)
        .outerjoin(Contact, Contact.id == Send.contact_id)
        .where(among(connection, _send.c.id, numbers))
    )
    return {row.id: _Addressee(row.contact_id, row.email) for row in connection.execute(statement)}


def _suppress(
    connection: Connection, events: Sequence[Event], sends: Mapping[int, _Addressee]
) -> int:
    rows = []
    for event in events:
        reason = _reason(event)
        # The address may have changed since; an event that names it knows better.
        named = event.detail.get("email")
        email = named if isinstance(named, str) and "@" in named else sends[event.send].email
        if reason and email:
            purpose = Purpose.ADVERTISING if reason == SuppressionReason.UNSUBSCRIBE else None
            rows.append(Bar(reason, f"send {event.send}", event.at, email=email, purpose=purpose))
    return suppress_all(connection, rows)


def _reason(event: Event) -> SuppressionReason | None:
    if event.kind == ResponseKind.BOUNCE and event.detail.get("hard") is True:
        return SuppressionReason.HARD_BOUNCE
    if event.kind == ResponseKind.DROPPED and (because := event.detail.get("suppress")):
        return SuppressionReason(because)
    return {
        ResponseKind.COMPLAINT: SuppressionReason.SPAM_COMPLAINT,
        ResponseKind.UNSUBSCRIBE: SuppressionReason.UNSUBSCRIBE,
    }.get(event.kind)


def _object(
    connection: Connection, events: Sequence[Event], sends: Mapping[int, _Addressee]
) -> int:
    rows = [
        {
            "contact_id": sends[event.send].contact_id,
            "kind": PermissionKind.OBJECTION,
            "purpose": Purpose.ADVERTISING,
            "at": event.at,
            "proof": f"{_PROOF}{event.send}",
        }
        for event in events
        if event.kind == ResponseKind.UNSUBSCRIBE and sends[event.send].contact_id is not None
    ]
    if not rows:
        return 0
    key = ["contact_id", "kind", "purpose", "at"]
    columns = [_permission.c[name] for name in key]
    wanted = {tuple(row[name] for name in key) for row in rows}
    there = connection.execute(select(*columns).where(tuple_(*columns).in_(wanted))).all()
    statement = _insert(connection, _permission)
    proof = statement.excluded.proof
    statement = statement.on_conflict_do_update(
        index_elements=key,
        set_={"proof": proof},
        where=and_(_permission.c.proof.startswith(_PROOF), proof < _permission.c.proof),
    )
    connection.execute(statement, rows)
    return len(wanted) - len(there)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)

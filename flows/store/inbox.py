"""The inbox: what came back, kept once, and what follows from it, by sets."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.machine import move
from flows.store.models import Base, Contact, Send
from segments.names import (
    Outcome,
    PermissionKind,
    Purpose,
    ResponseKind,
    SuppressionReason,
    TaskStatus,
)

_PROOF = "asked us to stop in answer to send "
# Whoever clicks, answers or complains has the message, even where nobody reported its arrival.
_ARRIVED = (
    ResponseKind.DELIVERED,
    ResponseKind.COMPLAINT,
    ResponseKind.UNSUBSCRIBE,
    ResponseKind.REPLY,
    ResponseKind.OPEN,
    ResponseKind.CLICK,
)

_response = Base.metadata.tables["response"]
_suppression = Base.metadata.tables["suppression"]
_permission = Base.metadata.tables["permission"]
_reject = Base.metadata.tables["reject"]
_send = Base.metadata.tables["send"]
_task = Base.metadata.tables["task"]


@dataclass(frozen=True)
class Event:
    """One thing that came back; `key` names it, so that it counts once however often it comes."""

    key: str
    send: int
    kind: ResponseKind
    at: datetime
    detail: dict[str, Any] = field(default_factory=dict)
    score: int | None = None


@dataclass(frozen=True)
class TaskDone:
    """A colleague has taken care of a task."""

    task: int
    at: datetime


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


def keep(connection: Connection, events: Sequence[Event]) -> Kept:
    """Store events and draw the consequences. Any order and any repetition end the same."""
    sends = _sends(connection, {event.send for event in events})
    known = set(
        connection.execute(
            select(_response.c.key).where(_response.c.key.in_({event.key for event in events}))
        ).scalars()
    )
    new = {event.key: event for event in reversed(events) if event.key not in known}
    if new:
        connection.execute(
            _insert(connection, _response).on_conflict_do_nothing(index_elements=["key"]),
            [_row(event, known_send=event.send in sends) for event in new.values()],
        )
    answered = [event for event in events if event.send in sends]
    outcomes: Counter[Outcome] = Counter()
    for outcome, kinds in (
        (Outcome.BOUNCED, (ResponseKind.BOUNCE,)),
        (Outcome.DROPPED, (ResponseKind.DROPPED,)),
        (Outcome.DELIVERED, _ARRIVED),
        (Outcome.ACCEPTED, (ResponseKind.PROCESSED, ResponseKind.DEFERRED)),
    ):
        ids = {event.send for event in answered if event.kind in kinds}
        if ids:
            outcomes[outcome] = connection.execute(
                move(outcome).where(_send.c.id.in_(ids))
            ).rowcount
    return Kept(
        Counter(event.kind for event in new.values()),
        sum(event.send not in sends for event in new.values()),
        +outcomes,
        _suppress(connection, answered, sends),
        _object(connection, answered, sends),
    )


def keep_done(connection: Connection, done: Sequence[TaskDone]) -> int:
    """Close tasks that are open; the earliest word counts. How many were closed.

    A task that is not known, or not open any more, is left as it is.
    """
    earliest: dict[int, datetime] = {}
    for each in done:
        if 0 < each.task < 2**63:
            earliest[each.task] = min(each.at, earliest.get(each.task, each.at))
    closed = 0
    for number, at in sorted(earliest.items()):
        closed += connection.execute(
            update(_task)
            .where(_task.c.id == number, _task.c.status == TaskStatus.OPEN)
            .values(status=TaskStatus.DONE, done_at=at)
        ).rowcount
    return closed


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


def _sends(connection: Connection, numbers: set[int]) -> "dict[int, _Addressee]":
    statement = (
        select(Send.id, Send.contact_id, Contact.email)
        .outerjoin(Contact, Contact.id == Send.contact_id)
        .where(Send.id.in_({number for number in numbers if 0 < number < 2**63}))
    )
    return {row.id: _Addressee(row.contact_id, row.email) for row in connection.execute(statement)}


@dataclass(frozen=True)
class _Addressee:
    contact_id: int | None
    email: str | None


def _row(event: Event, *, known_send: bool) -> dict[str, Any]:
    return {
        "key": event.key,
        "send_id": event.send if known_send else None,
        "kind": event.kind,
        "at": event.at,
        "score": event.score,
        "detail": event.detail if known_send else {**event.detail, "send": event.send},
    }


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
            rows.append(
                {
                    "email": email.strip().lower()[:320],
                    "purpose": purpose,
                    "reason": reason,
                    "at": event.at,
                    "source": f"send {event.send}",
                }
            )
    statement = _insert(connection, _suppression)
    fresh = statement.excluded
    earlier = or_(
        fresh.at < _suppression.c.at,
        and_(fresh.at == _suppression.c.at, fresh.source < _suppression.c.source),
    )
    statement = statement.on_conflict_do_update(
        index_elements=["email", "reason"],
        set_={"at": fresh.at, "source": fresh.source},
        where=earlier,
    )
    return _write_new(connection, _suppression, ["email", "reason"], statement, rows)


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
    statement = _insert(connection, _permission)
    proof = statement.excluded.proof
    statement = statement.on_conflict_do_update(
        index_elements=["contact_id", "kind", "purpose", "at"],
        set_={"proof": proof},
        where=and_(_permission.c.proof.startswith(_PROOF), proof < _permission.c.proof),
    )
    return _write_new(
        connection, _permission, ["contact_id", "kind", "purpose", "at"], statement, rows
    )


def _write_new(
    connection: Connection,
    table: Table,
    key: list[str],
    statement: Any,
    rows: list[dict[str, Any]],
) -> int:
    """Run the upsert; how many of its keys were not there before."""
    if not rows:
        return 0
    wanted = {tuple(row[name] for name in key) for row in rows}
    columns = [table.c[name] for name in key]
    there = connection.execute(select(*columns).where(tuple_(*columns).in_(wanted))).all()
    connection.execute(statement, rows)
    return len(wanted) - len(there)


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)

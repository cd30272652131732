"""Records that have grown too old go, in batches; what reports, proofs and dedup need stays."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    func,
    null,
    select,
    update,
)

from flows.store.models import Base
from flows.store.sets import among
from segments.names import Outcome

_tables = Base.metadata.tables
_FINAL = (
    Outcome.ACCEPTED,
    Outcome.DELIVERED,
    Outcome.BOUNCED,
    Outcome.DROPPED,
    Outcome.REJECTED,
)
AT_ONCE = 2_000
"""Rows of one transaction."""


def over(kind: str, before: datetime) -> Select[tuple[int]]:
    """The rows of this kind of record that are older."""
    table, condition = _of(kind, before)
    return select(table.c.id).where(condition)


def count(connection: Connection, kind: str, before: datetime) -> int:
    """How many records of this kind are older."""
    if kind == "quotas":
        quota = _tables["quota"]
        asked = select(func.count()).select_from(quota).where(quota.c.day < before.date())
        return int(connection.execute(asked).scalar_one())
    found = over(kind, before).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def drop(connection: Connection, kind: str, before: datetime) -> int:
    """Let some of what is older go; how many, nothing once all is gone."""
    if kind == "quotas":
        quota = _tables["quota"]
        return connection.execute(delete(quota).where(quota.c.day < before.date())).rowcount
    ids = list(connection.scalars(over(kind, before).limit(AT_ONCE)))
    if not ids:
        return 0
    table, _ = _of(kind, before)
    these = among(connection, table.c.id, ids)
    if kind in _EMPTIED:
        connection.execute(update(table).where(these).values({_EMPTIED[kind]: null()}))
    else:
        connection.execute(delete(table).where(these))
    return len(ids)


_EMPTIED = {"rendered": "context", "replies": "note"}


def _of(kind: str, before: datetime) -> tuple[Table, ColumnElement[bool]]:
    """Where records of this kind stand, and when one is too old."""
    if kind == "raw_events":
        batch = _tables["event_batch"]
        return batch, and_(batch.c.applied_at.is_not(None), batch.c.received_at < before)
    if kind == "rejects":
        reject, run = _tables["reject"], _tables["run"]
        old = select(run.c.id).where(run.c.as_of < before)
        return reject, reject.c.run_id.in_(old)
    if kind == "rendered":
        send = _tables["send"]
        gone = and_(send.c.handed_over_at < before, send.c.outcome.in_(_FINAL))
        return send, and_(gone, send.c.context.is_not(None))
    if kind == "replies":
        talk = _tables["interaction"]
        return talk, and_(talk.c.at < before, talk.c.note.is_not(None))
    if kind == "ledger":
        ledger = _tables["ledger"]
        return ledger, ledger.c.decided_at < before
    doubt = _tables["doubt"]
    return doubt, doubt.c.settled_at < before


def particulars(
    connection: Connection, before: datetime, last: int
) -> tuple[int, list[tuple[int, dict[str, Any]]]]:
    """The next responses that are older, after the row `last`: those with words, and what stays.

    Flags and figures stay, which tell a machine from a person and a hard bounce from a soft one.
    """
    response = _tables["response"]
    found = connection.execute(
        select(response.c.id, response.c.detail)
        .where(response.c.at < before, response.c.id > last)
        .order_by(response.c.id)
        .limit(AT_ONCE)
    ).all()
    wordy = []
    for row in found:
        bare = bare_detail(row.detail)
        if bare != row.detail:
            wordy.append((row.id, bare or {}))
    return (found[-1].id if found else last), wordy


def bare_detail(detail: dict[str, Any] | None) -> dict[str, Any] | None:
    """The flags and figures of a response, without any words."""
    if detail is None:
        return None
    return {name: each for name, each in detail.items() if isinstance(each, bool | int | float)}


def keep_bare(connection: Connection, rows: list[tuple[int, dict[str, Any]]]) -> int:
    """Write what stays of these responses."""
    response = _tables["response"]
    for number, bare in rows:
        connection.execute(update(response).where(response.c.id == number).values(detail=bare))
    return len(rows)


def plain_addresses(connection: Connection) -> Iterator[str]:
    """Addresses that are suppressed by name, to see whether one of an erased person came back."""
    suppression = _tables["suppression"]
    named = suppression.c.email.is_not(None)
    yield from connection.scalars(select(suppression.c.email).where(named).distinct())

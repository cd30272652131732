"""Responses by the thousand: which are known, of which sends, and those that are new written."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    Text,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from flows.store.models import Base
from flows.store.types import Utc
from segments.names import ResponseKind

_response = Base.metadata.tables["response"]
_send = Base.metadata.tables["send"]

_LARGEST = 2**63
_FRESH: Mapping[str, TypeEngine[Any]] = {
    "key": Text(),
    "send_id": BigInteger(),
    "kind": Text(),
    "at": Utc(),
    "score": Integer(),
}
_NOTHING = literal_column("'{}'::json", JSON)
_ADD = (
    "INSERT INTO response (key, send_id, kind, at, score, detail, seen_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
)


class Event(NamedTuple):
    """One thing that came back; `key` names it, so that it counts once however often it comes."""

    key: str
    send: int
    kind: ResponseKind
    at: datetime
    detail: Mapping[str, Any] = {}
    score: int | None = None


def strangers(connection: Connection, numbers: Collection[int]) -> Set[int]:
    """Those of the numbers that are no sends of ours."""
    possible = [number for number in numbers if 0 < number < _LARGEST]
    given = _given(connection, possible, BigInteger())
    known = exists().where(_send.c.id == given)
    unknown = set(connection.scalars(select(given).where(~known)))
    return unknown | (set(numbers) - set(possible))


def known_keys(connection: Connection, keys: Collection[str]) -> Set[str]:
    """Those of the keys that came before."""
    given = _given(connection, list(keys), String())
    return set(
        connection.scalars(select(_response.c.key).where(_response.c.key.in_(select(given))))
    )


def _given(connection: Connection, values: list[Any], kind: TypeEngine[Any]) -> ColumnElement[Any]:
    """The values as a column of rows. A document costs less to hand over than an array."""
    document = bindparam(None, orjson.dumps(values).decode(), type_=String())
    if connection.dialect.name == "postgresql":
        rows = func.json_array_elements_text(cast(document, JSON))
        given = rows.table_valued(column("value", Text()), name="given").render_derived()
        return cast(given.c.value, kind)
    return func.json_each(document).table_valued(column("value", kind), name="given").c.value


Written = tuple[Any, ...] | bytes
"""An event as the database takes it: values for SQLite, a document for PostgreSQL."""


def written(dialect: str, events: Iterable[Event], now: datetime) -> list[Written]:
    """Events that became known `now`, as a database takes them; it is not asked for that.

    They are taken to be of sends of ours.
    """
    if dialect == "postgresql":
        return [_document(event) for event in events]
    return [_values(event, now) for event in events]


def add_responses(
    connection: Connection,
    events: Sequence[Event],
    rows: Sequence[Written],
    unknown: Set[int],
    now: datetime,
) -> list[Event]:
    """Write events that became known `now` and did not come before, each once. Which they are.

    `rows` are the same events as `written` gives them; one of an `unknown` send has no send, and
    keeps the number it came with.
    """
    place = {event.key: number for number, event in reversed(list(enumerate(events)))}
    postgres = connection.dialect.name == "postgresql"
    if not postgres:
        # It tells of no rows that are written many at once; whoever writes to it is alone.
        for key in known_keys(connection, place):
            del place[key]
    chosen = [rows[number] for number in place.values()]
    if unknown:
        for position, number in enumerate(place.values()):
            event = events[number]
            if event.send in unknown:
                chosen[position] = (
                    _document(event, stranger=True)
                    if postgres
                    else _values(event, now, stranger=True)
                )
    if not chosen:
        return []
    if postgres:
        return [events[place[key]] for key in _add_documents(connection, chosen, now)]
    connection.exec_driver_sql(_ADD, chosen)
    return [events[number] for number in place.values()]


def _values(event: Event, now: datetime, *, stranger: bool = False) -> tuple[Any, ...]:
    key, send, kind, at, detail, score = event
    return (
        key,
        None if stranger else send,
        kind.value,
        _moment(at),
        score,
        _json({**detail, "send": send} if stranger else detail).decode(),
        _moment(now),
    )


def _moment(at: datetime) -> str:
    """As the column's type writes moments, at a third of the time."""
    return at.isoformat(" ", "microseconds")[:26]


def _document(event: Event, *, stranger: bool = False) -> bytes:
    key, send, kind, at, told, score = event
    # What is empty is left out: the database takes its time to read that, too.
    document: dict[str, Any] = {"key": key, "kind": kind.value, "at": at}
    if 0 < send < _LARGEST and not stranger:
        document["send_id"] = send
    if score is not None:
        document["score"] = score
    if stranger:
        told = {**told, "send": send}
    if told:
        document["detail"] = orjson.Fragment(_json(told))
    return orjson.dumps(document)


def _add_documents(
    connection: Connection, documents: Iterable[Any], now: datetime
) -> Sequence[str]:
    """Write them; the keys of those that were not there."""
    document = bindparam(None, f"[{b','.join(documents).decode()}]", type_=String())
    given = (
        func.json_to_recordset(cast(document, JSON))
        .table_valued(
            *(column(name, kind) for name, kind in _FRESH.items()),
            column("detail", JSON()),
            name="fresh",
        )
        .render_derived(with_types=True)
    )
    statement = postgresql.insert(_response).from_select(
        [*_FRESH, "detail", "seen_at"],
        select(
            *(given.c[name] for name in _FRESH),
            func.coalesce(given.c.detail, _NOTHING),
            literal(now, Utc()),
        ),
    )
    statement = statement.on_conflict_do_nothing(index_elements=["key"])
    return connection.scalars(statement.returning(_response.c.key)).all()


def _json(detail: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(detail)
    except TypeError:
        # A number of more than 64 bits.
        return json.dumps(detail).encode()

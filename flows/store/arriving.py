"""Responses by the thousand: which are known, of which sends, and those that are new written."""

import json
from collections.abc import Collection, Mapping, Sequence, Set
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
    "detail": JSON(),
    "seen_at": Utc(),
}
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


def add_responses(
    connection: Connection, events: Sequence[Event], unknown: Set[int], now: datetime
) -> None:
    """Write events that are new, and became known `now`.

    One of an unknown send keeps the number it came with.
    """
    if not events:
        return
    if connection.dialect.name == "postgresql":
        _add_document(connection, events, unknown, now)
        return
    seen_at = _written(now)
    rows = [
        (
            key,
            None if send in unknown else send,
            kind.value,
            _written(at),
            score,
            _json({**detail, "send": send} if send in unknown else detail).decode(),
            seen_at,
        )
        for key, send, kind, at, detail, score in events
    ]
    connection.exec_driver_sql(_ADD, rows)


def _written(at: datetime) -> str:
    """As the column's type writes moments, at a third of the time."""
    return at.isoformat(" ", "microseconds")[:26]


def _add_document(
    connection: Connection, events: Sequence[Event], unknown: Set[int], now: datetime
) -> None:
    rows = [
        {
            "key": key,
            "send_id": None if send in unknown else send,
            "kind": kind.value,
            "at": at,
            "score": score,
            "detail": orjson.Fragment(_json({**told, "send": send} if send in unknown else told)),
            "seen_at": now,
        }
        for key, send, kind, at, told, score in events
    ]
    document = bindparam(None, orjson.dumps(rows).decode(), type_=String())
    given = (
        func.json_to_recordset(cast(document, JSON))
        .table_valued(*(column(name, kind) for name, kind in _FRESH.items()), name="fresh")
        .render_derived(with_types=True)
    )
    statement = postgresql.insert(_response).from_select(
        list(_FRESH), select(*(given.c[name] for name in _FRESH))
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))


def _json(detail: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(detail)
    except TypeError:
        # A number of more than 64 bits.
        return json.dumps(detail).encode()

"""Responses by the thousand: which are known, of which sends, and those that are new written."""

import json
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Integer,
    String,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from flows.store.models import Base
from flows.store.sets import among
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
}
_ADD = (
    "INSERT INTO response (key, send_id, kind, at, score, detail) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key) DO NOTHING"
)


class Event(NamedTuple):
    """One thing that came back; `key` names it, so that it counts once however often it comes."""

    key: str
    send: int
    kind: ResponseKind
    at: datetime
    detail: Mapping[str, Any] = {}
    score: int | None = None


def known_sends(connection: Connection, numbers: Collection[int]) -> Set[int]:
    """Those of the numbers that are sends of ours."""
    possible = [number for number in numbers if 0 < number < _LARGEST]
    found = connection.scalars(select(_send.c.id).where(among(connection, _send.c.id, possible)))
    return set(found)


def known_keys(connection: Connection, keys: Collection[str]) -> Set[str]:
    """Those of the keys that came before."""
    if connection.dialect.name == "postgresql":
        wanted = bindparam(None, list(keys), type_=postgresql.ARRAY(String()))
        return set(
            connection.scalars(select(_response.c.key).where(_response.c.key == func.any(wanted)))
        )
    given = func.json_each(orjson.dumps(list(keys)).decode()).table_valued("value")
    return set(
        connection.scalars(
            select(_response.c.key).where(_response.c.key.in_(select(given.c.value)))
        )
    )


def add_responses(connection: Connection, events: Sequence[Event], sends: Set[int]) -> None:
    """Write events that are new. One of no send of ours keeps the number it came with."""
    if not events:
        return
    if connection.dialect.name == "postgresql":
        _add_document(connection, events, sends)
        return
    rows = [
        (
            key,
            send if send in sends else None,
            kind.value,
            # This is how the column's type writes moments, at a third of the time.
            at.isoformat(" ", "microseconds")[:26],
            score,
            _json(detail if send in sends else {**detail, "send": send}).decode(),
        )
        for key, send, kind, at, detail, score in events
    ]
    connection.exec_driver_sql(_ADD, rows)


def _add_document(connection: Connection, events: Sequence[Event], sends: Set[int]) -> None:
    rows = [
        {
            "key": key,
            "send_id": send if send in sends else None,
            "kind": kind.value,
            "at": at,
            "score": score,
            "detail": orjson.Fragment(_json(told if send in sends else {**told, "send": send})),
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

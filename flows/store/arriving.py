"""Responses by the thousand: which are known, of which sends, and those that are new written."""

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    String,
    Text,
    bindparam,
    cast,
    column,
    exists,
    func,
    select,
)
from sqlalchemy.types import TypeEngine

from flows.store.models import Base
from segments.names import ResponseKind

_response = Base.metadata.tables["response"]
_send = Base.metadata.tables["send"]

_LARGEST = 2**63
_TOGETHER = 500
"""Rows in one statement on SQLite: each statement hands Python's lock on and asks for it back."""

_ADD = (
    "INSERT INTO response (key, send_id, kind, at, score, detail, seen_at) SELECT fresh.*, %s "
    "FROM %s AS fresh WHERE true ON CONFLICT (key) DO NOTHING"
)
_VALUES = "(?, ?, ?, ?, ?, ?)"
# Arrays in the driver's binary form cost both sides less than a document does.
_ARRAYS = (
    "unnest(%b::text[], %b::bigint[], %b::text[], %b::timestamptz[], %b::integer[], %b::json[])"
)
_ADD_ARRAYS = (
    "WITH added AS (" + _ADD % ("%b", _ARRAYS) + " RETURNING kind, send_id) "
    "SELECT kind, send_id IS NULL, count(*) FROM added GROUP BY 1, 2"
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
    """The values as a column of rows. A document costs less to hand over than an array in text."""
    document = bindparam(None, orjson.dumps(values).decode(), type_=String())
    if connection.dialect.name == "postgresql":
        rows = func.json_array_elements_text(cast(document, JSON))
        given = rows.table_valued(column("value", Text()), name="given").render_derived()
        return cast(given.c.value, kind)
    return func.json_each(document).table_valued(column("value", kind), name="given").c.value


Written = tuple[str, int | None, str, datetime | str, int | None, str]
"""Key, send, kind, moment, score and detail of an event, as a database's driver takes them."""


def written(dialect: str, events: Iterable[Event]) -> list[Written]:
    """Events as a database takes them; it is not asked for that.

    They are taken to be of sends of ours.
    """
    if dialect == "postgresql":
        return [
            (key, send, kind.value, at, score, _json(detail))
            for key, send, kind, at, detail, score in events
        ]
    return [
        (key, send, kind.value, _moment(at), score, _json(detail))
        for key, send, kind, at, detail, score in events
    ]


def add_responses(
    connection: Connection, rows: Sequence[Written], unknown: Set[int], now: datetime
) -> Counter[tuple[ResponseKind, bool]]:
    """Write what became known `now` and did not come before, each once; whoever writes is alone.

    How many of each kind, and whether they are of a stranger: one of an `unknown` send has no
    send, and keeps the number it came with.
    """
    if unknown:
        rows = [_of_nobody(row) if row[1] in unknown else row for row in rows]
    add = _add_arrays if connection.dialect.name == "postgresql" else _add_rows
    added = add(connection, rows, now)
    return Counter({(ResponseKind(kind), bool(strange)): count for kind, strange, count in added})


def _of_nobody(row: Written) -> Written:
    key, send, kind, at, score, detail = row
    return key, None, kind, at, score, json.dumps({**json.loads(detail), "send": send})


def _add_arrays(
    connection: Connection, rows: Sequence[Written], now: datetime
) -> Iterable[Row[Any]]:
    arrays = map(list, zip(*rows, strict=True))
    return connection.exec_driver_sql(_ADD_ARRAYS, (now, *arrays))


def _add_rows(connection: Connection, rows: Sequence[Written], now: datetime) -> Iterable[Row[Any]]:
    last = connection.scalar(select(func.coalesce(func.max(_response.c.id), 0)))
    for start in range(0, len(rows), _TOGETHER):
        part = rows[start : start + _TOGETHER]
        statement = _ADD % ("?", f"(VALUES {', '.join([_VALUES] * len(part))})")
        connection.exec_driver_sql(statement, (_moment(now), *chain.from_iterable(part)))
    stranger = _response.c.send_id.is_(None)
    return connection.execute(
        select(_response.c.kind, stranger, func.count())
        .where(_response.c.id > last)
        .group_by(_response.c.kind, stranger)
    )


def _moment(at: datetime) -> str:
    """As the column's type writes moments on SQLite, at a third of the time."""
    return at.isoformat(" ", "microseconds")[:26]


def _json(detail: Mapping[str, Any]) -> str:
    try:
        return orjson.dumps(detail).decode()
    except TypeError:
        # A number of more than 64 bits.
        return json.dumps(detail)

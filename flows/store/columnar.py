"""Results of queries as arrays, one a column, with no Python object a value where possible.

PostgreSQL hands over each column in one piece: its values one behind the other as the server
writes them in binary, put together by `string_agg`. That takes a third of the time of rows, most
of it in the server, which has a processor of its own. SQLite has no server and hands over rows.
"""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Float,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    TypeDecorator,
    case,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.sql.expression import Select
from sqlalchemy.sql.selectable import Subquery
from sqlalchemy.types import TypeEngine

from flows.store.types import Utc

WHOLE = "columns"
"""Execution option of a query whose values are to come in binary."""

UNKNOWN = np.iinfo(np.int64).min
"""Stands for a missing whole number on its way; and for a missing moment, as numpy has it."""

Array = np.ndarray[Any, Any]

_MISSING = literal_column("(-9223372036854775807 - 1)", BigInteger)
_FETCHED = 1_000
_BINARY = 1
_SENT: dict[str, tuple[Callable[..., Any], ColumnElement[Any]]] = {
    "whole": (func.int8send, _MISSING),
    "moment": (func.timestamptz_send, literal_column("'-infinity'::timestamptz")),
    "number": (func.float8send, literal_column("'NaN'::float8")),
}
_EMPTY: dict[str | None, Array] = {
    "whole": np.array([], np.int64),
    "moment": np.array([], "datetime64[us]"),
    "number": np.array([], np.float64),
}
_SINCE_1970 = 946_684_800_000_000


def read(
    connection: Connection, statement: Select[Any], complete: Collection[str] = ()
) -> dict[str, Any]:
    """All rows of a query, column by column; those of `complete` are known never to be missing.

    Whole numbers come as int64 with `UNKNOWN` for missing ones, moments as datetime64[us] with
    NaT, numbers as float64 with NaN, flags as nullable booleans, words as nullable text and
    whatever else as objects. The order of rows is not promised.
    """
    inner = statement.subquery()
    kinds = {column.key: _kind(column.type) for column in inner.c}
    if connection.dialect.name == "postgresql" and None not in kinds.values():
        return _in_pieces(connection, inner, kinds, complete)
    return _in_rows(connection, inner, kinds, complete)


def in_binary(
    _connection: Connection, cursor: Any, _statement: str, _given: Any, context: Any, _many: bool
) -> None:
    """Have PostgreSQL's driver take values as the server sends them; listens to an engine."""
    if context is not None and context.execution_options.get(WHOLE):
        cursor.format = _BINARY


def _kind(of: TypeEngine[Any]) -> str | None:
    if isinstance(of, Utc):
        return "moment"
    plain = of.impl if isinstance(of, TypeDecorator) else of
    known: dict[str, type | tuple[type, ...]] = {
        "whole": (Integer, BigInteger),
        "number": Float,
        "flag": Boolean,
        "word": String,
    }
    return next((kind for kind, types in known.items() if isinstance(plain, types)), None)


def _in_pieces(
    connection: Connection,
    inner: Subquery,
    kinds: dict[str, str | None],
    complete: Collection[str],
) -> dict[str, Any]:
    pieces = [
        piece
        for column in inner.c
        for piece in _sent(column, kinds[column.key], complete=column.key in complete)
    ]
    result = connection.execute(select(*pieces).execution_options(**{WHOLE: True}))
    row: Any = result.cursor.fetchone() if result.cursor else None
    found = iter(row or ())
    columns: dict[str, Any] = {}
    for name, kind in kinds.items():
        piece = next(found) or b""
        if kind == "whole":
            columns[name] = np.frombuffer(piece, ">i8").astype(np.int64)
        elif kind == "moment":
            numbers = np.frombuffer(piece, ">i8").astype(np.int64)
            numbers[numbers != UNKNOWN] += _SINCE_1970
            columns[name] = numbers.view("datetime64[us]")
        elif kind == "number":
            columns[name] = np.frombuffer(piece, ">f8").astype(np.float64)
        elif kind == "flag":
            columns[name] = _flags(np.frombuffer(piece, ">i2"))
        else:
            columns[name] = _text(np.frombuffer(piece, ">i4"), next(found) or b"")
    result.close()
    return columns


def _sent(column: ColumnElement[Any], kind: str | None, *, complete: bool) -> list[Any]:
    """What PostgreSQL sends of a column: every value with the same number of bytes; text apart."""
    if kind == "flag":
        flag = case((column.is_(None), -1), (column, 1), else_=0)
        return [_together(func.int2send(cast(flag, SmallInteger)))]
    if kind is not None and kind in _SENT:
        send, missing = _SENT[kind]
        value = cast(column, BigInteger) if kind == "whole" else column
        return [_together(send(value if complete else func.coalesce(value, missing)))]
    length = func.int4send(func.coalesce(func.octet_length(column), -1))
    words = func.convert_to(func.string_agg(column, literal_column("''")), literal_column("'UTF8'"))
    return [_together(length), words]


def _together(sent: ColumnElement[Any]) -> ColumnElement[Any]:
    joined: ColumnElement[Any] = func.string_agg(
        sent, literal_column("''::bytea"), type_=LargeBinary
    )
    return joined


def _in_rows(
    connection: Connection,
    inner: Subquery,
    kinds: dict[str, str | None],
    complete: Collection[str],
) -> dict[str, Any]:
    sqlite = connection.dialect.name == "sqlite"
    asked = [
        _asked(column, kinds[column.key], sqlite=sqlite, complete=column.key in complete).label(
            column.key
        )
        for column in inner.c
    ]
    blocks: dict[str, list[Any]] = {name: [] for name in kinds}
    # Past SQLAlchemy's rows, which would cost as much again as the database itself.
    with connection.execute(select(*asked)) as found:
        while rows := found.cursor.fetchmany(_FETCHED) if found.cursor else []:
            for (name, kind), values in zip(kinds.items(), zip(*rows, strict=True), strict=True):
                blocks[name].append(_taken(values, kind))
    return {name: _joined(blocks[name], kind) for name, kind in kinds.items()}


def _asked(
    column: ColumnElement[Any], kind: str | None, *, sqlite: bool, complete: bool
) -> ColumnElement[Any]:
    value = type_coerce(column, Text()) if kind == "moment" and sqlite else column
    if complete:
        return value
    if kind == "whole":
        return func.coalesce(value, _MISSING)
    if kind == "moment" and sqlite:
        return func.coalesce(value, literal_column("'NaT'"))
    return value


def _taken(values: tuple[Any, ...], kind: str | None) -> Any:
    if kind == "whole":
        return np.array(values, np.int64)
    if kind == "moment":
        if any(isinstance(value, str) for value in values):
            return np.array(values, "datetime64[us]")
        naive = pd.to_datetime(pd.Series(values, dtype=object), utc=True).dt.tz_localize(None)
        return naive.to_numpy("datetime64[us]")
    if kind == "number":
        return np.array(values, np.float64)
    return values


def _joined(blocks: list[Any], kind: str | None) -> Any:
    if kind in _EMPTY:
        return np.concatenate([_EMPTY[kind], *blocks])
    values = [value for block in blocks for value in block]
    if kind == "word":
        return pd.array(values, dtype="str")
    if kind == "flag":
        return pd.array([None if value is None else bool(value) for value in values], "boolean")
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def _flags(values: Array) -> pd.arrays.BooleanArray:
    return pd.arrays.BooleanArray(values > 0, values < 0)


def _text(lengths: Array, together: bytes) -> Any:
    """Text from how long each word is (-1: missing) and all words behind one another."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(np.maximum(lengths, 0), out=offsets[1:])
    known = np.packbits(lengths >= 0, bitorder="little")
    buffers = [pa.py_buffer(known), pa.py_buffer(offsets), pa.py_buffer(together)]
    words = pa.LargeStringArray.from_buffers(len(lengths), buffers[1], buffers[2], buffers[0])
    return pd.array(words, dtype="str")

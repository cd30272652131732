"""Results of queries as arrays, one a column, with no Python object a value where possible.

PostgreSQL hands over each column in one piece: its values one behind the other as the server
writes them in binary, put together by `string_agg`. That takes a third of the time of rows, most
of it in the server, which has a processor of its own. SQLite does the same with `group_concat`,
numbers and moments as text, in two thirds of the time of rows. What holds fractions or anything
else of no fixed form comes as rows.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
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
_EARLY = "0001-01-01 00:00:00.000000"
_NO_MOMENT = literal_column(f"'{_EARLY}'", Text)


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
    asked: Any = tuple(kinds.values())
    if connection.dialect.name == "postgresql" and None not in asked:
        return _in_pieces(connection, inner, kinds, complete, _BINARY_PIECES)
    if connection.dialect.name == "sqlite" and not {None, "number"} & {*asked}:
        return _in_pieces(connection, inner, kinds, complete, _TEXT_PIECES)
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


@dataclass(frozen=True)
class _Pieces:
    """How a kind of store sends a column in one piece, and how that is read."""

    asked: Callable[[ColumnElement[Any], str, bool], list[ColumnElement[Any]]]
    whole: Callable[[bytes], Array]
    moment: Callable[[bytes], Array]
    flag: Callable[[bytes], Array]
    length: Callable[[bytes], Array]


def _in_pieces(
    connection: Connection,
    inner: Subquery,
    kinds: dict[str, Any],
    complete: Collection[str],
    pieces: _Pieces,
) -> dict[str, Any]:
    asked = [
        piece
        for column in inner.c
        for piece in pieces.asked(column, kinds[column.key], column.key in complete)
    ]
    # Closed at once: a forgotten cursor takes the row from the next one that asks the same.
    with connection.execute(select(*asked).execution_options(**{WHOLE: True})) as result:
        row: Any = result.cursor.fetchone() if result.cursor else None
    found = iter(row or ())
    columns: dict[str, Any] = {}
    for name, kind in kinds.items():
        piece = next(found) or b""
        if kind == "whole":
            columns[name] = pieces.whole(piece)
        elif kind == "moment":
            columns[name] = pieces.moment(piece)
        elif kind == "number":
            columns[name] = np.frombuffer(piece, ">f8").astype(np.float64)
        elif kind == "flag":
            columns[name] = _flags(pieces.flag(piece))
        else:
            columns[name] = _text(pieces.length(piece), next(found) or b"")
    return columns


def _sent_binary(column: ColumnElement[Any], kind: str, complete: bool) -> list[ColumnElement[Any]]:
    """What PostgreSQL sends of a column: every value with the same number of bytes; text apart."""
    if kind == "flag":
        return [_together(func.int2send(cast(_flag(column), SmallInteger)))]
    if kind in _SENT:
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


def _flag(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return case((column.is_(None), -1), (column, 1), else_=0)


def _binary_moments(piece: bytes) -> Array:
    numbers = np.frombuffer(piece, ">i8").astype(np.int64)
    numbers[numbers != UNKNOWN] += _SINCE_1970
    return numbers.view("datetime64[us]")


_BINARY_PIECES = _Pieces(
    _sent_binary,
    whole=lambda piece: np.frombuffer(piece, ">i8").astype(np.int64),
    moment=_binary_moments,
    flag=lambda piece: np.frombuffer(piece, ">i2"),
    length=lambda piece: np.frombuffer(piece, ">i4"),
)


def _sent_text(column: ColumnElement[Any], kind: str, complete: bool) -> list[ColumnElement[Any]]:
    """What SQLite sends of a column: numbers with commas between them, moments of one width."""
    if kind == "flag":
        return [_listed(_flag(column))]
    if kind == "whole":
        return [_listed(column if complete else func.coalesce(column, _MISSING))]
    if kind == "moment":
        moment = type_coerce(column, Text())
        return [_joined_up(moment if complete else func.coalesce(moment, _NO_MOMENT))]
    length = func.length(cast(column, LargeBinary))
    return [_listed(func.coalesce(length, -1)), _joined_up(column)]


def _listed(numbers: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.group_concat(numbers, type_=Text)


def _joined_up(words: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.group_concat(words, literal_column("''")), LargeBinary)


def _text_numbers(piece: str | bytes) -> Array:
    return np.fromstring(piece, np.int64, sep=",") if piece else _EMPTY["whole"]


def _text_moments(piece: bytes) -> Array:
    moments = np.frombuffer(piece, f"S{len(_EARLY)}").astype("datetime64[us]")
    moments[moments == np.datetime64(_EARLY)] = np.datetime64("NaT")
    return moments


_TEXT_PIECES = _Pieces(
    _sent_text,
    whole=_text_numbers,
    moment=_text_moments,
    flag=_text_numbers,
    length=_text_numbers,
)


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
        return pd.array(pa.array(values, pa.large_string()), dtype="str")
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

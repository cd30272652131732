"""One statement for many rows, each with values of its own, on either database."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    Connection,
    Dialect,
    String,
    TypeDecorator,
    Update,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, TypeEngine

Fresh = Mapping[str, ColumnElement[Any]]
Types = Mapping[str, TypeEngine[Any]]


def update_each(
    connection: Connection,
    statement: Callable[[Fresh], Update],
    types: Types,
    rows: Sequence[Mapping[str, Any]],
) -> int:
    """Run an UPDATE for every row; it gets the row's values, named and typed as in `types`.

    Names must not be those of the table's columns. How many rows of the table it changed.
    """
    if not rows:
        return 0
    if connection.dialect.name != "postgresql":
        fresh = {name: bindparam(name, type_=kind) for name, kind in types.items()}
        return connection.execute(statement(fresh), list(rows)).rowcount
    # One document costs PostgreSQL half of what an array in text for each column does.
    document = bindparam(None, orjson.dumps(list(rows)).decode(), type_=String())
    given = func.json_to_recordset(cast(document, JSON)).table_valued(
        *(column(name, kind) for name, kind in types.items()), name="fresh"
    )
    return connection.execute(
        statement(dict(given.render_derived(with_types=True).c.items()))
    ).rowcount


class Numbers(TypeDecorator[Collection[int]]):
    """Any number of row numbers as one value: an array, or on SQLite, which has none, JSON.

    An array is written out here, which takes a tenth of what the driver needs for it.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Collection[int] | None, dialect: Dialect) -> Any:
        numbers = ",".join(map(str, value or ()))
        return f"{{{numbers}}}" if dialect.name == "postgresql" else f"[{numbers}]"


def among(
    connection: Connection, column: ColumnElement[int], ids: Collection[int]
) -> ColumnElement[bool]:
    """`column` is one of `ids`, however many they are, and in the same words for any number."""
    return one_of(connection.dialect.name, column, bindparam(None, ids, type_=Numbers()))


def one_of(
    dialect: str, column: ColumnElement[int], numbers: BindParameter[Collection[int]]
) -> ColumnElement[bool]:
    """The same of a parameter of type `Numbers` that is given later."""
    if dialect == "postgresql":
        return column == func.any(cast(numbers, ARRAY(BigInteger)))
    return column.in_(select(func.json_each(numbers).table_valued("value").c.value))

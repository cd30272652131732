"""One statement for many rows, each with values of its own, on either database."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    String,
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
    # One document costs PostgreSQL half of what an array for each column does.
    document = bindparam(None, orjson.dumps(list(rows)).decode(), type_=String())
    given = func.json_to_recordset(cast(document, JSON)).table_valued(
        *(column(name, kind) for name, kind in types.items()), name="fresh"
    )
    return connection.execute(
        statement(dict(given.render_derived(with_types=True).c.items()))
    ).rowcount


def among(
    connection: Connection, column: ColumnElement[int], ids: Collection[int]
) -> ColumnElement[bool]:
    """`column` is one of `ids`, however many they are, and in the same words for any number."""
    if connection.dialect.name == "postgresql":
        return column == func.any(bindparam(None, list(ids), type_=ARRAY(BigInteger)))
    given = func.json_each(bindparam(None, json.dumps(list(ids)), type_=String()))
    return column.in_(select(given.table_valued("value").c.value))

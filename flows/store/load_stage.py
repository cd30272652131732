"""Rows on their way in: temporary tables of one connection, filled in bulk."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Index,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from flows.store.types import Utc
from segments.frames import SOURCES, Kind

_TYPES: dict[Kind, type[TypeEngine[Any]] | TypeEngine[Any]] = {
    Kind.TEXT: Text,
    Kind.WORD: Text,
    Kind.NUMBER: Float,
    Kind.MONEY: BigInteger,
    Kind.MOMENT: Utc(),
}
_KEYS = {
    "customers": ("customer",),
    "contacts": ("contact", "customer"),
    "products": ("product",),
    "orders": ("order", "customer"),
    "order_lines": ("order", "row"),
    "complaints": ("complaint", "customer"),
    "interactions": ("interaction", "customer"),
    "permissions": ("contact",),
    "suppressions": ("contact",),
    "task_results": ("task",),
}
WATERMARK = "watermark"
_FILLED = "stages filled"

_metadata = MetaData()


def _staged(table: str) -> Table:
    return Table(
        f"stage_{table}",
        _metadata,
        Column("row", BigInteger, nullable=False),
        *(
            Column(name, _TYPES[column.kind])
            for name, column in SOURCES[table].items()
            if name != "unit_price"
        ),
        Column(WATERMARK, Utc()),
        prefixes=["TEMPORARY"],
    )


STAGES = {table: _staged(table) for table in SOURCES}
"""One temporary table a source; its columns are those of the contract, and the row."""

REJECTS = Table(
    "stage_reject",
    _metadata,
    Column("source", Text, nullable=False),
    Column("row", BigInteger, nullable=False),
    Column("column", Text, nullable=False),
    Column("value", Text),
    Column("reason", Text, nullable=False),
    Column("whole", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
)

ASIDE = Table(
    "stage_aside",
    _metadata,
    Column("source", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("later", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Keys of rows that wait for a later pull or were left out on purpose, for what refers to them."""

TOUCHED = Table(
    "stage_touched",
    _metadata,
    Column("purchase_id", BigInteger, primary_key=True, autoincrement=False),
    Column("lines", BigInteger, nullable=False),
    Column("staged", Boolean, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Purchases this pull wrote: with how many lines, and whether their head came as well."""

BEFORE = Table(
    "stage_before",
    _metadata,
    Column("purchase_id", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("ordered_at", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cancelled_at", Utc),
    Column("total", BigInteger, nullable=False),
    Column("list_total", BigInteger),
    Column("cost", BigInteger),
    Column("seen_at", Utc),
    prefixes=["TEMPORARY"],
)
"""Purchases as they were before this pull wrote to them."""

TOTALS = Table(
    "stage_total",
    _metadata,
    Column("purchase_id", BigInteger, primary_key=True, autoincrement=False),
    Column("total", BigInteger, nullable=False),
    Column("list_total", BigInteger),
    Column("cost", BigInteger),
    Column("category", Text),
    Column("kind", Text),
    prefixes=["TEMPORARY"],
)
"""What the heads of purchases touched should say."""

MATCHES = Table(
    "stage_match",
    _metadata,
    Column("credit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sale_id", BigInteger, nullable=False),
    prefixes=["TEMPORARY"],
)
"""Which sale a credit without a reference gives back."""


@contextmanager
def staging(engine: Engine) -> Iterator[Connection]:
    """A connection of its own with empty stages, which vanish with it."""
    with engine.connect() as connection:
        connection.detach()
        with connection.begin():
            _metadata.create_all(connection, checkfirst=False)
        yield connection


def holds(connection: Connection, *targets: Table) -> bool:
    """Whether one of these tables was ever filled; what reads only empty ones can be spared."""
    return any(target.name in connection.info.get(_FILLED, ()) for target in targets)


def note_filled(connection: Connection, target: Table) -> None:
    """Remember that a table may hold rows."""
    connection.info.setdefault(_FILLED, set()).add(target.name)


def stage(connection: Connection, table: str, good: pa.RecordBatch) -> None:
    """Add checked rows of one source."""
    _fill(connection, STAGES[table], good)


def stage_rejects(connection: Connection, source: str, rejects: pa.RecordBatch) -> None:
    """Add rejects: row, column, value, reason, and whether the whole row stayed outside."""
    _fill(connection, REJECTS, _of(source, rejects))


def stage_aside(connection: Connection, source: str, aside: pa.RecordBatch) -> None:
    """Add the keys of rows that were not taken in on purpose."""
    _fill(connection, ASIDE, _of(source, aside))


def index(connection: Connection) -> None:
    """Make the filled stages quick to look things up in."""
    staged = [(STAGES[table], keys) for table, keys in _KEYS.items()]
    for target, keys in [*staged, (ASIDE, ("key",))]:
        # Settling fills these two, and looks things up in them while it does.
        if target not in (ASIDE, STAGES["orders"]) and not holds(connection, target):
            continue
        for key in keys:
            made = Index(f"ix_{target.name}_{key}", target.c[key])
            made.create(connection)
            target.indexes.discard(made)
        measure(connection, target)


def measure(connection: Connection, target: Table) -> None:
    """Tell the planner how large a table has become; PostgreSQL does not look by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"ANALYZE {target.name}"))


def _of(source: str, rows: pa.RecordBatch) -> pa.RecordBatch:
    return rows.append_column("source", pa.repeat(source, len(rows)))


def _fill(connection: Connection, target: Table, rows: pa.RecordBatch) -> None:
    if not len(rows):
        return
    note_filled(connection, target)
    names = [column.name for column in target.c if column.name in rows.schema.names]
    rows = rows.select(names)
    columns = ", ".join(f'"{name}"' for name in names)
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql":
            with cursor.copy(f"COPY {target.name} ({columns}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(_as_csv(rows))
            return
        marks = ", ".join("?" * len(names))
        cursor.executemany(
            f"INSERT INTO {target.name} ({columns}) VALUES ({marks})",  # noqa: S608
            list(zip(*(_as_sqlite(column) for column in rows.columns), strict=True)),
        )
    finally:
        cursor.close()


def _as_csv(rows: pa.RecordBatch) -> bytes:
    buffer = io.BytesIO()
    pa_csv.write_csv(
        rows, buffer, pa_csv.WriteOptions(include_header=False, quoting_style="needed")
    )
    return buffer.getvalue()


def _as_sqlite(column: pa.Array) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        # The very text `Utc` writes: arrow spells moments without a zone that way.
        column = column.cast(pa.timestamp("us")).cast(pa.string())
    return list(column.to_pylist())

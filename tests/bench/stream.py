"""Columns of numpy straight into the tables of a new store, past every driver's rows.

PostgreSQL takes them as its own binary COPY, put together a block at a time without touching a
single value from Python; SQLite takes them as rows. Indexes and foreign keys come last, which is
how one fills a large store. Empty text, NaT and `NOTHING` are missing.
"""

from typing import Any

import numpy as np
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Constraint,
    Engine,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from flows.store.models import Base
from flows.store.types import Utc

NOTHING = np.iinfo(np.int64).min
_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_END = b"\xff\xff"
_FROM_1970 = 946_684_800_000_000

Columns = dict[str, np.ndarray]


class Stream:
    """A store that is being filled: tables at the start, indexes and constraints at the end."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.counts: dict[str, int] = {}
        self.raw = engine.raw_connection()
        with engine.begin() as connection:
            for table in Base.metadata.sorted_tables:
                connection.execute(CreateTable(table if self.sqlite else _bare(table)))
        if self.sqlite:
            cursor = self.raw.cursor()
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("BEGIN")

    def write(self, name: str, columns: Columns) -> None:
        """Add rows to a table; what it demands and nobody gave is made up."""
        rows = len(next(iter(columns.values())))
        if not rows:
            return
        self.counts[name] = self.counts.get(name, 0) + rows
        table = Base.metadata.tables[name]
        given = {**columns, **_made_up(table, columns, rows)}
        names = ", ".join(f'"{column}"' for column in given)
        cursor = self.raw.cursor()
        if self.sqlite:
            holes = ", ".join("?" * len(given))
            cursor.executemany(
                f'INSERT INTO "{name}" ({names}) VALUES ({holes})',
                zip(*(_plain(values) for values in given.values()), strict=True),
            )
            return
        with cursor.copy(f'COPY "{name}" ({names}) FROM STDIN (FORMAT binary)') as copy:
            copy.write(_HEADER + _binary(table, given, rows) + _END)

    def finish(self) -> dict[str, int]:
        """Add what makes finding quick and rows consistent. How many rows each table has."""
        self.raw.commit()
        self.raw.close()
        with self.engine.begin() as connection:
            if not self.sqlite:
                connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
            for table in Base.metadata.sorted_tables:
                for index in sorted(table.indexes, key=_name):
                    connection.execute(CreateIndex(index))
            if not self.sqlite:
                _finish_postgres(connection)
        with self.engine.connect() as connection:
            apart = connection.execution_options(isolation_level="AUTOCOMMIT")
            apart.execute(text("ANALYZE" if self.sqlite else "VACUUM ANALYZE"))
        return self.counts


def _bare(table: Table) -> Table:
    """The same table with a primary key as its only constraint."""
    bare = table.to_metadata(MetaData(naming_convention=table.metadata.naming_convention))
    bare.constraints = {bare.primary_key}
    return bare


def _later(table: Table) -> list[Constraint]:
    unique = [one for one in table.constraints if isinstance(one, UniqueConstraint)]
    return sorted(unique, key=_name) + sorted(table.foreign_key_constraints, key=_name)


def _name(one: Index | Constraint) -> str:
    return str(one.name)


def _finish_postgres(connection: Connection) -> None:
    for table in Base.metadata.sorted_tables:
        for constraint in _later(table):
            connection.execute(AddConstraint(constraint))
        if "id" in table.c:
            numbers = f"pg_get_serial_sequence('{table.name}', 'id')"
            last = f'SELECT coalesce(max(id), 0) + 1 FROM "{table.name}"'
            connection.execute(text(f"SELECT setval({numbers}, ({last}), false)"))


def _made_up(table: Table, columns: Columns, rows: int) -> Columns:
    """Something for columns that may not be empty: a moment the row has, zero, or no words."""
    missing = [
        column
        for column in table.columns
        if not column.nullable and column.name not in columns and column.name != "id"
    ]
    moment = next((given for given in columns.values() if given.dtype.kind == "M"), None)
    return {column.name: _filler(column, moment, rows) for column in missing}


def _filler(column: Column[Any], moment: np.ndarray | None, rows: int) -> np.ndarray:
    if isinstance(column.type, Utc) and moment is not None:
        return moment
    if isinstance(column.type, Integer | BigInteger):
        return np.zeros(rows, dtype=np.int64)
    return np.full(rows, b"-")


def _binary(table: Table, columns: Columns, rows: int) -> bytes:
    """Rows as PostgreSQL writes them: two bytes for how many fields, then each with its length."""
    parts = [
        np.broadcast_to(np.frombuffer(np.array(len(columns), ">i2").tobytes(), "u1"), (rows, 2))
    ]
    used = [np.ones((rows, 2), dtype=bool)]
    for name, values in columns.items():
        content, lengths = _field(table.c[name], values)
        parts += [lengths.astype(">i4").view("u1").reshape(rows, 4), content]
        used += [
            np.ones((rows, 4), dtype=bool),
            np.arange(content.shape[1]) < np.maximum(lengths, 0)[:, None],
        ]
    packed: bytes = np.hstack(parts)[np.hstack(used)].tobytes()
    return packed


def _field(column: Column[Any], values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bytes of one column, as wide as the widest, and how many count; -1: missing."""
    rows = len(values)
    if values.dtype.kind == "S":
        content = np.ascontiguousarray(values).view("u1").reshape(rows, -1)
        lengths = np.where(content.any(axis=1), np.char.str_len(values), -1)
        return content, lengths
    if values.dtype.kind == "M":
        gone = np.isnat(values)
        number = values.astype("datetime64[us]").view(np.int64) - _FROM_1970
        kind = ">i8"
    else:
        gone = values == NOTHING
        number = values
        kind = ">i4" if type(column.type) is Integer else ">i8"
    content = number.astype(kind).view("u1").reshape(rows, -1)
    return content, np.where(gone, -1, content.shape[1])


def _plain(values: np.ndarray) -> list[Any]:
    """Values as SQLite takes them; moments as the text the store's type writes."""
    if values.dtype.kind == "S":
        gone, plain = values == b"", values.astype("U").tolist()
    elif values.dtype.kind == "M":
        texts = np.datetime_as_string(values.astype("datetime64[us]")).astype("U26")
        texts.view("U1").reshape(len(texts), 26)[:, 10] = " "
        gone, plain = np.isnat(values), texts.tolist()
    else:
        gone, plain = values == NOTHING, values.tolist()
    if not gone.any():
        return plain
    return [None if miss else value for value, miss in zip(plain, gone.tolist(), strict=True)]

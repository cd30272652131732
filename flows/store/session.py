"""Engines, transactions and frames."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, create_engine, event, select, text, type_coerce
from sqlalchemy.engine import make_url
from sqlalchemy.sql.expression import Select
from sqlalchemy.types import BigInteger, Integer, Text

from flows.store.types import Utc

_BUSY_MS = 30_000


def open_store(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://...`, with the settings we rely on."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_MS / 1000})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    return create_engine(parsed, pool_pre_ping=True)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "temp_store=FILE",
        "cache_size=-65536",
        f"busy_timeout={_BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def writing(engine: Engine, lock: str = "write") -> Iterator[Connection]:
    """One transaction that is alone with its name: no second writer decides on stale rows."""
    with engine.connect() as connection, alone(connection, lock):
        yield connection


@contextmanager
def alone(connection: Connection, lock: str = "write") -> Iterator[None]:
    """The same on a connection one already has, for what was prepared on it."""
    if connection.dialect.name == "sqlite":
        connection.execution_options(sqlite_begin="IMMEDIATE")
    try:
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": lock}
                )
            yield
    finally:
        if connection.dialect.name == "sqlite":
            connection.execution_options(sqlite_begin="DEFERRED")


def frame(connection: Connection, statement: Select[Any]) -> pd.DataFrame:
    """The rows as columns: moments as UTC, integers as nullable `Int64`, words as text.

    Conversion is by column, never by row. The order of rows is not promised.
    """
    inner = statement.subquery()
    moments = [column.key for column in inner.c if isinstance(column.type, Utc)]
    integers = [column.key for column in inner.c if isinstance(column.type, Integer | BigInteger)]
    outer = select(
        *(
            type_coerce(column, Text()).label(column.key)
            if column.key in moments and connection.dialect.name == "sqlite"
            else column
            for column in inner.c
        )
    )
    result = connection.execute(outer)
    names = list(result.keys())
    # Past SQLAlchemy's rows, which would cost as much again as the database itself.
    found: Sequence[Any] = result.cursor.fetchall() if result.cursor else []
    result.close()
    rows = pd.DataFrame.from_records(found, columns=names)
    for name in moments:
        rows[name] = pd.to_datetime(rows[name], utc=True, format="ISO8601").astype(
            "datetime64[us, UTC]"
        )
    for name in integers:
        rows[name] = rows[name].astype("Int64")
    return rows

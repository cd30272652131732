"""Engines, transactions and frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.sql.expression import Select

from flows.store import columnar
from flows.store.statements import COMPILED

_BUSY_MS = 30_000
_SHARED = {"compiled_cache": COMPILED}


def open_store(url: str) -> Engine:
    """An engine for `sqlite:///file` or `postgresql://...`, with the settings we rely on."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        patience = {"timeout": _BUSY_MS / 1000}
        engine = create_engine(parsed, connect_args=patience, execution_options=_SHARED)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(parsed, pool_pre_ping=True, execution_options=_SHARED)
    event.listen(engine, "connect", _prepare_postgres)
    event.listen(engine, "before_cursor_execute", columnar.in_binary)
    return engine


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


def _prepare_postgres(connection: Any, _record: Any) -> None:
    # Our statements are many and alike; compiling each anew costs more than it ever saves.
    connection.execute("SET jit = off")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


@contextmanager
def writing(engine: Engine, lock: str = "write") -> Iterator[Connection]:
    """One transaction that is alone with its name: no second writer decides on stale rows."""
    with engine.connect() as connection, alone(connection, lock):
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that cannot write, and sees the store as it was when it began."""
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            yield connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")
        try:
            yield connection
        finally:
            connection.exec_driver_sql("PRAGMA query_only=OFF")


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
    columns = columnar.read(connection, statement)
    return pd.DataFrame({name: _series(values) for name, values in columns.items()}, copy=False)


def _series(values: Any) -> Any:
    if not isinstance(values, np.ndarray):
        return values
    if values.dtype.kind == "M":
        return pd.DatetimeIndex(values).tz_localize("UTC")
    if values.dtype.kind == "i":
        return pd.arrays.IntegerArray(values, values == columnar.UNKNOWN)
    return values

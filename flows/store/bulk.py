"""Many rows at once into a table, as fast as each database takes them.

PostgreSQL takes them as COPY, SQLite as one statement run many times. Whole columns are turned
into what the database stores, each different value once; the checks of the column types apply.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Column, Connection, TypeDecorator, text

from flows.store.models import Base
from flows.store.types import Utc

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_MISSING = r"\N"
_LOOKED_AT = 1_000

Columns = Sequence[Column[Any]]


def look_again(connection: Connection) -> None:
    """Have the database see how much is in its tables now: how it finds rows follows from that.

    It does so by itself, but not at once, and the first plan after a large load would take ages.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA analysis_limit={_LOOKED_AT}")
    for table in Base.metadata.sorted_tables:
        connection.execute(text(f'ANALYZE "{table.name}"'))


def numbers(connection: Connection, table: str, count: int) -> np.ndarray[Any, Any]:
    """So many new numbers for rows of a table, which nobody else gets."""
    name = Base.metadata.tables[table].name
    if connection.dialect.name == "postgresql":
        serial = "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :n)"
        taken = connection.execute(text(serial), {"name": name, "n": count}).scalars()
        return np.fromiter(taken, dtype="int64", count=count)
    # Whoever writes to SQLite is alone.
    highest = text(f'SELECT coalesce(max(id), 0) FROM "{name}"')  # noqa: S608
    last = connection.execute(highest).scalar_one()
    return np.arange(last + 1, last + 1 + count)


def insert_rows(connection: Connection, table: str, rows: pd.DataFrame) -> None:
    """Add rows; their columns are named like the table's."""
    columns = _columns(table, rows)
    if rows.empty:
        return
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns, rows)
        return
    holes = ", ".join("?" * len(columns))
    statement = f'INSERT INTO "{table}" ({_names(columns)}) VALUES ({holes})'  # noqa: S608
    _run_many(connection, statement, columns, rows)


def update_rows(connection: Connection, table: str, rows: pd.DataFrame) -> None:
    """Set columns in rows of a table; the column `id` says in which."""
    columns = _columns(table, rows)
    names = [f'"{column.name}"' for column in columns if column.name != "id"]
    if rows.empty:
        return
    if connection.dialect.name == "postgresql":
        fresh = f"fresh_{table}"
        empty = f'SELECT {_names(columns)} FROM "{table}" LIMIT 0'  # noqa: S608
        connection.execute(text(f"CREATE TEMP TABLE {fresh} ON COMMIT DROP AS {empty}"))
        _copy(connection, fresh, columns, rows)
        # Without a range the planner, who knows nothing of the fresh rows, reads the whole table.
        connection.execute(
            text(
                f'UPDATE "{table}" AS old SET '  # noqa: S608
                + ", ".join(f"{name} = {fresh}.{name}" for name in names)
                + f" FROM {fresh} WHERE old.id = {fresh}.id AND old.id BETWEEN :low AND :high"
            ),
            {"low": int(rows["id"].min()), "high": int(rows["id"].max())},
        )
        connection.execute(text(f"DROP TABLE {fresh}"))
        return
    setting = ", ".join(f"{name} = ?" for name in names)
    ordered = [column for column in columns if column.name != "id"]
    ordered += [column for column in columns if column.name == "id"]
    _run_many(connection, f'UPDATE "{table}" SET {setting} WHERE id = ?', ordered, rows)  # noqa: S608


def _columns(table: str, rows: pd.DataFrame) -> list[Column[Any]]:
    target = Base.metadata.tables[table]
    return [target.c[str(name)] for name in rows.columns]


def _names(columns: Columns) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def _run_many(connection: Connection, statement: str, columns: Columns, rows: pd.DataFrame) -> None:
    values = [_values(connection, column, rows[column.name], None) for column in columns]
    connection.exec_driver_sql(statement, list(zip(*values, strict=True)))


def _copy(connection: Connection, table: str, columns: Columns, rows: pd.DataFrame) -> None:
    values = [_values(connection, column, rows[column.name], _MISSING) for column in columns]
    lines = "\n".join(map("\t".join, zip(*values, strict=True)))
    cursor: Any = connection.connection.cursor()
    with cursor.copy(f'COPY "{table}" ({_names(columns)}) FROM STDIN') as copy:
        copy.write(lines.encode())
    cursor.close()


def _values(
    connection: Connection, column: Column[Any], series: pd.Series, missing: str | None
) -> list[Any]:
    """What the database gets, `missing` where there is nothing; text if `missing` is one."""
    codes, found = pd.factorize(series)
    different = _different(connection, column, pd.Series(found))
    if missing is not None:
        different = [str(value).translate(_ESCAPES) for value in different]
    # Where a value is missing its code is -1, which takes the last.
    known = np.array([*different, missing], dtype=object)
    taken: list[Any] = known[codes].tolist()
    return taken


def _different(connection: Connection, column: Column[Any], found: pd.Series) -> list[Any]:
    if found.empty:
        return []
    if isinstance(column.type, Utc):
        moments = found.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]")
        texts = np.datetime_as_string(moments, unit="us").astype("U26")
        if connection.dialect.name == "postgresql":
            return [f"{moment}+00" for moment in texts.tolist()]
        texts.view("U1").reshape(len(texts), 26)[:, 10] = " "
        return list(texts.tolist())
    if isinstance(column.type, TypeDecorator):
        checked = column.type.process_bind_param
        return [checked(value, connection.dialect) for value in found]
    return list(found.tolist())

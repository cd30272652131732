"""Which migration a store is at, and which this version of Stammkunde knows."""

import re
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

VERSION_TABLE = "stammkunde_version"
MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(\d{4})_\w+\.py")


def revision(engine: Engine) -> str | None:
    """The migration the store is at; None for one that has none of our tables yet."""
    with engine.connect() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """The same, asked on a connection one already has."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    statement = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
    return connection.execute(statement).scalar()


def newest() -> str:
    """The last migration this version of Stammkunde knows."""
    return max(known())


def known() -> set[str]:
    """Every migration this version knows."""
    names = (_FILE_NAME.fullmatch(file.name) for file in (MIGRATIONS / "versions").iterdir())
    return {name[1] for name in names if name}

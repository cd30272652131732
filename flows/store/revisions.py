"""Which migration a store is at, and which this version of Stammkunde knows."""

import re
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from flows.errors import ConfigError

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


def refuse_newer(found: str | None) -> None:
    """Raise `ConfigError` for a store this version does not know."""
    if found is not None and found not in known():
        raise ConfigError.at(
            "config/settings.yaml",
            f"the store was last used by a newer Stammkunde (its tables are at {found}, this one "
            f"knows {newest()}). Install that version, or go back to a copy of the store",
        )


def look(address: str) -> None:
    """The same for a store at its address, with little to load; one that is not there is fine."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        if not url.database or not Path(url.database).exists():
            return
    elif url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    try:
        refuse_newer(revision(engine))
    finally:
        engine.dispose()

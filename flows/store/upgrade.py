"""Brings a store's tables up to what this version of Stammkunde needs."""

import re
from pathlib import Path

from sqlalchemy import Connection, Engine, Inspector, inspect, text

from flows.errors import ConfigError
from flows.store.models import Base
from flows.store.session import writing

VERSION_TABLE = "stammkunde_version"
_MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(\d{4})_\w+\.py")


def upgrade(engine: Engine) -> None:
    """Create or change the tables; does nothing, quickly, when they are as they should be.

    Processes that start at once wait for one another. A store of a newer Stammkunde and a
    database that already holds somebody else's tables of these names are refused.
    """
    if revision(engine) == newest():
        return
    with writing(engine, lock="upgrade") as connection:
        _refuse_strangers(connection)
        _migrate(connection)


def revision(engine: Engine) -> str | None:
    """The migration the store is at; None for one that has none of our tables yet."""
    with engine.connect() as connection:
        return _revision(connection, inspect(connection))


def newest() -> str:
    """The last migration this version of Stammkunde knows."""
    return max(_known())


def _known() -> set[str]:
    names = (_FILE_NAME.fullmatch(file.name) for file in (_MIGRATIONS / "versions").iterdir())
    return {name[1] for name in names if name}


def _revision(connection: Connection, tables: Inspector) -> str | None:
    if not tables.has_table(VERSION_TABLE):
        return None
    statement = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
    return connection.execute(statement).scalar()


def _refuse_strangers(connection: Connection) -> None:
    tables = inspect(connection)
    found = _revision(connection, tables)
    if found is None:
        taken = sorted(set(tables.get_table_names()) & set(Base.metadata.tables))
        if taken:
            raise ConfigError.at(
                "config/settings.yaml",
                f"the database under `store` already holds tables named {', '.join(taken)} that "
                "Stammkunde did not make. Give it a database of its own",
            )
    elif found not in _known():
        raise ConfigError.at(
            "config/settings.yaml",
            f"the store was last used by a newer Stammkunde (its tables are at {found}, this one "
            f"knows {newest()}). Install that version, or go back to a copy of the store",
        )


def _migrate(connection: Connection) -> None:
    # Imported here because it takes a fifth of a second, and stores are mostly up to date.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

"""Brings a store's tables up to what this version of Stammkunde needs."""

from sqlalchemy import Connection, Engine, inspect, text

from flows.errors import ConfigError
from flows.store.models import Base
from flows.store.revisions import MIGRATIONS, VERSION_TABLE, newest, refuse_newer
from flows.store.session import writing


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
        return _revision_of(connection)


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    statement = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
    return connection.execute(statement).scalar()


def _refuse_strangers(connection: Connection) -> None:
    tables = inspect(connection)
    found = _revision_of(connection)
    if found is None:
        taken = sorted(set(tables.get_table_names()) & set(Base.metadata.tables))
        if taken:
            raise ConfigError.at(
                "config/settings.yaml",
                f"the database under `store` already holds tables named {', '.join(taken)} that "
                "Stammkunde did not make. Give it a database of its own",
            )
    refuse_newer(found)


def _migrate(connection: Connection) -> None:
    # Imported here because it takes a fifth of a second, and stores are mostly up to date.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

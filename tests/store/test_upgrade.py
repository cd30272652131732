"""The tables are made by migrations, and are the tables the models describe."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, column, event, inspect, table, text
from sqlalchemy.exc import IntegrityError

from flows.errors import ConfigError
from flows.store.models import Base
from flows.store.revisions import VERSION_TABLE, newest
from flows.store.session import open_store
from flows.store.upgrade import revision, upgrade


@pytest.fixture
def engine(empty_url: str) -> Iterator[Engine]:
    """A database without any table, once of each kind."""
    opened = open_store(empty_url)
    yield opened
    opened.dispose()


def test_an_empty_database_becomes_a_store(engine: Engine) -> None:
    assert revision(engine) is None
    upgrade(engine)
    assert revision(engine) == newest()
    assert set(inspect(engine).get_table_names()) == {VERSION_TABLE, *Base.metadata.tables}


def test_the_migrations_make_exactly_the_tables_of_the_models(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_migrations_make_indexes_with_their_conditions_too(engine: Engine) -> None:
    # compare_metadata looks at an index's columns, not at its condition.
    def indexes() -> list[tuple[str, str, bool, str]]:
        look = inspect(engine)
        return [
            (
                str(index["name"]),
                ", ".join(map(str, index["column_names"])),
                bool(index["unique"]),
                str(index.get("dialect_options", {}).get(f"{engine.dialect.name}_where", "")),
            )
            for name in sorted(Base.metadata.tables)
            for index in look.get_indexes(name)
        ]

    upgrade(engine)
    migrated = indexes()
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    assert migrated == indexes()
    conditions = {name: condition for name, _, _, condition in migrated}
    assert conditions["uq_send_without_contact"].strip("()") == "contact_id IS NULL"


def test_foreign_keys_hold_in_a_migrated_store(engine: Engine) -> None:
    upgrade(engine)
    lost = text("INSERT INTO contact (id, key, customer_id) VALUES (1, 'c', 99)")
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(lost)


def test_a_store_that_is_up_to_date_is_only_asked_for_its_version(engine: Engine) -> None:
    # Alembic alone would take a fifth of a second, and every command begins with this.
    upgrade(engine)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    upgrade(engine)
    assert asked[-1].endswith(f"FROM {VERSION_TABLE}")
    assert len(asked) <= 4


def test_two_processes_that_start_at_once_make_the_tables_once(
    engine: Engine, empty_url: str
) -> None:
    code = (
        "import sys; from flows.store.session import open_store; "
        "from flows.store.upgrade import upgrade; upgrade(open_store(sys.argv[1]))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, empty_url],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in started]
    assert said == ["", ""]
    assert [process.returncode for process in started] == [0, 0]
    assert revision(engine) == newest()


def test_a_migration_that_fails_leaves_nothing_behind(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", broken)
        with pytest.raises(OSError, match="disk"):
            upgrade(engine)
    assert inspect(engine).get_table_names() == []
    upgrade(engine)
    assert revision(engine) == newest()


def test_a_store_of_a_newer_version_is_refused_in_plain_words(engine: Engine) -> None:
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            table(VERSION_TABLE, column("version_num")).update().values(version_num="9999")
        )
    with pytest.raises(ConfigError, match="newer Stammkunde"):
        upgrade(engine)


def test_a_database_with_tables_of_somebody_else_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE customer (nr INTEGER)"))
    with pytest.raises(ConfigError, match="already holds tables named customer"):
        upgrade(engine)
    assert inspect(engine).get_table_names() == ["customer"]

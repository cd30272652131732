"""Stores to test on: SQLite always, PostgreSQL where its programs are installed."""

import re
import shutil
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text

from flows.store.models import Base
from flows.store.session import open_store
from flows.store.upgrade import upgrade
from tests import postgres
from tests.long import LONG

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
STORE = Path(__file__).parent / "store"
_KINDS = {"sqlite", "postgresql"}
_DATABASES = count(1)
_SHORT, _FEWEST, _MANY = 3, 8, 3
_NOBODY_ELSE = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def pytest_configure() -> None:
    """Hear Ctrl-C, also where a shell started the tests in the background, deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that nobody waits for the last of them alone."""
    spared = set() if LONG else {item for item in items if _is_spared(item)}
    config.hook.pytest_deselected(items=[item for item in items if item in spared])
    items[:] = [item for item in items if item not in spared]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
    for law in {getattr(item, "function", None) for item in items}:
        _try_as_often_as_there_is_time(law)


def _is_spared(item: pytest.Item) -> bool:
    """Whether this is the same once more, on the database that is not the one meant for it.

    What is marked says itself where it belongs. All SQL is in the store, so its tests are there on
    both; of a table of cases the first one, and the others take turns. All other tests take turns.
    """
    call = getattr(item, "callspec", None)
    cases = {name: str(given) for name, given in (call.params if call else {}).items()}
    databases = _KINDS & set(cases.values())
    if call is None or not databases:
        return False
    if postgres.programs() is None:
        return "sqlite" not in databases
    mark = item.get_closest_marker("briefly")
    if mark is not None:
        return not databases & set(mark.args)
    others = [name for name, given in cases.items() if given not in _KINDS]
    if STORE in item.path.parents and not any(call.indices[name] for name in others):
        return False
    # Whatever the order of tests, each has its place: that of its name.
    name = re.sub("sqlite|postgresql", "", item.nodeid)
    return sorted(_KINDS)[crc32(name.encode()) % 2] not in databases


def _try_as_often_as_there_is_time(law: Any) -> None:
    """A third of the cases a law asks for, and with `LONG=1` three times as many."""
    asked = getattr(law, "_hypothesis_internal_use_settings", None)
    if asked is not None:
        many = asked.max_examples
        many = many * _MANY if LONG else max(many // _SHORT, min(many, _FEWEST))
        law._hypothesis_internal_use_settings = settings(asked, max_examples=many)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real orders beside this checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real orders (../shared/data) are not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    """A PostgreSQL server for the whole session."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL's programs are not installed (apt-get install postgresql)")
    with postgres.server() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_template(postgres_address: str) -> str:
    """A database with all tables, to copy from."""
    _admin(postgres_address, "CREATE DATABASE template_stammkunde")
    _make_tables(f"{postgres_address}/template_stammkunde")
    return "template_stammkunde"


@pytest.fixture(scope="session")
def postgres_engine(postgres_address: str, postgres_template: str) -> Iterator[Engine]:
    """One database for many tests, which each find it empty."""
    _admin(postgres_address, f"CREATE DATABASE shared TEMPLATE {postgres_template}")
    opened = open_store(f"{postgres_address}/shared")
    yield opened
    opened.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, to copy."""
    file = tmp_path_factory.mktemp("template") / "store.db"
    _make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    yield from _new_database(request.getfixturevalue("postgres_address"), "template1")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store with all tables and no rows, once of each kind."""
    if request.param == "sqlite":
        file = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    opened = request.getfixturevalue("postgres_engine")
    yield opened.url.set(drivername="postgresql").render_as_string(hide_password=False)
    # To make a database takes longer than to empty one; whoever is still in it has to leave.
    with opened.begin() as connection:
        connection.execute(_NOBODY_ELSE)
    postgres.empty(opened, Base.metadata.sorted_tables)
    opened.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A store with all tables and no rows, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "store.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        opened = open_store(f"sqlite:///{file}")
        yield opened
        opened.dispose()
        return
    opened = request.getfixturevalue("postgres_engine")
    yield opened
    opened.dispose()
    postgres.empty(opened, Base.metadata.sorted_tables)


def _make_tables(url: str) -> None:
    engine = open_store(url)
    upgrade(engine)
    engine.dispose()


def _new_database(address: str, template: str) -> Iterator[str]:
    name = f"test_{next(_DATABASES)}"
    _admin(address, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield f"{address}/{name}"
    _admin(address, f"DROP DATABASE {name} WITH (FORCE)")


def _admin(address: str, statement: str) -> None:
    engine = create_engine(
        f"{address}/postgres".replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()

"""Stores to test on: SQLite always, PostgreSQL where its programs are installed."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, text

from flows.store.models import Base
from flows.store.session import open_store
from tests import postgres

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_DATABASES = count(1)


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
    engine = open_store(f"{postgres_address}/template_stammkunde")
    Base.metadata.create_all(engine)
    engine.dispose()
    return "template_stammkunde"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'store.db'}"
        return
    address = request.getfixturevalue("postgres_address")
    name = f"test_{next(_DATABASES)}"
    _admin(address, f"CREATE DATABASE {name}")
    yield f"{address}/{name}"
    _admin(address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A store with all tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
        Base.metadata.create_all(opened)
        yield opened
        opened.dispose()
        return
    address = request.getfixturevalue("postgres_address")
    template = request.getfixturevalue("postgres_template")
    name = f"test_{next(_DATABASES)}"
    _admin(address, f"CREATE DATABASE {name} TEMPLATE {template}")
    opened = open_store(f"{address}/{name}")
    yield opened
    opened.dispose()
    _admin(address, f"DROP DATABASE {name} WITH (FORCE)")


def _admin(address: str, statement: str) -> None:
    engine = create_engine(
        f"{address}/postgres".replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()

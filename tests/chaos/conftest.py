"""One simulator that keeps digests, for all of chaos, and databases of one kind."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.simulator.process import Simulator, running

_DATABASES = count(1)


@pytest.fixture(scope="session")
def digesting() -> Iterator[Simulator]:
    """A simulator as the long form uses it."""
    with running(keep="digest", every=0) as started:
        yield started


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a file that is not there yet."""
    return f"sqlite:///{tmp_path / 'store.db'}"


@pytest.fixture
def postgres_url(postgres_address: str, postgres_template: str) -> Iterator[str]:
    """The address of a database of one's own, with all tables."""
    name = f"chaos_{next(_DATABASES)}"
    server = create_engine(
        f"{postgres_address}/postgres".replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
        yield f"{postgres_address}/{name}"
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()

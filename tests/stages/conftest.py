"""A tiny project folder with real files, once on SQLite and once on PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.stages.planning import plan
from flows.stages.shop import Shop
from tests.stages.house import Sends, furnished
from tests.stages.tiny import Tiny, after


@pytest.fixture(scope="session")
def sqlite_tiny(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """What `tiny` is on SQLite, to copy."""
    folder = tmp_path_factory.mktemp("tiny")
    shutil.copy(sqlite_template, folder / "store.db")
    return _begun(Tiny(folder / "project"), f"sqlite:///{folder / 'store.db'}")


@pytest.fixture
def tiny(request: pytest.FixtureRequest, store_url: str, tmp_path: Path) -> Tiny:
    """Three customers who bought on Saturday; the shipped journeys, reassurance live before."""
    if store_url.startswith("sqlite"):
        prepared: Tiny = request.getfixturevalue("sqlite_tiny")
        shutil.copy(prepared.folder.parent / "store.db", tmp_path / "store.db")
        return prepared.copied(tmp_path / "project", store_url)
    return _begun(Tiny(tmp_path / "project"), store_url)


def _begun(made: Tiny, store_url: str) -> Tiny:
    made.make(store_url)
    with made.open() as shop:
        plan(shop, after(-2))
    return made


@pytest.fixture
def house(store_url: str, tmp_path: Path) -> Iterator[Shop]:
    """A project with two ways out, opened; see `tests.stages.house`."""
    yield from furnished(tmp_path / "project", store_url)


@pytest.fixture
def sends(house: Shop) -> Sends:
    """Writes sends into that house's store."""
    return Sends(house.engine)

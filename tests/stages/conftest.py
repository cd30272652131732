"""A tiny project folder with real files, once on SQLite and once on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.stages.planning import plan
from flows.stages.shop import Shop
from tests.stages.house import Sends, furnished
from tests.stages.tiny import Tiny, after


@pytest.fixture
def tiny(store_url: str, tmp_path: Path) -> Tiny:
    """Three customers who bought on Saturday; the shipped journeys, reassurance live before."""
    made = Tiny(tmp_path / "project")
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

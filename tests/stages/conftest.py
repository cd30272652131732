"""A tiny project folder with real files, once on SQLite and once on PostgreSQL."""

from pathlib import Path

import pytest

from flows.stages.planning import plan
from tests.stages.tiny import Tiny, after


@pytest.fixture
def tiny(store_url: str, tmp_path: Path) -> Tiny:
    """Three customers who bought on Saturday; the shipped journeys, reassurance live before."""
    made = Tiny(tmp_path / "project")
    made.make(store_url)
    with made.open() as shop:
        plan(shop, after(-2))
    return made

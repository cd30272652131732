"""A project to pull from, on both databases."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.intake.puller import Project


@pytest.fixture
def project(engine: Engine, tmp_path: Path) -> Project:
    """A project folder with an empty store."""
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(engine, folder)

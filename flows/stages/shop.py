"""A project opened for work: its YAML read, its store migrated and ready."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import finalize

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from flows import clock
from flows.config import Project, load
from flows.errors import ConfigError
from flows.passing import patiently
from flows.settings import store_address
from flows.store import runs
from flows.store.session import open_store, writing
from flows.store.upgrade import upgrade

Progress = Callable[[str, int, int], None]
"""Called with what is being worked on, how much of it is done, and out of how much (0: unknown)."""


def quiet(_what: str, _done: int, _of: int) -> None:
    """Progress for nobody."""


@dataclass(frozen=True)
class Shop:
    """A project and its store."""

    project: Project
    engine: Engine


def open_shop(folder: Path) -> Shop:
    """Read the project and open its store, bringing its tables up to date."""
    project = load(folder)
    address = store_address(project.settings, folder)
    try:
        engine = open_store(address)
        upgrade(engine)
    except (OperationalError, ModuleNotFoundError, ValueError) as error:
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise ConfigError.at(
            "config/settings.yaml", f"the store cannot be opened: {why}"
        ) from error
    shop = Shop(project, engine)
    # Whoever is through with a shop lets go of it; what it was connected to is let go of as well.
    finalize(shop, engine.dispose).atexit = False
    return shop


@contextmanager
def opened(folder: Path, pauses: Sequence[float] = ()) -> Iterator[Shop]:
    """A project opened, and its store's connections closed afterwards.

    Where the store is away for a moment it is tried again after each of the `pauses`.
    """
    shop = patiently(lambda: open_shop(folder), pauses)
    try:
        yield shop
    finally:
        shop.engine.dispose()


@contextmanager
def noted_run(shop: Shop, kind: str, now: datetime) -> Iterator[tuple[int, dict[str, Any]]]:
    """A row in `run` around a stage: its number, and a dict to put its counts into."""
    with writing(shop.engine) as connection:
        run_id = runs.begin_run(connection, kind, now, clock.now())
    counts: dict[str, Any] = {}
    try:
        yield run_id, counts
    except BaseException as error:
        _end(shop, run_id, counts, f"{type(error).__name__}: {error}"[:2000])
        raise
    _end(shop, run_id, counts, None)


def _end(shop: Shop, run_id: int, counts: dict[str, Any], failed: str | None) -> None:
    with writing(shop.engine) as connection:
        runs.end_run(connection, run_id, clock.now(), counts, failed)

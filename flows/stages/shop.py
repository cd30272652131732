"""A project opened for work: its YAML read, its store migrated and ready."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import finalize

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from flows import clock
from flows.config import Project, load
from flows.errors import ConfigError
from flows.passing import patiently
from flows.settings import store_address
from flows.store import runs
from flows.store.place import damaged, file_of
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
    except (DatabaseError, ModuleNotFoundError, ValueError) as error:
        raise _not_opened(address, error) from error
    shop = Shop(project, engine)
    # Whoever is through with a shop lets go of it; what it was connected to is let go of as well.
    finalize(shop, engine.dispose).atexit = False
    return shop


def _not_opened(address: str, error: Exception) -> ConfigError:
    beneath = getattr(error, "orig", None)
    why = str(beneath or error).strip().splitlines()[0]
    file = file_of(address)
    if file is None:
        return ConfigError.at("config/settings.yaml", f"the store cannot be opened: {why}")
    if isinstance(beneath, sqlite3.Error) and not isinstance(beneath, sqlite3.OperationalError):
        return ConfigError.at(file, damaged(file, why))
    return ConfigError.at(
        file,
        f"the store cannot be opened: {why}. Does the folder exist, and may whoever runs this "
        'write there? "store" in config/settings.yaml says where it is',
    )


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

"""A small company that has lived through four days, made once and copied by whoever needs it."""

import atexit
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from flows.demo import Told, live_through, prepare
from segments.names import Locale

FIRST = date(2024, 11, 3)
LAST = date(2024, 11, 6)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
CUSTOMERS = 60
SHIPPED = sorted(
    file.stem for file in (Path(__file__).parents[1] / "config" / "journeys").glob("*.yaml")
)
"""Names of the journeys that come along."""


def lived(locale: Locale = Locale.EN) -> Told:
    """What the demo of `CUSTOMERS` says after its `DAYS`; newsletters go out on the fifth."""
    return _lived(locale)


@cache
def _lived(locale: Locale) -> Told:
    home = Path(tempfile.mkdtemp(prefix="stammkunde-test"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    company = prepare(home / "demo", CUSTOMERS, 7, locale, FIRST)
    return live_through(company, home / "demo", DAYS, with_prefect=0)


def copied(to: Path, locale: Locale = Locale.EN) -> Path:
    """A copy of the lived-through project, to do anything with."""
    return Path(shutil.copytree(lived(locale).folder, to / "demo"))


def without_examples(folder: Path) -> Path:
    """The same project, whose journeys have no examples to live through."""
    for file in (folder / "config" / "journeys").glob("*.yaml"):
        text = file.read_text(encoding="utf-8").partition("\nexamples:")[0]
        file.write_text(f"{text}\n", encoding="utf-8")
    return folder


def stored(folder: Path) -> list[str]:
    """All that a project's store holds; the file also changes when SQLite only tidies up."""
    with closing(sqlite3.connect(folder / "var" / "stammkunde.db")) as store:
        return list(store.iterdump())

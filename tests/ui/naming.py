"""Who could be known from what Prefect keeps: every name and address, and every place to look."""

import csv
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

_SHORTEST = 4
_TELLING = {"name", "email", "phone", "address", "managing_directors"}
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}", re.IGNORECASE)


def people(folder: Path) -> set[str]:
    """Customers, contacts and colleagues of a company: names, addresses, telephones, streets."""
    found: set[str] = set()
    with (folder / "data" / "customers.csv").open(encoding="utf-8") as opened:
        found |= {row["firma"] for row in csv.DictReader(opened)}
    with (folder / "data" / "contacts.csv").open(encoding="utf-8") as opened:
        for row in csv.DictReader(opened):
            found |= {row["e_mail"], row["nachname"], f"{row['vorname']} {row['nachname']}"}
    for name in ("owners", "senders"):
        text = (folder / "config" / f"{name}.yaml").read_text("utf-8")
        found |= set(_told(yaml.safe_load(text), telling=False))
    return {each for each in found if len(each) >= _SHORTEST}


def named(who: set[str], home: Path, *others: Path) -> dict[str, set[str]]:
    """Who of them stands where in Prefect's folder and in the `others`; any address at all."""
    every = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(who)))})(?!\w)")
    found: dict[str, set[str]] = {}
    for place, text in _kept(home, *others):
        hits = set(every.findall(text))
        # Prefect's own kinds of blocks bring examples of addresses along.
        if not place.startswith("block_"):
            hits |= set(_ADDRESS.findall(text))
        if hits:
            found.setdefault(place, set()).update(hits)
    return found


def _kept(home: Path, *others: Path) -> Iterator[tuple[str, str]]:
    """Each table of its database, and each other file, also what a file has not let go of yet."""
    with closing(sqlite3.connect(f"file:{home / 'prefect.db'}?mode=ro", uri=True)) as connection:
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in tables.fetchall():
            for row in connection.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - its own name
                yield name, "\n".join(map(_text, row))
    for file in [*home.rglob("*"), *(found for other in others for found in other.rglob("*"))]:
        if file.is_file() and not file.name.startswith("prefect.db"):
            yield file.name, file.read_text("utf-8", "replace")


def _text(cell: object) -> str:
    return cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)


def _told(value: Any, *, telling: bool) -> Iterator[str]:
    """The texts of a YAML file under keys that tell of a person."""
    if isinstance(value, dict):
        for key, kept in value.items():
            yield from _told(kept, telling=key in _TELLING)
    elif isinstance(value, list):
        for kept in value:
            yield from _told(kept, telling=telling)
    elif isinstance(value, str) and telling:
        yield value

"""What a file and everything that gives it its meaning come to, and when it need not be read again.

A table is left alone when its file is the one that was kept in full, to the last cell, and when
no table it refers to brought a row since that could change what its own rows mean.
"""

import hashlib
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path

from flows.intake.spec import Sources, TableSource

REFERS = {
    "orders": {"contacts", "products"},
    "order_lines": {"contacts", "products"},
    "complaints": {"orders", "order_lines"},
    "interactions": {"contacts"},
    "permissions": {"orders", "order_lines"},
    "suppressions": {"contacts", "customers"},
}
"""Tables whose rows can change what rows kept in full come to: people move from one customer to
another, products get prices, orders change hands. A customer once known stays known."""

_TOGETHER = ({"orders", "order_lines"},)
"""An order is known by its head and its lines, so those are read together or not at all."""

Look = tuple[int, int]
"""Size and time of a file, to see that it stayed as it was while it was read."""


def meaning(sources: Sources, zone: str, currency: str) -> str:
    """Everything but the files that decides what rows come to."""
    return "\n".join([version("stammkunde"), zone, currency, sources.model_dump_json()])


def look(source: TableSource, project: Path) -> Look | None:
    """The outside of a file; databases have none."""
    path = _file(source, project)
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_size, found.st_mtime_ns) if found is not None else None


def fingerprint(table: str, source: TableSource, project: Path, meant: str) -> str | None:
    """The content of a file and its meaning; `None` for what is always read.

    By content, not by date: many exports write the same rows anew each night, and some programs
    put old dates on new files.
    """
    path = _file(source, project)
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=20))
    except OSError:
        return None
    content.update(f"\0{table}\0{meant}".encode())
    return content.hexdigest()


def to_read(table: str, changed: Collection[str], news: Collection[str]) -> bool:
    """Whether a table must be read: its file is not the one of before, or others brought news."""
    together = next((group for group in _TOGETHER if table in group), {table})
    return bool(together.intersection(changed) or REFERS.get(table, set()).intersection(news))


def _file(source: TableSource, project: Path) -> Path | None:
    place = source.csv or source.parquet
    return None if place is None else project / place

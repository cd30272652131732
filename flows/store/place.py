"""Where a store is: its address, taken apart as SQLAlchemy does, which takes long to load."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, unquote

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

_PARTS = re.compile(
    r"(?P<kind>\w+)(?:\+\w+)?://"
    r"(?:(?P<user>[^:/]*)(?::(?P<password>[^@]*))?@)?"
    r"(?:\[(?P<brackets>[^/?]+)\]|(?P<host>[^/:?]+))?"
    r"(?::(?P<port>[^/?]*))?"
    r"(?:/(?P<database>[^?]*))?"
    r"(?:\?(?P<query>.*))?"
)


@dataclass(frozen=True)
class Place:
    """Which kind of database it is, the file or name, and whatever else leads to it."""

    kind: str
    database: str | None
    way: Mapping[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path | None:
        """The file of a store that is one."""
        if self.kind != SQLITE or not self.database or self.database == ":memory:":
            return None
        return Path(self.database)


def place_of(address: str) -> Place:
    """Raises `ValueError` for what is no address of a database."""
    found = _PARTS.fullmatch(address)
    if found is None:
        raise ValueError("no address of a database, such as sqlite:///var/stammkunde.db")
    written = {
        "host": found["brackets"] or found["host"],
        "port": found["port"],
        "user": found["user"] and unquote(found["user"]),
        "password": found["password"] and unquote(found["password"]),
    }
    way = {name: value for name, value in written.items() if value}
    way |= parse_qsl(found["query"] or "")
    return Place(found["kind"], found["database"] or None, way)


def damaged(file: Path, why: object) -> str:
    """What is said of a file that is no whole database."""
    return (
        f"this is no database, or no whole one any more ({why}). Keep it aside, and put a copy of "
        f"{file.name} back"
    )


def file_of(address: str) -> Path | None:
    """The file of a store that is one; none for what is no address at all."""
    try:
        return place_of(address).file
    except ValueError:
        return None

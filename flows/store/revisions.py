"""Which migration a store is at, and which this version of Stammkunde knows."""

import re
from pathlib import Path

from flows.errors import ConfigError
from flows.store.looking import Look, Question, ask, looking
from flows.store.place import file_of

VERSION_TABLE = "stammkunde_version"
MIGRATIONS = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(\d{4})_\w+\.py")
_AT = Question(
    "SELECT version_num FROM stammkunde_version", lambda rows: rows[0][0] if rows else None
)


def revision_seen(look: Look) -> str | None:
    """The migration a store is at that is looked into; None where it has none of our tables."""
    return ask(look, _AT) if look.has(VERSION_TABLE) else None


def newest() -> str:
    """The last migration this version of Stammkunde knows."""
    return max(known())


def known() -> set[str]:
    """Every migration this version knows."""
    names = (_FILE_NAME.fullmatch(file.name) for file in (MIGRATIONS / "versions").iterdir())
    return {name[1] for name in names if name}


def refuse_newer(found: str | None) -> None:
    """Raise `ConfigError` for a store this version does not know."""
    if found is not None and found not in known():
        raise ConfigError.at(
            "config/settings.yaml",
            f"the store was last used by a newer Stammkunde (its tables are at {found}, this one "
            f"knows {newest()}). Install that version, or go back to a copy of the store",
        )


def look_at(address: str) -> None:
    """The same for a store at its address, with little to load; one that is not there is fine.

    Raises `LookError` where it cannot be reached.
    """
    file = file_of(address)
    if file is not None and not file.exists():
        return
    with looking(address) as look:
        refuse_newer(revision_seen(look))

"""A connection that only looks: the database's own driver, plain SQL, and soon given up.

SQLAlchemy takes longer to load than all that is asked here takes to answer.
"""

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from flows.store.place import POSTGRESQL, SQLITE, Place, place_of

if TYPE_CHECKING:
    import psycopg

PATIENCE = 3
"""Seconds to wait for a connection, and for an answer."""

MOMENT = "%Y-%m-%d %H:%M:%S.%f"
"""How SQLite, which knows no moments, keeps one: as text that sorts."""

_VALUE = re.compile(r":(\w+)")

Row = tuple[Any, ...]
T = TypeVar("T", covariant=True)


class LookError(Exception):
    """The store cannot be looked into, and why."""


class DamagedError(LookError):
    """The file of a store is no whole database, and will not be by itself."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """Something to ask a store: a statement with `:names`, and what its rows mean."""

    sql: str
    read: Callable[[Sequence[Row]], T]
    values: Mapping[str, Any] = field(default_factory=dict)


class Look(Protocol):
    """A store of either kind, looked into."""

    kind: str
    version: tuple[int, ...]

    def rows(self, questions: Sequence[Question[Any]]) -> list[list[Row]]:
        """What answers each, in one go. Raises `LookError`."""

    def has(self, table: str) -> bool:
        """Whether there is a table of this name."""


def ask(look: Look, question: Question[T]) -> T:
    """The answer to one question."""
    (rows,) = look.rows([question])
    return question.read(rows)


def ask_all(look: Look, *questions: Question[Any]) -> list[Any]:
    """The answers to all of them, for the way there and back once."""
    answers = look.rows(questions)
    return [each.read(rows) for each, rows in zip(questions, answers, strict=True)]


@contextmanager
def looking(address: str) -> Iterator[Look]:
    """Look into a store that exists. Raises `LookError`; a file that is not there stays away."""
    try:
        place = place_of(address)
    except ValueError as error:
        raise LookError(str(error)) from error
    opened: dict[str, Callable[[Place], AbstractContextManager[Look]]] = {
        SQLITE: _Sqlite.opened,
        POSTGRESQL: _Postgres.opened,
    }
    if place.kind not in opened:
        raise LookError(f"{place.kind} is neither sqlite nor postgresql")
    with opened[place.kind](place) as look:
        yield look


def moment(kept: datetime | str) -> datetime:
    """A moment in UTC, from what either kind of store keeps."""
    if isinstance(kept, str):
        return datetime.fromisoformat(kept).replace(tzinfo=UTC)
    return kept.astimezone(UTC)


def moment_if_any(kept: datetime | str | None) -> datetime | None:
    """The same where there may be none."""
    return None if kept is None else moment(kept)


class _Sqlite:
    kind: str = SQLITE
    version: tuple[int, ...] = sqlite3.sqlite_version_info

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def opened(cls, place: Place) -> Iterator["_Sqlite"]:
        if place.file is None:
            raise LookError("a store in memory cannot be looked into")
        # Quoted, as a name may hold signs that mean something in an address.
        name = f"{place.file.resolve().as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(name, uri=True, timeout=PATIENCE)) as connection:
                connection.execute("PRAGMA query_only=ON")
                yield cls(connection)
        except sqlite3.Error as error:
            passes = isinstance(error, sqlite3.OperationalError)
            raise (LookError if passes else DamagedError)(str(error)) from error

    def rows(self, questions: Sequence[Question[Any]]) -> list[list[Row]]:
        return [
            self._connection.execute(each.sql, _as_text(each.values)).fetchall()
            for each in questions
        ]

    def has(self, table: str) -> bool:
        found = self._connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
        )
        return found.fetchone() is not None


class _Postgres:
    kind: str = POSTGRESQL

    def __init__(self, connection: "psycopg.Connection", together: Callable[[], Any]) -> None:
        self._connection, self._together = connection, together
        number = connection.info.server_version
        self.version: tuple[int, ...] = (number // 10_000, number % 10_000)

    @classmethod
    @contextmanager
    def opened(cls, place: Place) -> Iterator["_Postgres"]:
        try:
            # Whoever has SQLite need not have it.
            import psycopg
        except ImportError as error:
            raise LookError(str(error)) from error
        limits = f"-c default_transaction_read_only=on -c statement_timeout={PATIENCE * 1000}"
        way: dict[str, Any] = {
            **place.way,
            "dbname": place.database,
            "connect_timeout": PATIENCE,
            "options": limits,
            "autocommit": True,
        }
        try:
            with closing(psycopg.connect(**way)) as connection:
                once = psycopg.Pipeline.is_supported()
                yield cls(connection, connection.pipeline if once else nullcontext)
        except psycopg.Error as error:
            raise LookError(str(error).strip().partition("\n")[0]) from error

    def rows(self, questions: Sequence[Question[Any]]) -> list[list[Row]]:
        with self._together():
            asked = [
                self._connection.execute(_VALUE.sub(r"%(\1)s", each.sql), each.values)
                for each in questions
            ]
            return [each.fetchall() for each in asked]

    def has(self, table: str) -> bool:
        found = self._connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,))
        return found.fetchone() == (True,)


def _as_text(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.astimezone(UTC).strftime(MOMENT) if isinstance(value, datetime) else value
        for name, value in values.items()
    }

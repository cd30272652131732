"""Turns: what only one process may do at a time, whoever started it, on whatever machine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Engine, text

_NAME = {"kind": "stammkunde turn"}


@contextmanager
def turn(engine: Engine, what: str) -> Iterator[bool]:
    """Whether it is our turn: False while somebody else's lasts. Ends with its process, too."""
    taken = _on_sqlite if engine.dialect.name == "sqlite" else _on_postgres
    with taken(engine, what) as ours:
        yield ours


@contextmanager
def beside(engine: Engine, what: str) -> Iterator[int]:
    """For what several may do at a time: how many others do so at this moment, on any machine.

    A store that is a file has nobody else's processes to count.
    """
    if engine.dialect.name == "sqlite":
        yield 0
        return
    name = _NAME | {"what": what}
    with engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        shared = "(hashtext(:kind), hashtext(:what))"
        connection.execute(text(f"SELECT pg_advisory_lock_shared{shared}"), name)
        # The halves of the lock's name stand there as unsigned numbers.
        held = text(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE locktype = 'advisory' AND objsubid = 2 AND granted "
            "AND datname = current_database() AND pid <> pg_backend_pid() "
            "AND classid::bigint = hashtext(:kind)::bigint & 4294967295 "
            "AND objid::bigint = hashtext(:what)::bigint & 4294967295"
        )
        try:
            yield int(connection.execute(held, name).scalar_one())
        finally:
            connection.execute(text(f"SELECT pg_advisory_unlock_shared{shared}"), name)


@contextmanager
def _on_postgres(engine: Engine, what: str) -> Iterator[bool]:
    name = _NAME | {"what": what}
    with engine.connect() as plain:
        # No transaction stays open meanwhile: it would keep the database from tidying up.
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        asked = text("SELECT pg_try_advisory_lock(hashtext(:kind), hashtext(:what))")
        ours = bool(connection.execute(asked, name).scalar())
        try:
            yield ours
        finally:
            if ours:
                given = text("SELECT pg_advisory_unlock(hashtext(:kind), hashtext(:what))")
                connection.execute(given, name)


@contextmanager
def _on_sqlite(engine: Engine, what: str) -> Iterator[bool]:
    """A file of its own beside the store, which an open transaction keeps for us alone."""
    file = engine.url.database
    beside = f"{file}-{what}" if file and file != ":memory:" else ":memory:"
    with closing(sqlite3.connect(beside, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
            ours = True
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            ours = False
        yield ours

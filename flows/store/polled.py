"""How far lists of others have been read."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base

_state = Base.metadata.tables["source_state"]


def polled_until(connection: Connection, name: str) -> datetime | None:
    """Up to which moment a list was read; None if it never was."""
    found = connection.scalar(select(_state.c.watermark).where(_state.c.source == name))
    return None if found is None else datetime.fromisoformat(found)


def note_poll(connection: Connection, name: str, until: datetime, rows: int) -> None:
    """A list was read up to this moment, and so many stood on it."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    values = {"watermark": until.isoformat(), "read_at": until, "rows": rows}
    statement = dialect.insert(_state).values(source=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["source"], set_=values))

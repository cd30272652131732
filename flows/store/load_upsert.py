"""INSERT ... SELECT ... ON CONFLICT, on both databases, touching only rows that differ."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.load_stage import measure
from flows.store.models import Base


@dataclass(frozen=True)
class Counts:
    """Rows that came in new and rows that changed."""

    new: int = 0
    changed: int = 0


def upsert(
    connection: Connection,
    model: type[Base],
    rows: Select[Any],
    key: Sequence[str],
    *,
    kept: Collection[str] = (),
    filled: Collection[str] = (),
    same: str | None = None,
) -> Counts:
    """Insert what is new by `key`, update what differs, leave alone what does not.

    `kept` columns are written to new rows only. `filled` ones are never emptied, as long as the
    column `same` has not changed with them.
    """
    target: Any = model.__table__
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    names = [column.name for column in rows.selected_columns]
    # SQLite takes the ON of a join for that of ON CONFLICT unless a WHERE stands between.
    statement: Any = dialect.insert(target).from_select(names, rows.where(true()))
    fresh = {}
    for name in names:
        if name in key or name in kept:
            continue
        fresh[name] = statement.excluded[name]
        if name in filled:
            filling = func.coalesce(statement.excluded[name], target.c[name])
            alike = (
                true()
                if same is None
                else target.c[same].is_not_distinct_from(statement.excluded[same])
            )
            fresh[name] = case((alike, filling), else_=statement.excluded[name])
    if fresh:
        differs = or_(*(target.c[name].is_distinct_from(value) for name, value in fresh.items()))
        statement = statement.on_conflict_do_update(
            index_elements=list(key), set_=fresh, where=and_(differs)
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(key))
    size = select(func.count()).select_from(target)
    before = connection.execute(size).scalar_one()
    done = connection.execute(statement, execution_options={"preserve_rowcount": True})
    new = connection.execute(size).scalar_one() - before
    if new > before + 1000:
        measure(connection, target)
    return Counts(new, max(done.rowcount, 0) - new)

"""Staged rows that will not be written: taken out or emptied, each with its reason."""

from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Table,
    and_,
    delete,
    exists,
    false,
    insert,
    literal,
    select,
    true,
    update,
)

from flows.store.load_stage import ASIDE, REJECTS, STAGES, holds, note_filled

Condition = ColumnElement[bool]

KEYS = {
    "customers": "customer",
    "contacts": "contact",
    "products": "product",
    "orders": "order",
    "complaints": "complaint",
    "interactions": "interaction",
    "task_results": "task",
}


@dataclass(frozen=True)
class Settled:
    """Staged rows of one source that will not be written, and why."""

    duplicates: int = 0
    rejected: int = 0
    left_out: int = 0
    not_yet: int = 0


def take_out(
    connection: Connection, table: str, column: str, wrong: Condition, of: str, reason: str
) -> Settled:
    """Drop the `wrong` rows, whose `column` names nothing among the `of`; how many, and why.

    One that belongs to what was put aside goes the same way as that: it waits, or is left out.
    """
    stage = STAGES[table]
    if not any_row(connection, stage, wrong):
        return Settled()
    put_aside = and_(ASIDE.c.source == of, ASIDE.c.key == stage.c[column])
    waits = and_(wrong, exists().where(put_aside, ASIDE.c.later))
    left = and_(wrong, exists().where(put_aside))
    _put_aside(connection, table, waits, later=True)
    not_yet = count(connection, delete(stage).where(waits))
    _put_aside(connection, table, left, later=False)
    why = "left out together with what it belongs to"
    reject(connection, table, column, left, why, whole=True)
    left_out = count(connection, delete(stage).where(left))
    reject(connection, table, column, wrong, reason, whole=True)
    rejected = count(connection, delete(stage).where(wrong))
    return Settled(not_yet=not_yet, left_out=left_out, rejected=rejected)


def empty(
    connection: Connection, table: str, column: str, wrong: Condition, of: str, reason: str
) -> None:
    """Leave a cell empty that names nothing among the `of`; the rest of the row stands."""
    stage = STAGES[table]
    cell = stage.c[column]
    put_aside = exists().where(ASIDE.c.source == of, ASIDE.c.key == cell)
    wrong = and_(cell.is_not(None), wrong)
    if not any_row(connection, stage, wrong):
        return
    reject(connection, table, column, and_(wrong, ~put_aside), reason, whole=False)
    connection.execute(update(stage).where(wrong).values({column: None}))


def reject(
    connection: Connection, table: str, column: str, wrong: Condition, reason: str, *, whole: bool
) -> None:
    """Note what a cell said and why it was refused: it alone, or the `whole` row with it."""
    stage = STAGES[table]
    rows = select(
        literal(table),
        stage.c.row,
        literal(column),
        stage.c[column],
        literal(reason),
        true() if whole else false(),
    ).where(wrong)
    names = ["source", "row", "column", "value", "reason", "whole"]
    connection.execute(insert(REJECTS).from_select(names, rows))
    note_filled(connection, REJECTS)


def _put_aside(connection: Connection, table: str, which: Condition, *, later: bool) -> None:
    if table in KEYS:
        key = STAGES[table].c[KEYS[table]]
        rows = select(literal(table), key, true() if later else false()).where(which)
        connection.execute(insert(ASIDE).from_select(["source", "key", "later"], rows))
        note_filled(connection, ASIDE)


def any_row(connection: Connection, stage: Table, wrong: Condition) -> bool:
    """Whether such a row was staged."""
    if not holds(connection, stage):
        return False
    found = connection.execute(select(stage.c.row).where(wrong).limit(1))
    return found.first() is not None


def count(connection: Connection, statement: Executable) -> int:
    """Run a statement; how many rows it changed."""
    return max(connection.execute(statement).rowcount, 0)

"""Who was erased does not come back with the next pull, whatever the company's data still say."""

from collections import Counter
from collections.abc import Callable, Collection

from sqlalchemy import (
    Connection,
    Table,
    delete,
    false,
    insert,
    literal,
    null,
    select,
    true,
    update,
)

from flows.store.load_stage import ASIDE, REJECTS, STAGES, holds, note_filled
from flows.store.models import Contact

Erased = Callable[[Collection[str]], set[str]]
"""Which of these addresses, "contact KEY" and "customer KEY" were erased."""

WHY = "was erased at the person's own wish; left outside"
_AT_ONCE = 500


def keep_out(connection: Connection, erased: Erased) -> Counter[str]:
    """Drop staged rows of people who were erased; how many of each source.

    Their cells are not kept among the rejects either. A customer whose name was erased stays
    without it, and a contact known under an erased address loses the address.
    """
    dropped: Counter[str] = Counter()
    contacts = STAGES["contacts"]
    gone: set[str] = set()
    if holds(connection, contacts):
        rows = connection.execute(select(contacts.c.contact, contacts.c.email)).all()
        marks = {f"contact {row.contact}": row.contact for row in rows if row.contact}
        found = erased({*marks, *(row.email for row in rows if row.email)})
        gone = {marks[mark] for mark in found & marks.keys()}
        gone |= {row.contact for row in rows if row.email in found and row.contact}
        for some in _pieces(gone):
            _set_aside(connection, contacts, some)
            dropped["contacts"] += _drop(connection, "contacts", "contact", some)
    for table in ("interactions", "permissions", "suppressions"):
        if holds(connection, STAGES[table]):
            for some in _pieces(gone | _gone_before(connection, STAGES[table], erased)):
                dropped[table] += _drop(connection, table, "contact", some)
    lists = STAGES["suppressions"]
    if holds(connection, lists):
        emails = connection.scalars(select(lists.c.email).where(lists.c.email.is_not(None)))
        for some in _pieces(erased(set(emails))):
            # The hash bars them already.
            connection.execute(delete(lists).where(lists.c.email.in_(some)))
    _nameless(connection, erased)
    return dropped


def _gone_before(connection: Connection, stage: Table, erased: Erased) -> set[str]:
    """Contacts that are named here, known neither from before nor from this pull."""
    strangers = select(stage.c.contact).where(
        stage.c.contact.is_not(None), stage.c.contact.not_in(select(Contact.key))
    )
    marks = {f"contact {key}": key for key in connection.scalars(strangers.distinct())}
    return {marks[mark] for mark in erased(set(marks))}


def _nameless(connection: Connection, erased: Erased) -> None:
    customers = STAGES["customers"]
    if not holds(connection, customers):
        return
    named = select(customers.c.customer).where(customers.c.name.is_not(None))
    marks = {f"customer {key}": key for key in connection.scalars(named)}
    for some in _pieces({marks[mark] for mark in erased(set(marks))}):
        connection.execute(
            update(customers).where(customers.c.customer.in_(some)).values(name=None)
        )


def _set_aside(connection: Connection, contacts: Table, keys: Collection[str]) -> None:
    """So that what belongs to them is left out with them, and is no fault of the data."""
    theirs = select(literal("contacts"), contacts.c.contact, false())
    connection.execute(
        insert(ASIDE).from_select(
            ["source", "key", "later"], theirs.where(contacts.c.contact.in_(keys))
        )
    )
    note_filled(connection, ASIDE)


def _drop(connection: Connection, table: str, column: str, keys: Collection[str]) -> int:
    stage = STAGES[table]
    which = stage.c[column].in_(keys)
    told = [literal(table), stage.c.row, literal(column), null(), literal(WHY), true()]
    names = ["source", "row", "column", "value", "reason", "whole"]
    connection.execute(insert(REJECTS).from_select(names, select(*told).where(which)))
    note_filled(connection, REJECTS)
    return connection.execute(delete(stage).where(which)).rowcount


def _pieces(values: Collection[str]) -> list[list[str]]:
    ordered = sorted(values)
    return [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]

"""What we hold about one person, table by table: where it stands, and what forgetting leaves of it.

Every table is either here or in `IMPERSONAL`; a test sees to it, so that no new one is left out of
an export or an erasure.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select

from flows.store.models import Base

TABLES = Base.metadata.tables


@dataclass(frozen=True)
class Person:
    """Somebody at a customer, as they are found again in every table."""

    contact_id: int
    customer_id: int
    key: str
    customer_key: str
    email: str | None
    salutation: str | None
    title: str | None
    first_name: str | None
    last_name: str | None
    customer_name: str | None
    alone: bool
    """Whether the customer has nobody else."""


def person(connection: Connection, key: str) -> Person | None:
    """The contact whom the company calls so."""
    contact, customer = TABLES["contact"], TABLES["customer"]
    row = connection.execute(
        select(contact, customer.c.key.label("customer_key"), customer.c.name)
        .join(customer, customer.c.id == contact.c.customer_id)
        .where(contact.c.key == key)
    ).one_or_none()
    if row is None:
        return None
    people = connection.scalar(select(func.count()).where(contact.c.customer_id == row.customer_id))
    return Person(
        row.id,
        row.customer_id,
        row.key,
        row.customer_key,
        row.email,
        row.salutation,
        row.title,
        row.first_name,
        row.last_name,
        row.name,
        people == 1,
    )


Where = Callable[[Table, Person], ColumnElement[bool]]


def _contact(table: Table, who: Person) -> ColumnElement[bool]:
    return table.c["id" if table.name == "contact" else "contact_id"] == who.contact_id


def _customer(table: Table, who: Person) -> ColumnElement[bool]:
    return table.c["id" if table.name == "customer" else "customer_id"] == who.customer_id


def _sends(who: Person) -> Select[Any]:
    send = TABLES["send"]
    return select(send.c.id).where(send.c.contact_id == who.contact_id)


def _of_send(table: Table, who: Person) -> ColumnElement[bool]:
    return table.c.send_id.in_(_sends(who))


def _purchases(who: Person) -> Select[Any]:
    purchase = TABLES["purchase"]
    return select(purchase.c.id).where(purchase.c.customer_id == who.customer_id)


def _of_purchase(table: Table, who: Person) -> ColumnElement[bool]:
    return table.c.purchase_id.in_(_purchases(who))


def _barred(table: Table, who: Person) -> ColumnElement[bool]:
    return or_(
        table.c.contact_id == who.contact_id,
        table.c.customer_id == who.customer_id,
        table.c.email == (who.email or "").strip().lower(),
    )


def _range(table: Table, who: Person) -> ColumnElement[bool]:
    return (table.c.first_customer <= who.customer_id) & (table.c.last_customer >= who.customer_id)


def _holds_address(table: Table, who: Person) -> ColumnElement[bool]:
    return table.c.value == who.email if who.email else table.c.value == who.key


def _raw(table: Table, _who: Person) -> ColumnElement[bool]:
    # Which batches hold the address is seen by reading them.
    return table.c.id > 0


HELD: Mapping[str, Where] = {
    "contact": _contact,
    "customer": _customer,
    "preference": _contact,
    "permission": _contact,
    "consent_step": _contact,
    "suppression": _barred,
    "purchase": _customer,
    "purchase_line": _of_purchase,
    "purchase_correction": _of_purchase,
    "complaint": _customer,
    "complaint_correction": _customer,
    "interaction": _customer,
    "sales_lock": _customer,
    "enrollment": _customer,
    "manual_entry": _customer,
    "phase_change": _customer,
    "quadrant_change": _customer,
    "segment_member": _customer,
    "send": _contact,
    "response": _of_send,
    "survey_answer": _of_send,
    "doubt": _of_send,
    "task": _customer,
    "ledger": _range,
    "reject": _holds_address,
    "event_batch": _raw,
}
"""Where a person stands in each table that can tell of one."""

IMPERSONAL = frozenset(
    {
        "alert",
        "approval",
        "halt",
        "journey_version",
        "notice",
        "owner",
        "part",
        "pause",
        "product",
        "quota",
        "run",
        "segment_fill",
        "source_state",
        "template_version",
        "terms",
    }
)
"""Tables that tell of no customer."""
READ_OTHERWISE = frozenset({"ledger", "event_batch"})
"""Tables whose rows tell of many people: only what is about this one is taken out of them."""


def rows(connection: Connection, table: str, who: Person) -> list[dict[str, Any]]:
    """The rows of a table that tell of a person, in the order they were written."""
    found = TABLES[table]
    order = list(found.primary_key.columns)
    statement = select(found).where(HELD[table](found, who)).order_by(*order)
    return [dict(row) for row in connection.execute(statement).mappings()]

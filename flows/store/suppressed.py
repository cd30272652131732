"""Looking at suppressions: what stands against whom, and whose will it is."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select

from flows.store.grounds import in_force
from flows.store.models import Base, Contact, Customer, Permission
from flows.store.suppressing import clean_address, standing
from segments.names import PermissionKind, SuppressionReason

OWN_WILL = frozenset(
    {
        SuppressionReason.OBJECTION,
        SuppressionReason.UNSUBSCRIBE,
        SuppressionReason.SPAM_COMPLAINT,
        SuppressionReason.ERASURE,
    }
)
"""Reasons that are the person's own will, which only the person takes back."""

_suppression = Base.metadata.tables["suppression"]


def standing_rows(
    connection: Connection,
    now: datetime,
    *,
    email: str | None = None,
    contact_id: int | None = None,
    customer_id: int | None = None,
    email_hashes: Collection[str] = (),
) -> list[dict[str, Any]]:
    """What stands against exactly this address, contact or customer."""
    named: list[ColumnElement[bool]] = [false()]
    if email is not None:
        named.append(_suppression.c.email == clean_address(email))
    if contact_id is not None:
        named.append(_suppression.c.contact_id == contact_id)
    if customer_id is not None:
        named.append(_suppression.c.customer_id == customer_id)
    if email_hashes:
        named.append(_suppression.c.email_hash.in_(email_hashes))
    rows = connection.execute(
        select(_suppression).where(or_(*named), standing(now)).order_by(_suppression.c.id)
    )
    return [dict(row) for row in rows.mappings()]


def listed(
    connection: Connection,
    now: datetime,
    *,
    email: str | None = None,
    contact_id: int | None = None,
    customer_id: int | None = None,
) -> list[dict[str, Any]]:
    """Everything that stands, with whom it names by the company's own numbers."""
    statement = (
        select(
            _suppression.c.id,
            _suppression.c.email,
            Contact.key.label("contact"),
            Customer.key.label("customer"),
            _suppression.c.purpose,
            _suppression.c.reason,
            _suppression.c.at,
            _suppression.c.source,
            _suppression.c.note,
        )
        .outerjoin(Contact, Contact.id == _suppression.c.contact_id)
        .outerjoin(Customer, Customer.id == _suppression.c.customer_id)
        .where(standing(now))
        .order_by(_suppression.c.at, _suppression.c.id)
    )
    for column, value in (
        (_suppression.c.email, email and clean_address(email)),
        (_suppression.c.contact_id, contact_id),
        (_suppression.c.customer_id, customer_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    found = []
    for row in connection.execute(statement).mappings():
        contact = f"contact {row['contact']}" if row["contact"] else None
        customer = f"customer {row['customer']}" if row["customer"] else None
        found.append({"who": row["email"] or contact or customer or "somebody erased", **row})
    return found


def number_of(connection: Connection, kind: str, key: str) -> int | None:
    """Our number of a contact or a customer, by the company's own."""
    model: Any = Contact if kind == "contact" else Customer
    number: int | None = connection.scalar(select(model.id).where(model.key == key))
    return number


def is_address(text: str) -> bool:
    """Whether it can be an address at all."""
    before, _, after = text.strip().rpartition("@")
    return bool(before) and "." in after and " " not in text.strip()


def objects(
    connection: Connection,
    now: datetime,
    *,
    contact_id: int | None = None,
    email: str | None = None,
) -> bool:
    """Whether an objection among the permissions stands for this contact, or for this address."""
    who = Contact.id == contact_id
    if email is not None:
        who = func.lower(Contact.email) == clean_address(email)
    statement = (
        select(Permission.id)
        .join(Contact, Contact.id == Permission.contact_id)
        .where(and_(who, Permission.kind == PermissionKind.OBJECTION, in_force(now)))
        .limit(1)
    )
    return connection.execute(statement).first() is not None

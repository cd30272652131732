"""What a message needs to know about whom it goes to, for a whole block of sends at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, exists, func, literal, select
from sqlalchemy.sql.expression import ColumnElement, Select

from flows.store.consent_mails import CONFIRMING, confirmable
from flows.store.consents import Asked
from flows.store.grounds import in_force, settled
from flows.store.models import (
    Contact,
    Customer,
    Enrollment,
    Owner,
    Permission,
    Preference,
    Send,
)
from flows.store.orders import PurchaseFacts, latest, purchases
from segments.names import Basis, PermissionKind, Purpose, Role

# PostgreSQL takes 65,535 parameters a statement and SQLite 32,766.
_BLOCK = 10_000


@dataclass(frozen=True, slots=True)
class OwnerFacts:
    """The colleague who signs."""

    key: str
    name: str
    position: str | None
    email: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """Everything one message needs from the store."""

    send_id: int
    enrollment_id: int
    journey: str
    step: str
    message: str
    purpose: str
    basis: str | None
    customer_id: int
    customer_name: str | None
    customer_locale: str | None
    contact_id: int | None
    email: str | None
    salutation: str | None
    title: str | None
    first_name: str | None
    last_name: str | None
    contact_locale: str | None
    owner: OwnerFacts | None
    purchase: PurchaseFacts | None
    tracking: bool = False
    asked: Asked | None = None
    """The consent the message asks to confirm."""


def message_facts(
    connection: Connection,
    send_ids: list[int],
    now: datetime,
    default_owner: str,
    *,
    prints_order: Callable[[str], bool] = lambda message: True,
) -> list[MessageFacts]:
    """The facts of these sends, in their order; a send that is not there is left out.

    The order is the enrollment's own, else the customer's latest up to `now`; it is read only for
    messages that print something of one. Customers nobody looks after are signed for by
    `default_owner`.
    """
    owners = _owners(connection)
    nobody = owners.get(default_owner)
    found: dict[int, MessageFacts] = {}
    for start in range(0, len(send_ids), _BLOCK):
        rows = connection.execute(_sends(now, send_ids[start : start + _BLOCK])).all()
        about = {row.id: (row.customer_id, row.own) for row in rows if prints_order(row.message)}
        orders = _orders(connection, about, now)
        confirming = [row.id for row in rows if row.journey == CONFIRMING]
        asked = confirmable(connection, confirming) if confirming else {}
        for row in rows:
            owner = owners.get(row.owner) or nobody
            rest = owner, orders.get(row.id), bool(row.tracking), asked.get(row.id)
            known: list[Any] = [*row[:_OF_PERSON], *rest]
            found[row.id] = MessageFacts(*known)
    return [found[send_id] for send_id in send_ids if send_id in found]


def trial_facts(
    connection: Connection,
    customer: int,
    contact: str | None,
    message: str,
    purpose: Purpose,
    now: datetime,
    default_owner: str,
) -> MessageFacts | None:
    """What a message would say to this customer, of whom nobody owes it one: send and contact 0.

    The contact is the one with that key, else a buyer, else the first one with an address. None
    if there is no such contact.
    """
    has_address = func.coalesce(Contact.email, "") != ""
    fitting = case((has_address & (Contact.role == Role.BUYER), 0), (has_address, 1), else_=2)
    wanted = Customer.id == customer
    if contact is not None:
        wanted &= Contact.key == contact
    row = connection.execute(
        select(Customer.id, Customer.name, Customer.locale, literal(0), *_CONTACT, Customer.owner)
        .outerjoin(Contact, Contact.customer_id == Customer.id)
        .outerjoin(Preference, Preference.contact_id == Contact.id)
        .where(wanted)
        .order_by(fitting, Contact.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    owners = _owners(connection)
    optional = purpose in (Purpose.ADVERTISING, Purpose.SURVEY)
    basis = Basis.CONSENT if optional else Basis.CONTRACT
    orders = _orders(connection, {0: (customer, None)}, now)
    owner = owners.get(row.owner) or owners.get(default_owner)
    of_send = (0, 0, "test", "test", message, purpose, basis)
    known = (*of_send, *row[:-1], owner, orders.get(0))
    return MessageFacts(*known)


def contact_keys(connection: Connection, customer: int) -> list[str]:
    """Everybody at this customer."""
    keys = select(Contact.key).where(Contact.customer_id == customer).order_by(Contact.id)
    return list(connection.execute(keys).scalars())


_CONTACT = (
    Contact.email,
    Contact.salutation,
    Contact.title,
    Contact.first_name,
    Contact.last_name,
    func.coalesce(Preference.locale, Contact.locale),
)
_OF_PERSON = 17
"""How many columns of a send are facts of the message as they are."""


def _owners(connection: Connection) -> dict[str | None, OwnerFacts]:
    rows = connection.execute(
        select(Owner.key, Owner.name, Owner.position, Owner.email, Owner.phone)
    )
    return {row[0]: OwnerFacts(*row) for row in rows}


def _sends(now: datetime, send_ids: list[int]) -> Select[Any]:
    return (
        select(
            Send.id,
            Send.enrollment_id,
            Send.journey,
            Send.step,
            Send.message,
            Send.purpose,
            Send.basis,
            Send.customer_id,
            Customer.name,
            Customer.locale,
            Send.contact_id,
            *_CONTACT,
            Enrollment.purchase_id.label("own"),
            Customer.owner,
            tracked(now).label("tracking"),
        )
        .join(Enrollment, Enrollment.id == Send.enrollment_id)
        .join(Customer, Customer.id == Send.customer_id)
        .outerjoin(Contact, Contact.id == Send.contact_id)
        .outerjoin(Preference, Preference.contact_id == Contact.id)
        .where(Send.id.in_(send_ids))
    )


def tracked(now: datetime) -> ColumnElement[bool]:
    """Whether the contact agreed that we see what is opened and clicked; silence means no."""
    return exists().where(
        Permission.contact_id == Send.contact_id,
        Permission.kind == PermissionKind.TRACKING,
        in_force(now),
        settled(now),
    )


def _orders(
    connection: Connection, about: dict[int, tuple[int, int | None]], now: datetime
) -> dict[int, PurchaseFacts]:
    """The order each send is about: its own, else its customer's latest."""
    if not about:
        return {}
    last = latest(connection, {customer for customer, own in about.values() if not own}, now)
    meant = {send_id: own or last.get(customer) for send_id, (customer, own) in about.items()}
    known = purchases(connection, {order for order in meant.values() if order}, now)
    return {send_id: known[order] for send_id, order in meant.items() if order in known}

"""What a message needs to know about whom it goes to, for a whole block of sends at once."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select

from flows.store.models import (
    Contact,
    Customer,
    Enrollment,
    Owner,
    Product,
    Purchase,
    PurchaseLine,
    Send,
)
from segments.names import OrderKind

MOST_LINES = 5
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
class LineFacts:
    """One article of an order."""

    product: str | None
    name: str | None
    category: str | None
    quantity: float
    amount: int
    fact: str | None


@dataclass(frozen=True, slots=True)
class PurchaseFacts:
    """The order a message is about, its biggest lines first; `more` counts those left out."""

    id: int
    key: str
    ordered_at: datetime
    delivered_at: datetime | None
    currency: str
    total: int
    category: str | None
    lines: tuple[LineFacts, ...]
    more: int


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


def message_facts(
    connection: Connection, send_ids: list[int], now: datetime, default_owner: str
) -> list[MessageFacts]:
    """The facts of these sends, in their order; a send that is not there is left out.

    The order is the enrollment's own, else the customer's latest up to `now`. Customers nobody
    looks after are signed for by `default_owner`.
    """
    owners = _owners(connection)
    found: dict[int, MessageFacts] = {}
    for start in range(0, len(send_ids), _BLOCK):
        rows = _sends(connection, send_ids[start : start + _BLOCK])
        latest = _latest(connection, {row.customer_id for row in rows if not row.own}, now)
        purchase_of = {row.id: row.own or latest.get(row.customer_id) for row in rows}
        purchases = _purchases(connection, {key for key in purchase_of.values() if key}, now)
        for row in rows:
            found[row.id] = MessageFacts(
                send_id=row.id,
                enrollment_id=row.enrollment_id,
                journey=row.journey,
                step=row.step,
                message=row.message,
                purpose=row.purpose,
                basis=row.basis,
                customer_id=row.customer_id,
                customer_name=row.customer_name,
                customer_locale=row.customer_locale,
                contact_id=row.contact_id,
                email=row.email,
                salutation=row.salutation,
                title=row.title,
                first_name=row.first_name,
                last_name=row.last_name,
                contact_locale=row.contact_locale,
                owner=owners.get(row.owner) or owners.get(default_owner),
                purchase=purchases.get(purchase_of[row.id] or 0),
            )
    return [found[send_id] for send_id in send_ids if send_id in found]


def _owners(connection: Connection) -> dict[str, OwnerFacts]:
    rows = connection.execute(
        select(Owner.key, Owner.name, Owner.position, Owner.email, Owner.phone)
    )
    return {
        row.key: OwnerFacts(row.key, row.name, row.position, row.email, row.phone) for row in rows
    }


def _sends(connection: Connection, send_ids: list[int]) -> list[Row[Any]]:
    return list(
        connection.execute(
            select(
                Send.id,
                Send.enrollment_id,
                Send.journey,
                Send.step,
                Send.message,
                Send.purpose,
                Send.basis,
                Send.customer_id,
                Send.contact_id,
                Enrollment.purchase_id.label("own"),
                Customer.name.label("customer_name"),
                Customer.locale.label("customer_locale"),
                Customer.owner,
                Contact.email,
                Contact.salutation,
                Contact.title,
                Contact.first_name,
                Contact.last_name,
                Contact.locale.label("contact_locale"),
            )
            .join(Enrollment, Enrollment.id == Send.enrollment_id)
            .join(Customer, Customer.id == Send.customer_id)
            .outerjoin(Contact, Contact.id == Send.contact_id)
            .where(Send.id.in_(send_ids))
        )
    )


def _latest(connection: Connection, customers: Iterable[int], now: datetime) -> dict[int, int]:
    """Each customer's latest sale up to `now` that was not cancelled by then."""
    ranked = (
        select(
            Purchase.id,
            Purchase.customer_id,
            func.row_number()
            .over(
                partition_by=Purchase.customer_id,
                order_by=(Purchase.ordered_at.desc(), Purchase.id.desc()),
            )
            .label("rank"),
        )
        .where(
            Purchase.customer_id.in_(sorted(customers)),
            Purchase.kind == OrderKind.SALE,
            Purchase.ordered_at <= now,
            or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
        )
        .subquery()
    )
    rows = connection.execute(select(ranked.c.customer_id, ranked.c.id).where(ranked.c.rank == 1))
    return {row.customer_id: row.id for row in rows}


def _purchases(
    connection: Connection, ids: Iterable[int], now: datetime
) -> dict[int, PurchaseFacts]:
    wanted = sorted(ids)
    lines, counts = _lines(connection, wanted)
    rows = connection.execute(
        select(
            Purchase.id,
            Purchase.key,
            Purchase.ordered_at,
            Purchase.delivered_at,
            Purchase.currency,
            Purchase.total,
            Purchase.category,
        ).where(Purchase.id.in_(wanted), Purchase.ordered_at <= now)
    )
    return {
        row.id: PurchaseFacts(
            id=row.id,
            key=row.key,
            ordered_at=row.ordered_at,
            delivered_at=row.delivered_at if row.delivered_at and row.delivered_at <= now else None,
            currency=row.currency,
            total=row.total,
            category=row.category,
            lines=tuple(lines[row.id]),
            more=max(0, counts[row.id] - MOST_LINES),
        )
        for row in rows
    }


def _lines(
    connection: Connection, purchases: list[int]
) -> tuple[dict[int, list[LineFacts]], dict[int, int]]:
    """The biggest lines of each order, and how many it has in all."""
    ranked = (
        select(
            PurchaseLine.purchase_id,
            PurchaseLine.product_id,
            PurchaseLine.quantity,
            PurchaseLine.amount,
            func.row_number()
            .over(
                partition_by=PurchaseLine.purchase_id,
                order_by=(PurchaseLine.amount.desc(), PurchaseLine.line),
            )
            .label("rank"),
            func.count().over(partition_by=PurchaseLine.purchase_id).label("in_all"),
        )
        .where(
            PurchaseLine.purchase_id.in_(purchases),
            PurchaseLine.quantity > 0,
            PurchaseLine.amount >= 0,
        )
        .subquery()
    )
    rows = connection.execute(
        select(
            ranked.c.purchase_id,
            ranked.c.quantity,
            ranked.c.amount,
            ranked.c.in_all,
            Product.key,
            Product.name,
            Product.category,
            Product.fact,
        )
        .outerjoin(Product, Product.id == ranked.c.product_id)
        .where(ranked.c.rank <= MOST_LINES)
        .order_by(ranked.c.purchase_id, ranked.c.rank)
    )
    lines: dict[int, list[LineFacts]] = defaultdict(list)
    counts: dict[int, int] = defaultdict(int)
    for purchase_id, quantity, amount, count, key, name, category, fact in rows:
        lines[purchase_id].append(LineFacts(key, name, category, quantity, amount, fact))
        counts[purchase_id] = count
    return lines, counts

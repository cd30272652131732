"""The orders messages are about, with the biggest of their lines."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from flows.store.models import Product, Purchase, PurchaseLine
from segments.names import OrderKind

MOST_LINES = 5


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


def latest(connection: Connection, customers: Iterable[int], now: datetime) -> dict[int, int]:
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
    return dict(rows.tuples().all())


def purchases(
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
        order: PurchaseFacts(
            order,
            key,
            ordered_at,
            delivered_at if delivered_at and delivered_at <= now else None,
            currency,
            total,
            category,
            tuple(lines[order]),
            max(0, counts[order] - MOST_LINES),
        )
        for order, key, ordered_at, delivered_at, currency, total, category in rows.all()
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
    for purchase_id, quantity, amount, count, key, name, category, fact in rows.all():
        lines[purchase_id].append(LineFacts(key, name, category, quantity, amount, fact))
        counts[purchase_id] = count
    return lines, counts

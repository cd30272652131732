"""Staged orders and their lines become purchases: keys, lines, sums, and what credits give back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    and_,
    case,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from flows.store.load_credits import refer_credits
from flows.store.load_stage import STAGES, TOTALS, TOUCHED, holds, measure
from flows.store.load_upsert import Counts, upsert
from flows.store.models import Contact, Customer, Product, Purchase, PurchaseLine
from segments.names import OrderKind


def merge_orders(
    connection: Connection, given: Collection[str], currency: str, now: datetime
) -> Counts:
    """Write the heads of staged orders; lines and sums follow in `merge_lines`."""
    stage, lines = STAGES["orders"], STAGES["order_lines"]
    if not holds(connection, stage):
        return Counts()
    named: ColumnElement[str] = stage.c.currency
    if "orders" in given:
        of_lines = select(func.min(lines.c.currency)).where(lines.c.order == stage.c.order)
        named = func.coalesce(named, of_lines.scalar_subquery())
    rows = (
        select(
            stage.c.order.label("key"),
            Customer.id.label("customer_id"),
            Contact.id.label("contact_id"),
            stage.c.ordered_at,
            literal(OrderKind.SALE.value).label("kind"),
            stage.c.credit_of,
            stage.c.cancelled_at,
            stage.c.delivered_at,
            func.coalesce(named, currency).label("currency"),
            literal(0).label("total"),
            literal(now, stage.c.ordered_at.type).label("seen_at"),
        )
        .join(Customer, Customer.key == stage.c.customer)
        .outerjoin(Contact, Contact.key == stage.c.contact)
        .order_by(stage.c.row)
    )
    kept = {"kind", "total", "seen_at"}
    if "orders" not in given:
        kept |= {"contact_id", "credit_of", "cancelled_at", "delivered_at"}
    return upsert(connection, Purchase, rows, ["key"], kept=kept)


def merge_lines(connection: Connection, given: Collection[str]) -> Counts:
    """Write the lines of staged orders, then the sums of each order touched."""
    if not holds(connection, STAGES["orders"], STAGES["order_lines"]):
        return Counts()
    if "orders" in given:
        _turn_positive_credits(connection)
    _note_touched(connection)
    stage = STAGES["order_lines"]
    rows = (
        select(
            Purchase.id.label("purchase_id"),
            func.row_number().over(partition_by=stage.c.order, order_by=stage.c.row).label("line"),
            Product.id.label("product_id"),
            stage.c.quantity,
            stage.c.amount,
            stage.c.list_price,
            stage.c.unit_cost,
        )
        .join(Purchase, Purchase.key == stage.c.order)
        .outerjoin(Product, Product.key == stage.c.product)
    )
    filled = {"list_price", "unit_cost"}
    counts = upsert(
        connection, PurchaseLine, rows, ["purchase_id", "line"], filled=filled, same="product_id"
    )
    surplus = exists().where(
        TOUCHED.c.purchase_id == PurchaseLine.purchase_id,
        TOUCHED.c.lines > 0,
        PurchaseLine.line > TOUCHED.c.lines,
    )
    connection.execute(delete(PurchaseLine).where(surplus))
    if "products" in given:
        _price_from_products(connection)
    _sum_up(connection)
    refer_credits(connection)
    return counts


def _turn_positive_credits(connection: Connection) -> None:
    """A credit note written with positive amounts gives back all the same."""
    lines, orders = STAGES["order_lines"], STAGES["orders"]
    positive = (
        select(lines.c.order)
        .join(Purchase, Purchase.key == lines.c.order)
        .outerjoin(orders, orders.c.order == lines.c.order)
        .where(func.coalesce(orders.c.kind, Purchase.kind) == OrderKind.CREDIT)
        .group_by(lines.c.order)
        .having(func.sum(lines.c.amount) > 0)
    )
    connection.execute(
        update(lines)
        .where(lines.c.order.in_(positive))
        .values(amount=-lines.c.amount, quantity=-lines.c.quantity)
    )


def _note_touched(connection: Connection) -> None:
    lines, orders = STAGES["order_lines"], STAGES["orders"]
    counted = select(lines.c.order, func.count().label("lines")).group_by(lines.c.order).subquery()
    rows = (
        select(Purchase.id, func.coalesce(counted.c.lines, 0), orders.c.order.is_not(None))
        .outerjoin(counted, counted.c.order == Purchase.key)
        .outerjoin(orders, orders.c.order == Purchase.key)
        .where(or_(counted.c.order.is_not(None), orders.c.order.is_not(None)))
    )
    connection.execute(insert(TOUCHED).from_select(["purchase_id", "lines", "staged"], rows))
    measure(connection, TOUCHED)


def _price_from_products(connection: Connection) -> None:
    """Lines without a cost or list price take today's from the product, once and for good."""
    touched = exists().where(TOUCHED.c.purchase_id == PurchaseLine.purchase_id)
    for name in ("list_price", "unit_cost"):
        line, product = getattr(PurchaseLine, name), getattr(Product, name)
        connection.execute(
            update(PurchaseLine)
            .where(
                PurchaseLine.product_id == Product.id,
                line.is_(None),
                product.is_not(None),
                touched,
            )
            .values({name: product})
            .execution_options(synchronize_session=False)
        )


def _sum_up(connection: Connection) -> None:
    orders = STAGES["orders"]
    count = func.count(PurchaseLine.id)

    def where_all_known(price: ColumnElement[int | None]) -> ColumnElement[int | None]:
        known = and_(count > 0, func.count(price) == count)
        total = cast(func.round(func.sum(PurchaseLine.quantity * price)), BigInteger)
        return case((known, total))

    sums = (
        select(
            TOUCHED.c.purchase_id,
            func.coalesce(func.sum(PurchaseLine.amount), 0).label("total"),
            where_all_known(PurchaseLine.list_price.expression).label("list_total"),
            where_all_known(PurchaseLine.unit_cost.expression).label("cost"),
        )
        .outerjoin(PurchaseLine, PurchaseLine.purchase_id == TOUCHED.c.purchase_id)
        .group_by(TOUCHED.c.purchase_id)
        .subquery()
    )
    staged = TOUCHED.c.staged
    kind = func.coalesce(
        orders.c.kind,
        case(
            (sums.c.total < 0, OrderKind.CREDIT.value),
            (staged, OrderKind.SALE.value),
            else_=Purchase.kind,
        ),
    )
    rows = (
        select(
            sums.c.purchase_id,
            cast(sums.c.total, BigInteger),
            sums.c.list_total,
            sums.c.cost,
            kind,
        )
        .join(TOUCHED, TOUCHED.c.purchase_id == sums.c.purchase_id)
        .join(Purchase, Purchase.id == sums.c.purchase_id)
        .outerjoin(orders, orders.c.order == Purchase.key)
    )
    names = ["purchase_id", "total", "list_total", "cost", "kind"]
    connection.execute(insert(TOTALS).from_select(names, rows))
    _weigh_categories(connection)
    fresh = ("total", "list_total", "cost", "category", "kind")
    connection.execute(
        update(Purchase)
        .where(
            Purchase.id == TOTALS.c.purchase_id,
            or_(*(getattr(Purchase, name).is_distinct_from(TOTALS.c[name]) for name in fresh)),
        )
        .values({name: TOTALS.c[name] for name in fresh})
        .execution_options(synchronize_session=False)
    )


def _weigh_categories(connection: Connection) -> None:
    """The category that carries most of an order stands for it."""
    weights = (
        select(
            PurchaseLine.purchase_id,
            Product.category,
            func.row_number()
            .over(
                partition_by=PurchaseLine.purchase_id,
                order_by=(func.abs(func.sum(PurchaseLine.amount)).desc(), Product.category),
            )
            .label("rank"),
        )
        .join(Product, Product.id == PurchaseLine.product_id)
        .join(TOUCHED, TOUCHED.c.purchase_id == PurchaseLine.purchase_id)
        .where(Product.category.is_not(None))
        .group_by(PurchaseLine.purchase_id, Product.category)
        .subquery()
    )
    connection.execute(
        update(TOTALS)
        .where(TOTALS.c.purchase_id == weights.c.purchase_id, weights.c.rank == 1)
        .values(category=weights.c.category)
    )

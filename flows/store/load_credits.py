"""Which order a credit note gives back: as the company says, else found by customer and sum."""

from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    Subquery,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import aliased

from flows.store.load_stage import MATCHES, TOUCHED
from flows.store.models import Purchase
from segments.names import OrderKind


def refer_credits(connection: Connection) -> None:
    """Point each credit at its order; what was found by sum is derived anew each time."""
    sale = aliased(Purchase)
    connection.execute(
        update(Purchase)
        .where(
            sale.key == Purchase.credit_of,
            sale.id != Purchase.id,
            Purchase.credit_of_id.is_distinct_from(sale.id),
        )
        .values(credit_of_id=sale.id)
        .execution_options(synchronize_session=False)
    )
    credits = or_(Purchase.kind == OrderKind.CREDIT, Purchase.credit_of_id.is_not(None))
    theirs = select(Purchase.id).where(credits, Purchase.customer_id.in_(_touched_customers()))
    if connection.execute(theirs.limit(1)).first() is None:
        return
    connection.execute(insert(MATCHES).from_select(["credit_id", "sale_id"], _matches()))
    matched = exists().where(MATCHES.c.credit_id == Purchase.id)
    named = exists().where(sale.key == Purchase.credit_of)
    connection.execute(
        update(Purchase)
        .where(
            Purchase.credit_of_id.is_not(None),
            Purchase.customer_id.in_(_touched_customers()),
            ~matched,
            ~named,
        )
        .values(credit_of_id=None)
        .execution_options(synchronize_session=False)
    )
    connection.execute(
        update(Purchase)
        .where(
            Purchase.id == MATCHES.c.credit_id,
            Purchase.credit_of_id.is_distinct_from(MATCHES.c.sale_id),
        )
        .values(credit_of_id=MATCHES.c.sale_id)
        .execution_options(synchronize_session=False)
    )


def _touched_customers() -> Select[Any]:
    touched = aliased(Purchase)
    return select(touched.customer_id).join(TOUCHED, TOUCHED.c.purchase_id == touched.id)


def _matches() -> Select[Any]:
    """Per customer and sum, sales stack up and each credit takes the topmost: the latest before.

    The height of the stack is a running sum, lifted whenever a credit finds nothing to take.
    A credit that leaves height h took the sale that had raised the stack to h + 1, and on each
    level sales and credits alternate, so its sale is the row before it.
    """
    events = _events()
    group = (events.c.customer_id, events.c.amount)
    order = (events.c.ordered_at, events.c.step.desc(), events.c.id)
    summed = select(
        events,
        func.sum(events.c.step)
        .over(partition_by=group, order_by=order, rows=(None, 0))
        .label("sum"),
    ).subquery("summed")
    lowest = select(
        summed,
        func.min(summed.c.sum)
        .over(
            partition_by=(summed.c.customer_id, summed.c.amount),
            order_by=(summed.c.ordered_at, summed.c.step.desc(), summed.c.id),
            rows=(None, 0),
        )
        .label("lowest"),
    ).subquery("lowest")
    height = lowest.c.sum - case((lowest.c.lowest < 0, lowest.c.lowest), else_=0)
    high = select(lowest, height.label("height")).subquery("high")
    before = func.lag(high.c.height, 1, 0).over(
        partition_by=(high.c.customer_id, high.c.amount),
        order_by=(high.c.ordered_at, high.c.step.desc(), high.c.id),
    )
    level = case((high.c.step > 0, high.c.height), else_=before)
    levelled = select(high, level.label("level")).subquery("levelled")
    below = func.lag(levelled.c.id).over(
        partition_by=(levelled.c.customer_id, levelled.c.amount, levelled.c.level),
        order_by=(levelled.c.ordered_at, levelled.c.step.desc(), levelled.c.id),
    )
    paired = (
        select(levelled.c.id, levelled.c.step, below.label("sale_id"))
        .where(levelled.c.level > 0)
        .subquery("paired")
    )
    return select(paired.c.id, paired.c.sale_id).where(
        paired.c.step < 0, paired.c.sale_id.is_not(None)
    )


def _events() -> Subquery:
    """Credits without a reference, and the sales they may give back, of touched customers."""
    credit, given_back, other = aliased(Purchase), aliased(Purchase), aliased(Purchase)
    credits = select(
        credit.id,
        credit.customer_id,
        (-credit.total).label("amount"),
        credit.ordered_at,
        literal(-1).label("step"),
    ).where(
        credit.kind == OrderKind.CREDIT,
        credit.credit_of.is_(None),
        credit.total < 0,
        credit.customer_id.in_(_touched_customers()),
    )
    sales = select(
        Purchase.id,
        Purchase.customer_id,
        Purchase.total.label("amount"),
        Purchase.ordered_at,
        literal(1).label("step"),
    ).where(
        Purchase.kind == OrderKind.SALE,
        Purchase.total > 0,
        exists().where(
            other.customer_id == Purchase.customer_id,
            other.total == -Purchase.total,
            other.kind == OrderKind.CREDIT,
            other.credit_of.is_(None),
        ),
        Purchase.customer_id.in_(_touched_customers()),
        ~exists().where(given_back.credit_of_id == Purchase.id, given_back.credit_of.is_not(None)),
    )
    return union_all(credits, sales).subquery("events")

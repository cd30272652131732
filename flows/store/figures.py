"""What the store knows about each customer as of a moment, summed up by the database.

Nothing dated after `now` is seen: no order, credit note, cancellation, complaint, settlement,
conversation, suppression or send. What counts:

- An order is a sale above zero that is neither cancelled nor given back in full by credit notes
  that refer to it. Its value is net of those.
- Net revenue is every sale that is not cancelled and every credit note, each by its own date: a
  credit note of today reduces the revenue of today, however old its order. A credit note on a
  cancelled sale does not count, since the cancellation has already taken the value out.
- A day is a day in UTC; twelve months are the 365 days before `now`.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    String,
    and_,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import CTE, FunctionElement, Select

from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Interaction,
    Purchase,
    Send,
    Suppression,
)
from flows.store.session import frame
from segments.customer import profile
from segments.customer.purchases import median_gaps
from segments.names import OrderKind
from segments.spec import Policy

_YEAR = timedelta(days=365)
_MAIL_WINDOW = timedelta(days=30)
_BLOCK = 100_000


def customer_figures(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """One row a customer with first <= id <= last, in order of id, also those without orders.

    customer_id, customer_key, country, locale, industry, owner, phase_before, phase_since and
    quadrant_before as stored (missing if stored for a moment after `now`); orders,
    order_value_total, first_order_at, last_order_at, discounted_orders, priced_orders (whose list
    price is known), gap_days (own median gap between order days), gaps, net_revenue_12m,
    net_revenue_total, margin_12m, last_order_value, last_category, first_in_category,
    last_order_returned (of the latest sale, whatever became of it), open_complaints, last_mood,
    last_contact_at, emails_30d, contacts.
    """
    figures = frame(connection, _customers(now, first, last)).set_index("customer_id")
    parts: list[pd.DataFrame | pd.Series[Any]] = [
        _bought(connection, now, first, last),
        _latest(connection, now, first, last),
        *(
            frame(connection, statement).set_index("customer_id")
            for statement in (
                _complaints(now, first, last),
                _moods(now, first, last),
                _conversations(now, first, last),
                _mails(now, first, last),
                _reachable(now, first, last),
            )
        ),
    ]
    figures = figures.join(parts, how="left").sort_index()
    counted = [*_COUNTED, "open_complaints", "emails_30d", "contacts"]
    return (
        figures.assign(
            **figures[counted].fillna(0),
            # Who bought nothing in twelve months made no margin, and that is known.
            margin_12m=figures["margin_12m"].mask(figures["unknown_costs"].isna(), 0),
        )
        .drop(columns="unknown_costs")
        .reset_index()
    )


def base_figures(connection: Connection, now: datetime, policy: Policy) -> profile.Base:
    """The figures of the whole base that every shard is measured against."""
    ends = connection.execute(select(func.min(Customer.id), func.max(Customer.id))).one()
    if ends[0] is None:
        return profile.Base()
    blocks = [
        _bought(connection, now, first, min(first + _BLOCK - 1, ends[1]))[_MEASURED]
        for first in range(ends[0], ends[1] + 1, _BLOCK)
    ]
    return profile.base(pd.concat(blocks), policy, now)


_COUNTED = [
    "orders",
    "order_value_total",
    "discounted_orders",
    "priced_orders",
    "gaps",
    "net_revenue_12m",
    "net_revenue_total",
]
_MEASURED = [
    "orders",
    "order_value_total",
    "net_revenue_12m",
    "net_revenue_total",
    "last_order_at",
    "gap_days",
    "gaps",
]


class _day_number(FunctionElement[int]):
    """Days since 1970-01-01, in UTC."""

    type = Integer()
    inherit_cache = True


@compiles(_day_number, "sqlite")
def _day_number_sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"CAST(julianday(substr({moment}, 1, 10)) - 2440587.5 AS INTEGER)"


@compiles(_day_number, "postgresql")
def _day_number_postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    moment = compiler.process(element.clauses, **options)
    return f"(CAST({moment} AT TIME ZONE 'UTC' AS date) - DATE '1970-01-01')"


def _bought(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """Sums over each customer's orders, one row for everybody who has a purchase, by id.

    The days come as one text a customer, which the database builds while it sums: on SQLite
    that takes a third of the time of its window functions.
    """
    rows = frame(connection, _sums(now, first, last)).set_index("customer_id")
    days = rows.pop("days").dropna()
    texts = days.tolist()
    ids, gap_days, gaps = median_gaps(
        np.repeat(days.index.to_numpy(dtype=np.int64), rows["orders"].loc[days.index].astype(int)),
        np.fromstring(",".join(texts), dtype=np.int64, sep=",") if texts else _NO_DAYS,
    )
    own = pd.DataFrame({"gap_days": gap_days, "gaps": gaps}, index=pd.Index(ids, dtype="Int64"))
    own = own.astype({"gap_days": "Float64", "gaps": "Int64"})
    return rows.join(own).assign(gaps=lambda joined: joined["gaps"].fillna(0))


_NO_DAYS = np.array([], dtype=np.int64)


def _mine(column: Any, first: int, last: int) -> ColumnElement[bool]:
    return and_(column >= first, column <= last)


def _cancelled(purchase: Any, now: datetime) -> ColumnElement[bool]:
    return and_(purchase.cancelled_at.is_not(None), purchase.cancelled_at <= now)


def _standing(purchase: Any, now: datetime) -> ColumnElement[bool]:
    return or_(purchase.cancelled_at.is_(None), purchase.cancelled_at > now)


def _credits(now: datetime, first: int, last: int) -> CTE:
    """How much has been given back of which sale."""
    credit = aliased(Purchase)
    return (
        select(
            credit.customer_id,
            credit.credit_of_id.label("sale_id"),
            cast(func.sum(credit.total), BigInteger).label("amount"),
        )
        .where(
            _mine(credit.customer_id, first, last),
            credit.kind == OrderKind.CREDIT,
            credit.credit_of_id.is_not(None),
            credit.ordered_at <= now,
            _standing(credit, now),
        )
        .group_by(credit.customer_id, credit.credit_of_id)
        .cte("credits")
    )


def _sums(now: datetime, first: int, last: int) -> Select[Any]:
    """What has each customer bought, as sums? One pass over the purchases."""
    given_back = _credits(now, first, last)
    credit, sale = aliased(Purchase), aliased(Purchase)
    empty_credits = (
        select(credit.id)
        .join(sale, sale.id == credit.credit_of_id)
        .where(
            _mine(credit.customer_id, first, last),
            credit.kind == OrderKind.CREDIT,
            _cancelled(sale, now),
        )
    )
    net = Purchase.total + func.coalesce(given_back.c.amount, 0)
    purchase = (
        select(
            Purchase.customer_id,
            Purchase.ordered_at,
            Purchase.total,
            Purchase.list_total,
            Purchase.cost,
            net.label("net"),
            and_(Purchase.kind == OrderKind.SALE, Purchase.total > 0, net > 0).label("is_order"),
            (Purchase.ordered_at > now - _YEAR).label("is_recent"),
        )
        .outerjoin(
            given_back,
            and_(
                given_back.c.sale_id == Purchase.id,
                given_back.c.customer_id == Purchase.customer_id,
            ),
        )
        .where(
            _mine(Purchase.customer_id, first, last),
            Purchase.ordered_at <= now,
            _standing(Purchase, now),
            Purchase.id.not_in(empty_credits),
        )
        .subquery("bought")
        .c
    )

    def total(what: Any, condition: Any) -> ColumnElement[int]:
        return cast(func.coalesce(func.sum(case((condition, what))), 0), BigInteger)

    unknown = total(1, and_(purchase.is_recent, purchase.cost.is_(None)))
    return select(
        purchase.customer_id,
        total(1, purchase.is_order).label("orders"),
        total(purchase.net, purchase.is_order).label("order_value_total"),
        func.min(case((purchase.is_order, purchase.ordered_at))).label("first_order_at"),
        func.max(case((purchase.is_order, purchase.ordered_at))).label("last_order_at"),
        total(1, and_(purchase.is_order, purchase.list_total > purchase.total)).label(
            "discounted_orders"
        ),
        total(1, and_(purchase.is_order, purchase.list_total.is_not(None))).label("priced_orders"),
        total(purchase.total, purchase.is_recent).label("net_revenue_12m"),
        cast(func.sum(purchase.total), BigInteger).label("net_revenue_total"),
        case((unknown == 0, total(purchase.total - purchase.cost, purchase.is_recent))).label(
            "margin_12m"
        ),
        unknown.label("unknown_costs"),
        func.aggregate_strings(
            case((purchase.is_order, cast(_day_number(purchase.ordered_at), String))), ","
        ).label("days"),
    ).group_by(purchase.customer_id)


def _latest(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """The latest order of each customer, and whether the latest sale was returned, by id."""
    rows = frame(connection, _latest_orders(now, first, last)).set_index("customer_id")
    return rows.assign(
        first_in_category=rows["first_in_category"].astype("boolean"),
        last_order_returned=rows["last_order_returned"].astype("boolean"),
    )


def _latest_orders(now: datetime, first: int, last: int) -> Select[Any]:
    """What did each customer order last? By index, from the latest purchase backwards."""
    candidate, order, sale, earlier = (aliased(Purchase) for _ in range(4))

    def is_sale(purchase: Any) -> ColumnElement[bool]:
        return and_(purchase.kind == OrderKind.SALE, purchase.total > 0, purchase.ordered_at <= now)

    def value(purchase: Any) -> ColumnElement[int]:
        credit = aliased(Purchase)
        given_back = (
            select(func.sum(credit.total))
            .where(
                credit.credit_of_id == purchase.id,
                credit.customer_id == purchase.customer_id,
                credit.kind == OrderKind.CREDIT,
                credit.ordered_at <= now,
                _standing(credit, now),
            )
            .correlate(purchase)
            .scalar_subquery()
        )
        return cast(purchase.total + func.coalesce(given_back, 0), BigInteger)

    def is_order(purchase: Any) -> ColumnElement[bool]:
        return and_(is_sale(purchase), _standing(purchase, now), value(purchase) > 0)

    def latest(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return (
            select(candidate.id)
            .where(candidate.customer_id == Customer.id, condition)
            .order_by(candidate.ordered_at.desc(), candidate.id.desc())
            .limit(1)
            .correlate(Customer)
            .scalar_subquery()
        )

    picked = (
        select(
            Customer.id.label("customer_id"),
            latest(is_order(candidate)).label("order_id"),
            latest(is_sale(candidate)).label("sale_id"),
        )
        .where(_mine(Customer.id, first, last))
        .cte("picked")
    )
    same_category_before = (
        select(earlier.id)
        .where(
            earlier.customer_id == order.customer_id,
            earlier.category == order.category,
            or_(
                earlier.ordered_at < order.ordered_at,
                and_(earlier.ordered_at == order.ordered_at, earlier.id < order.id),
            ),
            is_order(earlier),
        )
        .correlate(order)
        .exists()
    )
    return (
        select(
            picked.c.customer_id,
            value(order).label("last_order_value"),
            order.category.label("last_category"),
            case((order.category.is_not(None), case((same_category_before, 0), else_=1))).label(
                "first_in_category"
            ),
            case((or_(_cancelled(sale, now), value(sale) <= 0), 1), else_=0).label(
                "last_order_returned"
            ),
        )
        .join(sale, sale.id == picked.c.sale_id)
        .outerjoin(order, order.id == picked.c.order_id)
    )


def _customers(now: datetime, first: int, last: int) -> Select[Any]:
    """Who is it, and how did they stand after the run before?"""
    seen = or_(Customer.phase_since.is_(None), Customer.phase_since <= now)
    return select(
        Customer.id.label("customer_id"),
        Customer.key.label("customer_key"),
        Customer.country,
        Customer.locale,
        Customer.industry,
        Customer.owner,
        case((seen, Customer.phase)).label("phase_before"),
        case((seen, Customer.phase_since)).label("phase_since"),
        case((seen, Customer.quadrant)).label("quadrant_before"),
    ).where(_mine(Customer.id, first, last))


def _complaints(now: datetime, first: int, last: int) -> Select[Any]:
    """How many complaints are not yet settled?"""
    return (
        select(Complaint.customer_id, func.count().label("open_complaints"))
        .where(
            _mine(Complaint.customer_id, first, last),
            Complaint.opened_at <= now,
            or_(Complaint.closed_at.is_(None), Complaint.closed_at > now),
        )
        .group_by(Complaint.customer_id)
    )


def _moods(now: datetime, first: int, last: int) -> Select[Any]:
    """How did they sound when somebody last noted it?"""
    place = func.row_number().over(
        partition_by=Interaction.customer_id,
        order_by=(Interaction.at.desc(), Interaction.id.desc()),
    )
    noted = (
        select(Interaction.customer_id, Interaction.mood.label("last_mood"), place.label("place"))
        .where(
            _mine(Interaction.customer_id, first, last),
            Interaction.at <= now,
            Interaction.mood.is_not(None),
        )
        .subquery("noted")
    )
    return select(noted.c.customer_id, noted.c.last_mood).where(noted.c.place == 1)


def _conversations(now: datetime, first: int, last: int) -> Select[Any]:
    """When did anybody of us last speak with them?"""
    return (
        select(Interaction.customer_id, func.max(Interaction.at).label("last_contact_at"))
        .where(_mine(Interaction.customer_id, first, last), Interaction.at <= now)
        .group_by(Interaction.customer_id)
    )


def _mails(now: datetime, first: int, last: int) -> Select[Any]:
    """How many messages were handed over in the last 30 days?"""
    return (
        select(Send.customer_id, func.count().label("emails_30d"))
        .where(
            _mine(Send.customer_id, first, last),
            Send.handed_over_at > now - _MAIL_WINDOW,
            Send.handed_over_at <= now,
        )
        .group_by(Send.customer_id)
    )


def _reachable(now: datetime, first: int, last: int) -> Select[Any]:
    """How many people have an address that is not shut for every message?"""
    shut = (
        select(func.lower(Suppression.email))
        .where(Suppression.purpose.is_(None), Suppression.at <= now)
        .distinct()
    )
    return (
        select(Contact.customer_id, func.count().label("contacts"))
        .where(
            _mine(Contact.customer_id, first, last),
            Contact.email.is_not(None),
            Contact.email != "",
            func.lower(Contact.email).not_in(shut),
        )
        .group_by(Contact.customer_id)
    )

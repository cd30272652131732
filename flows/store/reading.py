"""The state `decide` starts from, read in a handful of queries for one range of customers."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, and_, case, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased
from sqlalchemy.sql.expression import ColumnElement, Select

from flows.calendars import regions, zones
from flows.store.grounds import read_grounds
from flows.store.models import (
    Customer,
    Enrollment,
    Product,
    Purchase,
    PurchaseLine,
    SegmentFill,
    SegmentMember,
    Send,
)
from flows.store.reading_contacts import read_contacts
from flows.store.reading_events import events, sent
from flows.store.reading_touches import touches
from flows.store.session import frame
from segments.frames import ORDER
from segments.journey.standing import DTYPES
from segments.names import (
    EnrollmentStatus,
    OrderKind,
    Outcome,
)
from segments.spec import Enter
from segments.state import Specs, State

GOAL_MEMORY = timedelta(days=400)
"""How long after entering a finished enrollment is still watched for its goal."""


def read_state(
    connection: Connection,
    profiles: pd.DataFrame,
    specs: Specs,
    now: datetime,
    first: int,
    last: int,
    previous_run: datetime | None,
) -> State:
    """Customers `first` to `last` as of `now`, their profiles handed in. Nothing later is seen."""
    journeys = [program.name for program in specs.programs]
    policy = specs.policy
    people = read_contacts(connection, policy, now, first, last)
    ids = people["contact_id"]
    ends = (int(ids.min()), int(ids.max())) if len(ids) else None
    where = people["country"], people["state"]
    return State(
        profiles=profiles.assign(region=regions(profiles["country"], profiles["state"], policy)),
        contacts=people.assign(
            zone=zones(people["zone"], *where, policy), region=regions(*where, policy)
        ),
        grounds=read_grounds(connection, now, first, last, ends),
        orders=_orders(connection, specs, now, first, last),
        enrollments=enrollments(connection, journeys, now, first, last, asleep=False),
        past=frame(connection, past(journeys, first, last)).astype(
            {"customer_id": "int64", "journey": "str", "entry_key": "str"}
        ),
        deferred=frame(connection, deferred(first, last)).astype({"node": "str"}),
        touches=touches(connection, specs, now, first, last),
        sent=sent(connection, specs, first, last),
        events=events(connection, specs, now, first, last),
        members=frame(connection, members(first, last)).astype(
            {"segment": "str", "customer_id": "int64"}
        ),
        filled=filled(connection, specs),
        previous_run=previous_run,
    )


def past(
    journeys: Collection[str], first: int, last: int
) -> Select[tuple[int, str, str, datetime, datetime | None]]:
    """Who was in which journey before? Feeds re-entry."""
    return select(
        Enrollment.customer_id,
        Enrollment.journey,
        Enrollment.entry_key,
        Enrollment.entered_at,
        Enrollment.left_at,
    ).where(Enrollment.journey.in_(journeys), Enrollment.customer_id.between(first, last))


def deferred(first: int, last: int) -> Select[tuple[int, int, str, int | None, str | None]]:
    """Which sends wait for a better moment, and which journey went before them?"""
    return select(
        Send.id.label("send_id"),
        Send.enrollment_id,
        Send.step.label("node"),
        Send.contact_id,
        Send.outranked_by,
    ).where(Send.outcome == Outcome.DEFERRED, Send.customer_id.between(first, last))


def members(first: int, last: int) -> Select[tuple[str, int]]:
    """Who was in which watched segment at the last plan?"""
    return select(SegmentMember.segment, SegmentMember.customer_id).where(
        SegmentMember.customer_id.between(first, last)
    )


def filled(connection: Connection, specs: Specs) -> frozenset[str]:
    """Watched segments whose members were noted under the rule they still have."""
    rows = connection.execute(select(SegmentFill.segment, SegmentFill.rule))
    return frozenset(
        row.segment
        for row in rows
        if row.segment in specs.segments and specs.segments[row.segment].text == row.rule
    )


def _credited(now: datetime) -> ColumnElement[int]:
    """What credit notes had given back of a purchase by `now`: zero or negative."""
    credit = aliased(Purchase)
    return func.coalesce(
        select(func.sum(credit.total))
        .where(
            credit.credit_of_id == Purchase.id,
            credit.ordered_at <= now,
            or_(credit.cancelled_at.is_(None), credit.cancelled_at > now),
        )
        .correlate(Purchase)
        .scalar_subquery(),
        0,
    )


def _order_columns(now: datetime) -> list[ColumnElement[Any]]:
    net = Purchase.total + _credited(now)
    return [
        net.label("order_value"),
        Purchase.category.label("order_category"),
        case((Purchase.total < Purchase.list_total, 1), else_=0).label("order_discounted"),
        case((or_(Purchase.cancelled_at <= now, net <= 0), 1), else_=0).label("order_returned"),
    ]


def _orders(
    connection: Connection, specs: Specs, now: datetime, first: int, last: int
) -> pd.DataFrame:
    """Sales young enough to start a journey."""
    since = now - timedelta(days=specs.policy.late_data.days)
    young = and_(
        Purchase.customer_id.between(first, last),
        Purchase.ordered_at.between(since, now),
        Purchase.kind == OrderKind.SALE,
        Purchase.total > 0,
    )
    statement = select(
        Purchase.id.label("purchase_id"),
        Purchase.customer_id,
        Purchase.contact_id,
        Purchase.key.label("order_key"),
        Purchase.ordered_at,
        *_order_columns(now),
    ).where(young)
    rows = _order_types(frame(connection, statement))
    products = {name for enter in _enters(specs) for name in enter.product or ()}
    if products:
        named = Product.key.in_(sorted(products))
        rows["products"] = _on_lines(connection, rows, young, Product.key, named)
    if _asks_for_categories(specs):
        known = Product.category.is_not(None)
        categories = _on_lines(connection, rows, young, Product.category, known)
        rows["categories"] = categories.where(categories != "", rows["order_category"].fillna(""))
    for name in ("products", "categories"):
        rows[name] = rows.get(name, "")
    return rows.astype(
        {"customer_id": "int64", "order_key": "str", "products": "str", "categories": "str"}
    )


def _enters(specs: Specs) -> list[Enter]:
    return [program.journey.enter for program in specs.programs]


def _asks_for_categories(specs: Specs) -> bool:
    by_order = any(program.journey.categories == "order" for program in specs.programs)
    return by_order or any(enter.category for enter in _enters(specs))


def _on_lines(
    connection: Connection,
    orders: pd.DataFrame,
    young: ColumnElement[bool],
    column: InstrumentedAttribute[Any],
    wanted: ColumnElement[bool],
) -> pd.Series:
    """What stands on the lines of each order, each once, one below the other."""
    lines = (
        select(PurchaseLine.purchase_id, column.label("name"))
        .join(Product, Product.id == PurchaseLine.product_id)
        .join(Purchase, Purchase.id == PurchaseLine.purchase_id)
        .where(young, wanted)
        .distinct()
        .subquery()
    )
    together = select(
        lines.c.purchase_id, func.aggregate_strings(lines.c.name, "\n").label("names")
    ).group_by(lines.c.purchase_id)
    found = frame(connection, together).set_index("purchase_id")["names"]
    return orders["purchase_id"].map(found).astype("str").fillna("")


def enrollments(
    connection: Connection,
    journeys: Collection[str],
    now: datetime,
    first: int,
    last: int,
    *,
    asleep: bool = True,
) -> pd.DataFrame:
    """Under way, or finished with the goal still open.

    Without those `asleep`: the many who finished and ordered nothing since, of whom nothing but
    their goal is asked at a plan.
    """
    following = aliased(Purchase)
    next_order = (
        select(func.min(following.ordered_at))
        .where(
            following.customer_id == Enrollment.customer_id,
            following.kind == OrderKind.SALE,
            following.total > 0,
            following.ordered_at > Enrollment.anchor_at,
            following.ordered_at <= now,
            or_(following.cancelled_at.is_(None), following.cancelled_at > now),
        )
        .correlate(Enrollment)
        .scalar_subquery()
    )
    own = [
        getattr(Enrollment, name)
        for name in DTYPES
        if name not in {"enrollment_id", "contact_id", "next_order_at", *ORDER}
    ]
    statement = (
        select(
            Enrollment.id.label("enrollment_id"),
            *own,
            next_order.label("next_order_at"),
            Purchase.contact_id,
            *_order_columns(now),
        )
        .outerjoin(Purchase, Purchase.id == Enrollment.purchase_id)
        .where(
            Enrollment.customer_id.between(first, last),
            Enrollment.journey.in_(journeys),
            or_(
                Enrollment.status == EnrollmentStatus.ACTIVE,
                and_(
                    Enrollment.status == EnrollmentStatus.FINISHED,
                    Enrollment.goal_at.is_(None),
                    Enrollment.anchor_at >= now - GOAL_MEMORY,
                    true() if asleep else next_order.is_not(None),
                ),
            ),
        )
    )
    rows = _order_types(frame(connection, statement))[list(DTYPES)].astype(DTYPES)
    return rows.assign(flags=rows["flags"].fillna(""))


def _order_types(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(
        {"order_discounted": "boolean", "order_returned": "boolean", "order_category": "str"}
    )


def customer_range(connection: Connection) -> tuple[int, int]:
    """Lowest and highest customer number; (1, 0) where there is nobody."""
    low, high = connection.execute(select(func.min(Customer.id), func.max(Customer.id))).one()
    return (low or 1, high or 0)


def customer_ranges(connection: Connection, size: int) -> list[tuple[int, int]]:
    """The customers in ranges of so many numbers, first and last of each."""
    low, high = customer_range(connection)
    return [(first, min(first + size - 1, high)) for first in range(low, high + 1, size)]

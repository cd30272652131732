"""Orders told together with the message before them: correlation, not effect."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.later import Later
from flows.store.models import Base, Enrollment, JourneyVersion, Purchase, Send
from segments.names import OrderKind, Outcome, ResponseKind
from segments.spans import parse_span

ATTRIBUTION = timedelta(days=90)
"""How long after a message an order may still be told together with it."""

LATE_ORDERS = timedelta(days=90)
"""How late an order may come in and still be looked at."""

_response = Base.metadata.tables["response"]


def attribute_orders(connection: Connection, now: datetime) -> int:
    """Tell each order within a goal's time together with the latest message before it.

    One response of kind order for each order and enrollment, however often it is called.
    """
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    if connection.dialect.name == "postgresql":
        # After a first load PostgreSQL takes these tables for empty and joins row by row.
        connection.exec_driver_sql("ANALYZE enrollment, send, purchase")
    names = ["key", "send_id", "kind", "at", "purchase_id", "seen_at"]
    count = 0
    for within, versions in _goals(connection).items():
        orders = _orders_after_messages(now, within, versions).subquery()
        key = (
            literal("order:")
            + cast(orders.c.purchase_id, String)
            + ":"
            + cast(orders.c.enrollment_id, String)
        )
        found = select(
            key,
            orders.c.send_id,
            literal(ResponseKind.ORDER, _response.c.kind.type),
            orders.c.ordered_at,
            orders.c.purchase_id,
            literal(now, _response.c.seen_at.type),
        ).where(orders.c.place == 1)
        statement = dialect.insert(_response).from_select(names, found)
        count += connection.execute(
            statement.on_conflict_do_nothing(index_elements=["key"]),
            execution_options={"preserve_rowcount": True},
        ).rowcount
    return count


def _goals(connection: Connection) -> dict[timedelta, list[tuple[str, str]]]:
    goals: dict[timedelta, list[tuple[str, str]]] = {}
    rows = connection.execute(
        select(JourneyVersion.journey, JourneyVersion.version, JourneyVersion.spec)
    )
    for journey, version, spec in rows:
        if goal := spec.get("goal"):
            within = timedelta(days=parse_span(goal["within"]).days)
            goals.setdefault(within, []).append((journey, version))
    return goals


def _orders_after_messages(
    now: datetime, within: timedelta, versions: list[tuple[str, str]]
) -> Select[Any]:
    since = now - LATE_ORDERS
    return (
        select(
            Purchase.id.label("purchase_id"),
            Purchase.ordered_at,
            Enrollment.id.label("enrollment_id"),
            Send.id.label("send_id"),
            func.row_number()
            .over(
                partition_by=(Purchase.id, Enrollment.id),
                order_by=(Send.handed_over_at.desc(), Send.id.desc()),
            )
            .label("place"),
        )
        .join(Send, Send.enrollment_id == Enrollment.id)
        .join(
            Purchase,
            and_(
                Purchase.customer_id == Enrollment.customer_id,
                Purchase.ordered_at > Send.handed_over_at,
                Purchase.ordered_at <= Later(Send.handed_over_at, _seconds(ATTRIBUTION)),
                Purchase.ordered_at <= Later(Enrollment.entered_at, _seconds(within)),
                Purchase.ordered_at.between(since, now),
            ),
        )
        .where(
            tuple_(Enrollment.journey, Enrollment.version).in_(versions),
            Enrollment.entered_at >= since - within,
            Send.handed_over_at >= since - ATTRIBUTION,
            Send.outcome.in_([Outcome.ACCEPTED, Outcome.DELIVERED]),
            Purchase.kind == OrderKind.SALE,
            or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
            or_(Enrollment.purchase_id.is_(None), Enrollment.purchase_id != Purchase.id),
        )
    )


def _seconds(span: timedelta) -> BindParameter[int]:
    return literal(int(span.total_seconds()))

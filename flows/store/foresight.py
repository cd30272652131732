"""What a change of the YAML would meet: who is under way, who is in two journeys, who enters."""

import math
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection, Float, and_, case, cast, func, select
from sqlalchemy.orm import aliased

from flows.store.models import Enrollment, JourneyVersion, Purchase
from flows.store.session import frame
from segments.names import EnrollmentStatus, OrderKind

_DAY = timedelta(days=1)


def under_way(connection: Connection) -> pd.DataFrame:
    """Active enrollments by journey, version and node: journey, version, node, number."""
    by = [Enrollment.journey, Enrollment.version, Enrollment.node]
    statement = (
        select(*by, func.count().label("number"))
        .where(Enrollment.status == EnrollmentStatus.ACTIVE)
        .group_by(*by)
    )
    return frame(connection, statement).sort_values(
        ["journey", "version", "node"], ignore_index=True
    )


def in_two(connection: Connection) -> pd.DataFrame:
    """Customers who are under way in two journeys at once: first, second, customers."""
    one, other = aliased(Enrollment), aliased(Enrollment)
    active = EnrollmentStatus.ACTIVE
    statement = (
        select(
            one.journey.label("first"),
            other.journey.label("second"),
            func.count(one.customer_id.distinct()).label("customers"),
        )
        .join(
            other,
            and_(
                other.customer_id == one.customer_id,
                other.journey > one.journey,
                other.status == active,
            ),
        )
        .where(one.status == active)
        .group_by(one.journey, other.journey)
    )
    return frame(connection, statement).sort_values(["first", "second"], ignore_index=True)


def entries(connection: Connection, since: datetime, now: datetime) -> dict[str, float]:
    """How many customers a day entered each journey, from `since` or from its start on if later."""
    starts = select(JourneyVersion.journey, func.min(JourneyVersion.started_at)).group_by(
        JourneyVersion.journey
    )
    started = dict(connection.execute(starts).tuples().all())
    statement = (
        select(Enrollment.journey, func.count(Enrollment.customer_id.distinct()))
        .where(Enrollment.entered_at > since, Enrollment.entered_at <= now)
        .group_by(Enrollment.journey)
    )
    daily = {}
    for journey, number in connection.execute(statement):
        watched = now - max(since, started.get(journey, since))
        daily[journey] = number / max(watched / _DAY, 1.0)
    return daily


def revenue_spread(connection: Connection, window: timedelta, now: datetime) -> float | None:
    """Standard deviation of net revenue per customer over the `window` before `now`, minor units.

    None with fewer than two customers.
    """
    sums = revenue_sums(connection, window, now)
    number = sums["complete"]
    if number < 2:
        return None
    variance = (sums["squares"] - sums["total"] ** 2 / number) / (number - 1)
    return math.sqrt(max(variance, 0.0))


def revenue_sums(connection: Connection, window: timedelta, now: datetime) -> dict[str, float]:
    """Net revenue per customer over the `window` before `now` (y), and over the one before (x).

    Sums as in `segments.effect.sums.SUMS`, in minor units, over everybody who ever bought, those
    without an order in that time with nothing.
    """
    recent = and_(Purchase.ordered_at > now - window, Purchase.ordered_at <= now)
    earlier = and_(Purchase.ordered_at > now - 2 * window, Purchase.ordered_at <= now - window)
    each = (
        select(
            func.sum(case((recent, Purchase.total), else_=0)).label("y"),
            func.sum(case((earlier, Purchase.total), else_=0)).label("x"),
        )
        .where(Purchase.ordered_at <= now, Purchase.cancelled_at.is_(None))
        .group_by(Purchase.customer_id)
        .having(func.max(case((Purchase.kind == OrderKind.SALE, 1), else_=0)) == 1)
        .subquery()
    )
    y, x = cast(each.c.y, Float), cast(each.c.x, Float)
    number, *sums = connection.execute(
        select(func.count(), *(func.sum(part) for part in (y, y * y, x, x * x, x * y))).select_from(
            each
        )
    ).one()
    names = ("total", "squares", "before", "before_squares", "product")
    return {"complete": float(number)} | {
        name: float(value or 0) for name, value in zip(names, sums, strict=True)
    }

"""What customers bought after a journey first reached them, added up per journey and arm."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement, Subquery

from flows.store.models import Enrollment, JourneyVersion, Purchase
from flows.store.session import frame
from flows.store.types import Utc
from segments.effect.uplift import SUMS
from segments.names import OrderKind, Purpose
from segments.spans import parse_share

DEFAULT_WINDOW = 90.0
"""Days an outcome is followed where a journey names no goal."""


def effect_sums(
    connection: Connection,
    windows: Mapping[str, float],
    now: datetime,
    holdout: float = 0.0,
) -> pd.DataFrame:
    """`SUMS` of `segments.effect.uplift`: one row per journey and arm, all adding up in the store.

    The unit is the customer, by the first enrollment of theirs in the journey that came to a send
    or a ghost, in the arm of that enrollment, whatever became of the message (intention to treat).
    The value is net revenue, sales not cancelled less credit notes, from that moment for
    `windows[journey]` days (`DEFAULT_WINDOW` where it names none) and never past `now`; a credit
    note for an earlier order counts, since fewer returns are an effect too. `reached` counts those
    with at least one sale.

    Customers whose window is still open count with what they bought so far: chance drew the arms,
    so both are cut alike, and the difference is that of the time seen. `complete` counts those
    whose window is over. `holdout` is the house's own share, which advertising journeys add.
    """
    first = _first_touches(windows, now)
    per_customer = _values(first, now)
    value = per_customer.c.value
    real = cast(value, Float)
    statement = select(
        per_customer.c.journey,
        per_customer.c.version,
        per_customer.c.arm,
        _number(func.count()).label("customers"),
        _number(func.sum(case((per_customer.c.until <= now, 1), else_=0))).label("complete"),
        _number(func.sum(per_customer.c.bought)).label("reached"),
        _number(func.sum(case((value != 0, 1), else_=0))).label("nonzero"),
        _number(func.sum(value)).label("total"),
        # A square of whole cents outgrows 64 bits at 30 million euros; a float only rounds.
        func.sum(real * real).label("total_squares"),
    ).group_by(per_customer.c.journey, per_customer.c.version, per_customer.c.arm)
    sums = frame(connection, statement)
    shares = sums.merge(_shares(connection, holdout), on=["journey", "version"], how="left")[
        "share"
    ]
    customers = sums["customers"].astype("float64")
    figures = [name for name in SUMS if name not in ("journey", "arm")]
    return (
        sums.assign(
            expected=shares * customers, expected_variance=shares * (1 - shares) * customers
        )
        .groupby(["journey", "arm"], sort=True)[figures]
        .sum(skipna=False)
        .reset_index()
    )


def _first_touches(windows: Mapping[str, float], now: datetime) -> Subquery:
    """Each customer's first touched enrollment in each journey, and when its window ends."""
    touch = Enrollment.first_touch_at
    days = case(dict(windows), value=Enrollment.journey, else_=DEFAULT_WINDOW) if windows else None
    seconds = (literal(DEFAULT_WINDOW) if days is None else days) * literal(86_400)
    ranked = (
        select(
            Enrollment.customer_id,
            Enrollment.journey,
            Enrollment.version,
            Enrollment.arm,
            touch.label("touched_at"),
            _Later(touch, cast(seconds, BigInteger)).label("until"),
            func.row_number()
            .over(
                partition_by=(Enrollment.customer_id, Enrollment.journey),
                order_by=(touch, Enrollment.id),
            )
            .label("place"),
        )
        .where(touch <= now)
        .subquery("touches")
    )
    return select(ranked).where(ranked.c.place == 1).subquery("first_touch")


def _values(first: Subquery, now: datetime) -> Subquery:
    """One row per customer and journey: net revenue in the window, and whether there was a sale."""
    in_window = and_(
        Purchase.customer_id == first.c.customer_id,
        Purchase.ordered_at >= first.c.touched_at,
        Purchase.ordered_at < first.c.until,
        Purchase.ordered_at <= now,
        or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
    )
    keys = (first.c.customer_id, first.c.journey, first.c.version, first.c.arm, first.c.until)
    return (
        select(
            *keys,
            func.coalesce(_number(func.sum(Purchase.total)), 0).label("value"),
            func.max(case((Purchase.kind == OrderKind.SALE.value, 1), else_=0)).label("bought"),
        )
        .select_from(first.outerjoin(Purchase, in_window))
        .group_by(*keys)
        .subquery("per_customer")
    )


def _shares(connection: Connection, holdout: float) -> pd.DataFrame:
    """journey, version, share: with which share of holdout each version drew its arms."""
    versions = connection.execute(
        select(JourneyVersion.journey, JourneyVersion.version, JourneyVersion.spec)
    )
    rows = [
        (journey, version, _share(spec, holdout if _is_advertising(spec) else 0.0))
        for journey, version, spec in versions
    ]
    return pd.DataFrame(rows, columns=["journey", "version", "share"]).astype(
        {"journey": "str", "version": "str", "share": "float64"}
    )


def _share(spec: Mapping[str, Any], house: float) -> float:
    """Held out by the journey's own draw, or by the house's, which is independent of it."""
    return 1 - (1 - parse_share(spec.get("holdout", 0.0))) * (1 - house)


def _is_advertising(spec: Mapping[str, Any]) -> bool:
    return spec.get("purpose") == Purpose.ADVERTISING


def _number(counted: ColumnElement[Any]) -> ColumnElement[int]:
    """PostgreSQL adds up integers as decimals; a count is an integer."""
    return cast(counted, BigInteger)


class _Later(FunctionElement[datetime]):
    """A moment so many whole seconds later, keeping its microseconds."""

    type = Utc()
    inherit_cache = True


@compiles(_Later, "postgresql")
def _later_on_postgresql(element: _Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(part, **options) for part in element.clauses)
    return f"({moment} + make_interval(secs => {seconds}))"


@compiles(_Later, "sqlite")
def _later_on_sqlite(element: _Later, compiler: SQLCompiler, **options: Any) -> str:
    moment, seconds = (compiler.process(part, **options) for part in element.clauses)
    # Only whole seconds are reckoned with: SQLite's own fractions end at milliseconds.
    return f"(datetime(substr({moment}, 1, 19), ({seconds}) || ' seconds') || substr({moment}, 20))"

"""What customers did after a journey first reached them, and before, added up in the store."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pandas as pd
from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Connection,
    Float,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)

from flows.store.later import Later
from flows.store.models import Enrollment
from flows.store.outcomes import ADDED, happenings
from flows.store.session import frame
from flows.store.terms import Term
from segments.effect.sums import FIGURES, KEYS, merged
from segments.journey.beginning import DEFAULT_WINDOW
from segments.names import Arm, Yardstick

HOUSE = "*"
"""Stands for all advertising together: those the house keeps out of it, and everybody else."""

SETTLING = timedelta(days=3)
"""How long after a window has closed what happened in it may still become known."""

_CELL = ("journey", "arm", "phase", "quadrant", "variants")
_SECONDS_A_DAY = 86_400


def effect_sums(
    connection: Connection,
    terms: Sequence[Term],
    now: datetime,
    customers: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """`SUMS` of `segments.effect.sums`, of every journey, and of all advertising as `HOUSE`.

    Of all customers, or of those numbered from the first to the last of `customers`.

    The unit is the customer, by the first enrollment of theirs in the journey that came to a send
    or a ghost, in the arm of that enrollment, whatever became of the message (intention to treat).
    What counts is what happened from that moment on, for as long as the enrollment noted when it
    began, and as the covariate what happened for as long before. A window is complete `SETTLING`
    after its end: what became known by then counts, for ever, and what comes later or is corrected
    later does not. So the figures of a complete window depend on nothing that happens later.
    """
    if connection.dialect.name == "postgresql":
        # Nobody knows how many rows a first touch leaves over; a wrong guess would look up each
        # customer by itself, and sort where counting would do.
        connection.exec_driver_sql("SET LOCAL enable_nestloop = off")
        connection.exec_driver_sql("SET LOCAL enable_sort = off")
        connection.exec_driver_sql("SET LOCAL work_mem = '256MB'")
    touch = _touches(terms, now, customers)
    cells = frame(connection, _per_cell(_per_customer(touch, terms, now, customers), now))
    return merged(pd.concat([_long(part) for part in _parts(cells)], ignore_index=True))


def _touches(terms: Sequence[Term], now: datetime, customers: tuple[int, int] | None) -> CTE:
    """Each customer's first touched enrollment in each journey, and when its window ends."""
    known = (Enrollment.phase, Enrollment.quadrant)
    touched_at = and_(Enrollment.first_touch_at <= now, _among(Enrollment.customer_id, customers))
    seconds = func.coalesce(
        Enrollment.outcome_seconds, literal(round(DEFAULT_WINDOW * _SECONDS_A_DAY))
    )
    own = _first(
        Enrollment.journey.label("journey"),
        Enrollment.arm.label("arm"),
        *known,
        Enrollment.variants,
        Enrollment.drawn_share,
        seconds.label("seconds"),
        by=(Enrollment.customer_id, Enrollment.journey),
        where=touched_at,
    )
    found = [own]
    if any(term.holdout for term in terms):
        house = _first(
            literal(HOUSE).label("journey"),
            case(
                (Enrollment.kept_out.is_(True), Arm.HELD_OUT.value), else_=Arm.TREATED.value
            ).label("arm"),
            *known,
            cast(None, Enrollment.variants.type).label("variants"),
            _share_of_house(terms).label("drawn_share"),
            literal(round(DEFAULT_WINDOW * _SECONDS_A_DAY)).label("seconds"),
            by=(Enrollment.customer_id,),
            where=and_(touched_at, Enrollment.kept_out.is_not(None)),
        )
        found.append(house)
    touched = union_all(*found).subquery("touched")
    at, long = touched.c.touched_at, cast(touched.c.seconds, BigInteger)
    return (
        select(
            func.row_number().over().label("unit"),
            *(touched.c[name] for name in (*_CELL, "customer_id", "touched_at", "drawn_share")),
            Later(at, -long).label("since"),
            Later(at, long).label("until"),
            Later(at, long + round(SETTLING.total_seconds())).label("settled"),
        )
        .cte("touch")
        .prefix_with("MATERIALIZED")
    )


def _first(*columns: Any, by: tuple[Any, ...], where: Any) -> Select[Any]:
    """The first touch of each customer; of two at once the earlier enrollment."""
    touch = Enrollment.first_touch_at
    ranked = (
        select(
            Enrollment.customer_id,
            touch.label("touched_at"),
            *columns,
            func.row_number().over(partition_by=by, order_by=(touch, Enrollment.id)).label("place"),
        )
        .where(where)
        .subquery()
    )
    return select(*(column for column in ranked.c if column.key != "place")).where(
        ranked.c.place == 1
    )


def _share_of_house(terms: Sequence[Term]) -> Any:
    ways = [
        (Enrollment.entered_at < after.since, literal(float(term.holdout)))
        for term, after in pairwise(terms)
    ]
    last = literal(float(terms[-1].holdout))
    return case(*ways, else_=last) if ways else last


def _among(customer: Any, customers: tuple[int, int] | None) -> ColumnElement[bool]:
    return true() if customers is None else customer.between(*customers)


def _per_customer(
    touch: CTE, terms: Sequence[Term], now: datetime, customers: tuple[int, int] | None
) -> Subquery:
    """One row per touch: what happened after it (`y_`) and before (`x_`), where that is known."""
    happened = happenings(terms)
    at, settled = happened.c.at, touch.c.settled
    counts = and_(
        happened.c.customer_id == touch.c.customer_id,
        _among(happened.c.customer_id, customers),
        at >= touch.c.since,
        at < touch.c.until,
        settled <= now,
        or_(happened.c.seen_at.is_(None), happened.c.seen_at <= settled),
        or_(happened.c.gone_at.is_(None), happened.c.gone_at > settled),
        or_(happened.c.corrected_at.is_(None), happened.c.corrected_at > settled),
    )
    after = at >= touch.c.touched_at
    sums = []
    for name in ADDED:
        figure = happened.c[name.value]
        sums.append(func.sum(figure).filter(after).label(f"y_{name.value}"))
        sums.append(func.sum(figure).filter(~after).label(f"x_{name.value}"))
    added = (
        select(touch.c.unit, *sums)
        .select_from(touch.join(happened, counts))
        .group_by(touch.c.unit)
        .subquery("added")
    )
    figures = [column for column in added.c if column.key != "unit"]
    return (
        select(
            *(touch.c[name] for name in (*_CELL, "drawn_share", "settled")),
            *(func.coalesce(column, 0.0).label(column.key) for column in figures),
        )
        .select_from(touch.outerjoin(added, added.c.unit == touch.c.unit))
        .subquery("per_customer")
    )


def _per_cell(customers: Subquery, now: datetime) -> Select[Any]:
    """Sums over customers who are alike in everything the report tells apart."""
    known = customers.c.settled <= now
    share = customers.c.drawn_share

    def summed(figure: Any) -> Any:
        return func.sum(cast(figure, Float))

    columns = [
        cast(func.count(), BigInteger).label("customers"),
        cast(func.sum(case((known, 1), else_=0)), BigInteger).label("complete"),
        # One share that is not known leaves the expectation of all unknown.
        case((func.count() == func.count(share), summed(share))).label("expected"),
        case((func.count() == func.count(share), summed(share * (1 - share)))).label(
            "expected_variance"
        ),
    ]
    for name in Yardstick:
        y: ColumnElement[Any]
        x: ColumnElement[Any]
        if name == Yardstick.GOAL:
            y, x = (
                case((customers.c[f"{side}_orders"] > 0, 1.0), else_=0.0) for side in ("y", "x")
            )
        else:
            y, x = customers.c[f"y_{name.value}"], customers.c[f"x_{name.value}"]
        columns += [
            summed(case((y != 0, 1.0), else_=0.0)).label(f"{name.value}_nonzero"),
            summed(y).label(f"{name.value}_total"),
            summed(y * y).label(f"{name.value}_squares"),
            summed(x).label(f"{name.value}_before"),
            summed(x * x).label(f"{name.value}_before_squares"),
            summed(x * y).label(f"{name.value}_product"),
        ]
    by = [customers.c[name] for name in _CELL]
    return select(*by, *columns).group_by(*by)


def _parts(cells: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The cells once for the whole, and once for each way of cutting it."""
    yield cells.assign(part=None)
    for column in ("phase", "quadrant"):
        named = cells[cells[column].notna()]
        yield named.assign(part=f"{column}:" + named[column].astype("str"))
    variants = cells["variants"].fillna("").astype("str").str.split()
    apart = cells.assign(variant=variants).explode("variant")
    apart = apart[apart["variant"].notna()]
    yield apart.assign(part="variant:" + apart["variant"].astype("str").str.replace("=", "/", n=1))


def _long(cells: pd.DataFrame) -> pd.DataFrame:
    """A row for each yardstick."""
    figures = [
        name
        for name in FIGURES
        if name not in ("customers", "complete", "expected", "expected_variance")
    ]
    shared = cells[["journey", "part", "arm", *(set(FIGURES) - set(figures))]]
    rows = [
        shared.assign(
            outcome=name.value,
            **{figure: cells[f"{name.value}_{figure}"] for figure in figures},
        )
        for name in Yardstick
    ]
    return pd.concat(rows, ignore_index=True)[[*KEYS, *FIGURES]]

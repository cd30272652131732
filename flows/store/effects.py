"""What a journey is measured by: whom it reached, and what they did before and after."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    and_,
    case,
    cast,
    func,
    literal,
    select,
    true,
)

from flows.store import columnar
from flows.store.models import Enrollment
from flows.store.outcomes import happenings
from flows.store.session import frame
from flows.store.terms import Term
from segments.effect.windows import TOUCHES, Windows, windows
from segments.journey.beginning import DEFAULT_WINDOW
from segments.names import Arm

HOUSE = "*"
"""Stands for all advertising together: those the house keeps out of it, and everybody else."""

_SECONDS_A_DAY = 86_400


def effect_windows(
    connection: Connection,
    terms: Sequence[Term],
    now: datetime,
    customers: tuple[int, int] | None = None,
) -> Windows:
    """Every journey's first touches up to `now` and what happened around them, and as `HOUSE` those
    of all advertising; `sums` answers as of `now` and of any moment before.

    Of all customers, or of those numbered from the first to the last of `customers`.
    """
    found = windows(_touches(connection, terms, now, customers))
    span = found.span(now)
    if span is None:
        return found
    since, until = span
    for happened in happenings(terms):
        rows = happened.subquery()
        customer, at = rows.c.customer_id, rows.c.at
        asked = select(rows).where(_among(customer, customers), at >= since, at < until)
        found.add(columnar.read(connection, asked, complete=("customer_id", "at")), now)
    return found


def _touches(
    connection: Connection,
    terms: Sequence[Term],
    now: datetime,
    customers: tuple[int, int] | None,
) -> pd.DataFrame:
    """`TOUCHES` up to `now`; those of customers who may be kept out of advertising once more."""
    touched = and_(Enrollment.first_touch_at <= now, _among(Enrollment.customer_id, customers))
    seconds = round(DEFAULT_WINDOW * _SECONDS_A_DAY)
    rows = frame(
        connection,
        select(
            Enrollment.customer_id,
            Enrollment.id,
            Enrollment.journey,
            Enrollment.arm,
            Enrollment.phase,
            Enrollment.quadrant,
            Enrollment.variants,
            Enrollment.drawn_share.label("share"),
            Enrollment.first_touch_at.label("touched_at"),
            func.coalesce(Enrollment.outcome_seconds, literal(seconds)).label("seconds"),
            Enrollment.kept_out,
            _share_of_house(terms).label("share_of_house"),
        ).where(touched),
    )
    own = rows[[*TOUCHES]]
    if not any(term.holdout for term in terms):
        return own
    asked = rows[rows["kept_out"].notna()]
    arms = np.where(asked["kept_out"].astype(bool), Arm.HELD_OUT.value, Arm.TREATED.value)
    house = asked.assign(
        journey=HOUSE,
        arm=arms,
        variants=None,
        share=asked["share_of_house"],
        seconds=seconds,
    )
    return pd.concat([own, house[[*TOUCHES]]], ignore_index=True)


def _share_of_house(terms: Sequence[Term]) -> Any:
    ways = [
        (Enrollment.entered_at < after.since, literal(float(term.holdout)))
        for term, after in pairwise(terms)
    ]
    last = literal(float(terms[-1].holdout))
    return cast(case(*ways, else_=last) if ways else last, Float)


def _among(customer: Any, customers: tuple[int, int] | None) -> ColumnElement[bool]:
    return true() if customers is None else customer.between(*customers)

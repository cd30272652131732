"""One row a customer: everything rules may use, as of a moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import pandas_dtype

from segments import frames
from segments.customer import phase, purchases, reassurance, value
from segments.policy import Policy

_WORDS, _NUMBER, _MOMENT = map(pandas_dtype, ("string", "Int64", "datetime64[us, UTC]"))
_DTYPES: dict[frames.Kind, Any] = {
    frames.Kind.TEXT: _WORDS,
    frames.Kind.WORD: _WORDS,
    frames.Kind.INTEGER: _NUMBER,
    frames.Kind.MONEY: _NUMBER,
    frames.Kind.NUMBER: pandas_dtype("Float64"),
    frames.Kind.FLAG: pandas_dtype("boolean"),
    frames.Kind.MOMENT: _MOMENT,
}
_STOOD: dict[str, Any] = {
    "phase_before": _WORDS,
    "phase_since": _MOMENT,
    "quadrant_before": _WORDS,
}
"""How a customer stood before."""


@dataclass(frozen=True)
class Base:
    """What one customer is measured against: figures of the whole base as of `now`.

    `gap_days` is the median of all own median gaps between order days. A customer is A with at
    least `a_from` of net revenue, B with at least `b_from`. `revenue_cut` and `potential_cut` are
    the medians of active customers (those with an order in the last `ended_days`). None: nobody
    to take it from.
    """

    gap_days: float | None = None
    a_from: int | None = None
    b_from: int | None = None
    revenue_cut: float | None = None
    potential_cut: float | None = None


def base(figures: pd.DataFrame, policy: Policy, now: datetime) -> Base:
    """The figures of the whole base from the figures of all its customers.

    Needs of each: orders, order_value_total, net_revenue_12m, net_revenue_total, last_order_at,
    gap_days, gaps.
    """
    gap_days = _median(figures["gap_days"])
    days = purchases.whole_days(figures["last_order_at"], now)
    active = (days <= policy.phases.ended_days).fillna(False)
    typical = purchases.typical_gap_days(
        figures["gap_days"], figures["gaps"], gap_days, policy.value.gap_weight
    )
    expected = value.expected_revenue(figures["orders"], figures["order_value_total"], typical)
    a_from, b_from = value.abc_cuts(figures["net_revenue_total"])
    return Base(
        gap_days=gap_days,
        a_from=a_from,
        b_from=b_from,
        revenue_cut=_median(figures["net_revenue_12m"][active]),
        potential_cut=_median(expected[active]),
    )


def profiles(figures: pd.DataFrame, base: Base, policy: Policy, now: datetime) -> pd.DataFrame:
    """One row a customer of `figures`, in their order.

    Columns: customer_id (int64), customer_key, all of `frames.PROFILE`, and how the customer
    stood before: phase_before, phase_since, quadrant_before.
    """
    known = figures.reset_index(drop=True)
    bought = purchases.purchases(known, base.gap_days, policy.value.gap_weight, now)
    stands = phase.phases(
        bought,
        known["phase_before"],
        known["phase_since"],
        policy.phases,
        late_days=policy.late_data.days,
        now=now,
    )
    potential = value.potential(
        bought["orders"], known["order_value_total"], bought["typical_gap_days"], stands
    )
    columns = {
        **{name: known[name] for name in known.columns if name in frames.PROFILE},
        **{name: bought[name] for name in bought.columns},
        "days_since_complaint": purchases.whole_days(known["last_complaint_at"], now),
        "days_since_last_contact": purchases.whole_days(known["last_contact_at"], now),
        "abc": value.abc(known["net_revenue_total"], base.a_from, base.b_from),
        "quadrant": value.quadrants(
            known["net_revenue_12m"],
            potential,
            known["quadrant_before"],
            policy.value,
            base.revenue_cut,
            base.potential_cut,
        ),
        "phase": stands,
        "reassurance": reassurance.reassurance_for(
            known["last_order_value"],
            known["first_in_category"],
            known["last_mood"],
            policy.reassurance,
        ),
    }
    return pd.DataFrame(
        {
            "customer_id": known["customer_id"].to_numpy(dtype="int64"),
            "customer_key": _typed(known["customer_key"], _WORDS),
            **{
                name: _typed(columns[name], _DTYPES[column.kind])
                for name, column in frames.PROFILE.items()
            },
            **{name: _typed(known[name], dtype) for name, dtype in _STOOD.items()},
        },
        copy=False,
    )


def _typed(column: pd.Series, dtype: Any) -> Any:
    """The column's array, converted only where that is needed: asking costs more than knowing."""
    return column.array if column.dtype == dtype else column.astype(dtype).array


def _median(values: pd.Series) -> float | None:
    numbers = values.to_numpy(dtype="float64", na_value=np.nan)
    numbers = numbers[~np.isnan(numbers)]
    return float(np.median(numbers)) if len(numbers) else None

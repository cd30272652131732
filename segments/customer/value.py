"""What a customer is worth: rank by net revenue, potential, and the four fields."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from segments.customer.purchases import numbers
from segments.names import Abc, Phase, Quadrant
from segments.policy import ValuePolicy
from segments.rules import MINOR_UNITS

A_PERCENT = 80
B_PERCENT = 95
_DAYS_A_YEAR = 365


def abc_cuts(net: pd.Series) -> tuple[int | None, int | None]:
    """Net revenue at which A and B end, the whole base sorted from the largest down.

    A is the shortest such prefix that carries 80 % of all positive net revenue, B reaches 95 %.
    Customers who share the last one's value share its letter, whatever shard they are in.
    """
    values = np.sort(net.to_numpy(dtype="int64", na_value=0))[::-1]
    values = values[values > 0]
    if not len(values):
        return None, None
    reached = np.cumsum(values) * 100
    total = int(values.sum())
    a_end, b_end = (
        int(np.searchsorted(reached, total * percent)) for percent in (A_PERCENT, B_PERCENT)
    )
    return int(values[a_end]), int(values[b_end])


def abc(net: pd.Series, a_from: int | None, b_from: int | None) -> pd.Series:
    """A, B, C by the base's cuts; D for whom nothing, or less, is left net."""
    values = net.to_numpy(dtype="int64", na_value=0)
    infinite = np.iinfo(np.int64).max
    letters = np.select(
        [
            values <= 0,
            values >= (infinite if a_from is None else a_from),
            values >= (infinite if b_from is None else b_from),
        ],
        [Abc.D, Abc.A, Abc.B],
        Abc.C,
    )
    return pd.Series(letters, index=net.index, dtype="string")


def expected_revenue(
    orders: pd.Series, order_value_total: pd.Series, typical: pd.Series
) -> pd.Series:
    """Usual (mean) order value times the orders a year has room for at the typical gap.

    In minor units; zero without an order, missing where no gap is known.
    """
    count = orders.to_numpy(dtype="float64", na_value=0.0)
    total = order_value_total.to_numpy(dtype="float64", na_value=0.0)
    gap = typical.to_numpy(dtype="float64", na_value=np.nan)
    usual = total / np.maximum(count, 1)
    return numbers(np.where(count > 0, usual * _DAYS_A_YEAR / gap, 0.0), orders.index)


def potential(
    orders: pd.Series, order_value_total: pd.Series, typical: pd.Series, phase: pd.Series
) -> pd.Series:
    """Revenue to expect of the next 12 months: nothing from prospects and those who have ended."""
    gone = phase.isin([Phase.PROSPECT, Phase.ENDED])
    return expected_revenue(orders, order_value_total, typical).mask(gone, 0.0)


def quadrants(
    revenue: pd.Series,
    potential: pd.Series,
    before: pd.Series,
    policy: ValuePolicy,
    revenue_median: float | None,
    potential_median: float | None,
) -> pd.Series:
    """The field of each customer: small, development (more to come), premium, top.

    High is who reaches the cut (policy's, else the base's median) with something above zero. Who
    was placed before changes sides only once the cut is crossed by `hysteresis`.
    """
    rich = _high(
        revenue,
        _cut(policy.revenue, revenue_median),
        before.isin([Quadrant.PREMIUM, Quadrant.TOP]).to_numpy(),
        before.isin([Quadrant.SMALL, Quadrant.DEVELOPMENT]).to_numpy(),
        policy.hysteresis,
    )
    promising = _high(
        potential,
        _cut(policy.potential, potential_median),
        before.isin([Quadrant.DEVELOPMENT, Quadrant.TOP]).to_numpy(),
        before.isin([Quadrant.SMALL, Quadrant.PREMIUM]).to_numpy(),
        policy.hysteresis,
    )
    fields = np.select(
        [rich & promising, rich, promising],
        [Quadrant.TOP, Quadrant.PREMIUM, Quadrant.DEVELOPMENT],
        Quadrant.SMALL,
    )
    return pd.Series(fields, index=revenue.index, dtype="string")


def _cut(written: float | None, median: float | None) -> float | None:
    return median if written is None else written * MINOR_UNITS


def _high(
    values: pd.Series,
    cut: float | None,
    was_high: npt.NDArray[np.bool_],
    was_low: npt.NDArray[np.bool_],
    hysteresis: float,
) -> npt.NDArray[np.bool_]:
    amounts = values.to_numpy(dtype="float64", na_value=0.0)
    if cut is None:
        return np.zeros(len(amounts), dtype=bool)
    factor = np.select([was_high, was_low], [1 - hysteresis, 1 + hysteresis], 1.0)
    high: npt.NDArray[np.bool_] = (amounts >= cut * factor) & (amounts > 0)
    return high

"""What a comparison with held-out customers can show, before it is begun, and what it costs."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segments.effect.comparison import normal_quantile
from segments.effect.moments import of_sums, ratio

CONFIDENCE = 0.95
POWER = 0.8

SEQUENTIAL = 2.4
"""How many times as many customers it takes where anybody may look at any time: a confidence
sequence is 1.55 times as wide as the interval for one look, and 1.55^2 = 2.4."""


def seen_before(sums: Mapping[str, float]) -> tuple[float, float]:
    """Spread of the outcome, and the share of its variance that the past explains, from sums of
    one group as in `SUMS`: its standard deviation, and the squared correlation of both periods."""
    one = of_sums({name: np.array([value]) for name, value in sums.items()})
    spread = ratio(one.spread, np.maximum(one.number - 1, 0))
    explained = ratio(one.shared**2, one.spread * one.before_spread)
    return float(np.sqrt(np.nan_to_num(spread))[0]), float(np.nan_to_num(explained)[0])


PLANS = {
    "share": "share of customers held out",
    "weeks": "how long customers enter",
    "customers": "how many enter",
    "held_out": "how many of them are held out",
    "detectable": "smallest difference per customer found four times out of five, looking once",
    "detectable_adjusted": "the same with what CUPED takes off the variance",
    "detectable_any_time": "the same where anybody may look at any time, as the verdict allows",
}
"""What `plans` answers: one row per share and number of weeks."""


def detectable_effect(
    spread: float, customers: float, holdout: float, reduction: float = 0.0
) -> float | None:
    """The smallest difference per customer that a comparison will find four times out of five.

    delta = (z_.975 + z_.8) * sigma * sqrt((1 - reduction) / (n * h * (1 - h))), in the unit of
    `spread`, the standard deviation of the outcome; `reduction` is the share of its variance that
    CUPED takes off. Fixed sample, two-sided at 95 %, Welch with equal variances; turned round from
    the planning formula n = (z_.975 + z_.8)^2 sigma^2 (1 - reduction) / (delta^2 h (1 - h)). None
    where there is nobody to compare.
    """
    if not 0 < holdout < 1 or customers <= 0:
        return None
    return _z() * spread * math.sqrt((1 - reduction) / (customers * holdout * (1 - holdout)))


def needed_customers(
    spread: float, effect: float, holdout: float, reduction: float = 0.0
) -> float | None:
    """How many customers must enter before a difference of `effect` is found: the same, solved
    for n. None where no number suffices."""
    if not 0 < holdout < 1 or effect <= 0:
        return None
    return (_z() * spread / effect) ** 2 * (1 - reduction) / (holdout * (1 - holdout))


def needed_weeks(
    spread: float, effect: float, weekly: float, holdout: float, reduction: float = 0.0
) -> float | None:
    """How many weeks customers must enter, `weekly` of them a week, before a difference of
    `effect` is found; their outcome windows come on top. None where no time suffices."""
    customers = needed_customers(spread, effect, holdout, reduction)
    return customers / weekly if customers is not None and weekly > 0 else None


def plans(
    spread: float,
    weekly: float,
    shares: Sequence[float],
    weeks: Sequence[float],
    reduction: float = 0.0,
) -> pd.DataFrame:
    """What can be found by share held out and weeks of entries: `PLANS`, NaN where nothing can."""
    share, week = (part.ravel() for part in np.meshgrid(shares, weeks, indexing="ij"))
    customers = weekly * week
    with np.errstate(divide="ignore", invalid="ignore"):
        plain = _z() * spread / np.sqrt(customers * share * (1 - share))
    plain = np.where(np.isfinite(plain), plain, np.nan)
    adjusted = plain * math.sqrt(1 - reduction)
    return pd.DataFrame(
        {
            "share": share,
            "weeks": week,
            "customers": customers,
            "held_out": customers * share,
            "detectable": plain,
            "detectable_adjusted": adjusted,
            "detectable_any_time": adjusted * math.sqrt(SEQUENTIAL),
        }
    )


COSTS = {
    "cost": "what those held out would have brought: their number times the adjusted difference; "
    "below nought where holding out spared them harm",
    "cost_low": "lower end of its interval, for one look",
    "cost_high": "upper end",
    "at_stake": "what the same difference is to those treated, by which the cost is to be judged",
    "known_to": "half the width of the interval of the difference: how exactly it is known by now",
}
"""Columns that `holdout_costs` adds."""


def holdout_costs(estimates: pd.DataFrame) -> pd.DataFrame:
    """`ESTIMATES` with `COSTS`: the price of holding customers back, beside what it taught.

    cost = n_held_out * d, with the interval of d. It is what the comparison took from the company
    if d is true, and pays as long as the decision it may change, n_treated * d and the years to
    come, weighs more. Once there is a verdict, more holdout teaches little: lower the share.
    """
    held_out, treated = estimates["complete_held_out"], estimates["complete_treated"]
    difference = estimates["adjusted_difference"]
    half = (estimates["adjusted_high"] - estimates["adjusted_low"]) / 2
    return estimates.assign(
        cost=held_out * difference,
        cost_low=held_out * estimates["adjusted_low"],
        cost_high=held_out * estimates["adjusted_high"],
        at_stake=treated * difference,
        known_to=half,
    )


def _z() -> float:
    return normal_quantile(0.5 + CONFIDENCE / 2) + normal_quantile(POWER)

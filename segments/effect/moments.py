"""Number, means and spreads of one side of a comparison, from sums or from values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segments.effect.student import Numbers

_ROUNDING = 1e-12
"""What is left of equal values after subtracting two large sums is rounding, not variance."""


@dataclass(frozen=True)
class Moments:
    """One side of many comparisons: arrays of the same length, one place per comparison.

    `spread`, `before_spread` and `shared` are sums of squares and products about the means; they
    keep their digits where the plain sums would cancel.
    """

    number: Numbers
    mean: Numbers
    spread: Numbers
    before: Numbers
    before_spread: Numbers
    shared: Numbers

    def noise(self, theta: Numbers | float = 0.0) -> Numbers:
        """Squared standard error of the mean of y - theta*x; NaN with fewer than two customers."""
        spread = self.spread - 2 * theta * self.shared + theta**2 * self.before_spread
        # A spread that x explains altogether may come out a rounding below nought.
        spread = np.where(spread > _ROUNDING * self.spread, spread, 0.0)
        return ratio(spread, self.number * np.where(self.number > 1, self.number - 1, np.nan))


def of_sums(sums: Mapping[str, Numbers]) -> Moments:
    """From the columns complete, total, squares, before, before_squares and product of `SUMS`."""
    number, total, squares, before, before_squares, product = (
        sums[name]
        for name in ("complete", "total", "squares", "before", "before_squares", "product")
    )
    mean, mean_before = ratio(total, number), ratio(before, number)
    spread = _about(squares, total * mean)
    before_spread = _about(before_squares, before * mean_before)
    varies = (spread > 0) & (before_spread > 0)
    return Moments(
        number=number,
        mean=mean,
        spread=spread,
        before=mean_before,
        before_spread=before_spread,
        shared=np.where(varies, product - total * mean_before, 0.0),
    )


def of_values(y: Numbers, x: Numbers | None = None) -> Moments:
    """From the values of one side of one comparison, all of them known."""
    x = np.zeros_like(y) if x is None else x
    if not len(y):
        return Moments(*(np.array([value]) for value in (0.0, np.nan, 0.0, np.nan, 0.0, 0.0)))
    mean, before = y.mean(), x.mean()
    parts = (
        len(y),
        mean,
        np.square(y - mean).sum(),
        before,
        np.square(x - before).sum(),
        ((y - mean) * (x - before)).sum(),
    )
    return Moments(*(np.array([part], dtype=np.float64) for part in parts))


def ratio(above: Numbers | pd.Series, below: Numbers | pd.Series) -> Numbers:
    """Division that answers NaN where there is nothing to divide by."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    answer = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=answer, where=below != 0)
    return answer


def _about(squares: Numbers, of_mean: Numbers) -> Numbers:
    spread = squares - np.nan_to_num(of_mean)
    return np.where(spread > _ROUNDING * squares, spread, 0.0)

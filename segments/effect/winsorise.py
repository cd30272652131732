"""Outliers cut to a threshold, so that one huge order does not decide a comparison."""

from dataclasses import dataclass

import numpy as np

from segments.effect.student import Numbers


@dataclass(frozen=True)
class Winsorised:
    """Values cut to `threshold`, and how many had been above it. To be told with every figure."""

    values: Numbers
    threshold: float
    number: int


def winsorised(values: Numbers, share: float) -> Winsorised | None:
    """Values above the quantile `share` of those known become that quantile, both arms alike.

    C. P. Winsor's remedy at the upper end only: what is rare and large in purchases is there. One
    threshold for all, since one for each arm would hide an effect. None where it would cut
    everything to nought, as with purchases that fewer make than are cut.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return Winsorised(values, float("nan"), 0)
    threshold = float(np.quantile(known, share))
    number = int((known > threshold).sum())
    if number and threshold <= 0:
        return None
    return Winsorised(np.minimum(values, threshold), threshold, number)

"""What a comparison with held-out customers can show, before it is begun."""

import math
from statistics import NormalDist

CONFIDENCE = 0.95
POWER = 0.8


def detectable_effect(spread: float, customers: float, holdout: float) -> float | None:
    """The smallest difference per customer that a comparison will find four times out of five.

    delta = (z_.975 + z_.8) * sigma / sqrt(n * h * (1 - h)), in the unit of `spread`, the standard
    deviation of the outcome. Fixed sample, two-sided at 95 %, Welch with equal variances; turned
    round from the planning formula n = (z_.975 + z_.8)^2 sigma^2 / (delta^2 h (1 - h)). None where
    there is nobody to compare.
    """
    if not 0 < holdout < 1 or customers <= 0:
        return None
    return _z() * spread / math.sqrt(customers * holdout * (1 - holdout))


def needed_customers(spread: float, effect: float, holdout: float) -> float | None:
    """How many customers must enter before a difference of `effect` is found: the same, solved
    for n. None where no number suffices."""
    if not 0 < holdout < 1 or effect <= 0:
        return None
    return (_z() * spread / effect) ** 2 / (holdout * (1 - holdout))


def _z() -> float:
    normal = NormalDist()
    return normal.inv_cdf(0.5 + CONFIDENCE / 2) + normal.inv_cdf(POWER)

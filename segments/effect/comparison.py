"""Two sides compared: difference, ratio, and what is left once the past is accounted for."""

import math
from statistics import NormalDist

import numpy as np

from segments.effect.least import ADJUSTED_FROM as ADJUSTED_FROM
from segments.effect.moments import Moments, ratio
from segments.effect.student import Numbers, t_quantile


def compared(treated: Moments, held_out: Moments, level: float = 0.95) -> dict[str, Numbers]:
    """The columns of `ESTIMATES` from `mean_treated` to `adjusted_high`, by name.

    Difference: B. L. Welch, Biometrika 34 (1947), pages 28-35. Ratio: normal on the logarithm,
    its variance by the delta method, se^2/mean^2 of either side. Adjusted: CUPED, A. Deng, Y. Xu,
    R. Kohavi and T. Walker, WSDM 2013: the difference of y - theta*x with theta the pooled slope
    within the arms, so that it holds nothing of the effect itself. Only from `ADJUSTED_FROM` known
    customers on either side: a slope out of a handful is noise that its interval knows nothing of.
    """
    difference = treated.mean - held_out.mean
    plain = _interval(difference, treated, held_out, np.zeros_like(difference), level)
    slope = ratio(
        treated.shared + held_out.shared,
        treated.before_spread + held_out.before_spread,
    )
    enough = np.minimum(treated.number, held_out.number) >= ADJUSTED_FROM
    theta = np.where(enough, np.nan_to_num(slope), 0.0)
    apart = np.where(theta == 0, 0.0, theta * (treated.before - held_out.before))
    adjusted = _interval(difference - apart, treated, held_out, theta, level)
    return {
        "mean_treated": treated.mean,
        "mean_held_out": held_out.mean,
        "difference": difference,
        **plain,
        **_relative(treated, held_out, level),
        "theta": theta,
        "reduction": 1 - ratio(adjusted["error"] ** 2, plain["error"] ** 2),
        "adjusted_difference": difference - apart,
        **{f"adjusted_{name}": adjusted[name] for name in ("error", "degrees", "low", "high")},
    }


def _interval(
    centre: Numbers, treated: Moments, held_out: Moments, theta: Numbers, level: float
) -> dict[str, Numbers]:
    """Standard error, degrees of freedom and both ends; NaN where neither side varies."""
    one, two = treated.noise(theta), held_out.noise(theta)
    share = ratio(one, one + two)
    parts = ratio(share**2, treated.number - 1) + ratio((1 - share) ** 2, held_out.number - 1)
    degrees = ratio(np.ones_like(parts), parts)
    error = np.sqrt(one + two)
    half = t_quantile(0.5 + level / 2, degrees) * error
    return {"error": error, "degrees": degrees, "low": centre - half, "high": centre + half}


def _relative(treated: Moments, held_out: Moments, level: float) -> dict[str, Numbers]:
    both = (treated.mean > 0) & (held_out.mean > 0)
    times = np.where(both, ratio(treated.mean, held_out.mean), np.nan)
    variance = ratio(treated.noise(), treated.mean**2) + ratio(held_out.noise(), held_out.mean**2)
    with np.errstate(over="ignore"):  # A mean that is hardly known is as good as boundless.
        width = np.exp(normal_quantile(0.5 + level / 2) * np.sqrt(variance))
        return {"ratio": times, "ratio_low": times / width, "ratio_high": times * width}


def sample_ratio(
    treated: Numbers, held_out: Numbers, expected: Numbers, variance: Numbers
) -> Numbers:
    """The probability of a number held out as far from the expected one as this.

    Chi-square with one degree of freedom. Expectation and variance are summed over the customers'
    own shares, so that a share changed half-way raises no false alarm. NaN below five expected on
    either side: there it does not hold.
    """
    chi_square = ratio((held_out - expected) ** 2, variance)
    large = np.minimum(expected, treated + held_out - expected) >= LEAST_EXPECTED
    tails = [math.erfc(value) for value in np.sqrt(chi_square / 2)]
    return np.where(large, np.array(tails, dtype=np.float64), np.nan)


LEAST_EXPECTED = 5.0

ALARM = 0.001
"""Below this probability the arms were not drawn as configured, and no figure can be trusted."""


def normal_quantile(probability: float) -> float:
    """The value a standard normal stays below so often."""
    return NormalDist().inv_cdf(probability)

"""What a journey brought: treated minus held-out customers, with an honest interval."""

from math import erfc

import numpy as np
import pandas as pd

from segments.effect.student import Numbers, t_quantile
from segments.names import Arm, Verdict

SUMS = (
    "journey",
    "arm",
    "customers",
    "complete",
    "reached",
    "nonzero",
    "total",
    "total_squares",
    "expected",
    "expected_variance",
)
"""One row per journey and arm: customers touched, those whose window is over, those who bought,
those whose value is not zero, sum and sum of squares of the value in minor units, and the sums of
h and h(1-h), h being the share of holdout each customer was drawn with (NaN where unknown)."""

NEEDED = 50
"""Non-zero values each arm needs: with fewer, intervals on rare purchases promise too much."""

ALARM = 0.001
"""Below this probability the arms were not drawn as configured, and no figure can be trusted."""

_LEAST_EXPECTED = 5.0


def uplift(sums: pd.DataFrame, level: float = 0.95) -> pd.DataFrame:
    """`SUMS` -> one row per journey, in order of its name.

    Out: journey; customers, bought_share and value per customer (minor units) for each arm
    (`_treated`, `_held_out`); complete, the share of customers whose window is over; difference,
    low, high, degrees: Welch's interval; lift, relative to the held out; verdict and missing, how
    many more non-zero values the arm with fewer needs; ratio_p, the probability of arms as
    unequal as these, and ratio_alarm. NaN wherever the data cannot tell.
    """
    arms = _by_arm(sums)
    treated, held_out = arms[Arm.TREATED], arms[Arm.HELD_OUT]
    mean_treated, noise_treated = _mean_and_noise(treated)
    mean_held_out, noise_held_out = _mean_and_noise(held_out)
    difference = mean_treated - mean_held_out
    degrees = _welch_degrees(
        noise_treated,
        _numbers(treated, "customers"),
        noise_held_out,
        _numbers(held_out, "customers"),
    )
    half = t_quantile(0.5 + level / 2, degrees) * np.sqrt(noise_treated + noise_held_out)
    customers = treated["customers"] + held_out["customers"]
    missing = (NEEDED - treated["nonzero"].clip(upper=held_out["nonzero"])).clip(lower=0)
    ratio_p = _sample_ratio(treated, held_out)
    rows = pd.DataFrame(
        {
            "customers_treated": treated["customers"].astype("int64"),
            "customers_held_out": held_out["customers"].astype("int64"),
            "complete": _ratio(treated["complete"] + held_out["complete"], customers),
            "bought_share_treated": _ratio(treated["reached"], treated["customers"]),
            "bought_share_held_out": _ratio(held_out["reached"], held_out["customers"]),
            "value_treated": mean_treated,
            "value_held_out": mean_held_out,
            "difference": difference,
            "low": difference - half,
            "high": difference + half,
            "degrees": degrees,
            "lift": np.where(mean_held_out > 0, _ratio(difference, mean_held_out), np.nan),
            "missing": missing.astype("int64"),
            "ratio_p": ratio_p,
            "ratio_alarm": ratio_p < ALARM,
        },
        index=treated.index,
    )
    return rows.assign(verdict=_verdict(rows)).reset_index()


def _by_arm(sums: pd.DataFrame) -> dict[Arm, pd.DataFrame]:
    """One frame per arm over the same journeys; an arm nobody is in counts zero."""
    figures = [name for name in SUMS if name not in ("journey", "arm")]
    added = (
        sums.astype(dict.fromkeys(figures, "float64"))
        .groupby(["journey", "arm"], sort=True)[figures]
        .sum(skipna=False)
    )
    journeys = pd.Index(sorted(sums["journey"].unique()), name="journey", dtype="str")
    return {
        arm: added[added.index.get_level_values("arm") == arm]
        .droplevel("arm")
        .reindex(journeys, fill_value=0.0)
        for arm in (Arm.TREATED, Arm.HELD_OUT)
    }


def _mean_and_noise(arm: pd.DataFrame) -> tuple[Numbers, Numbers]:
    """Mean value per customer, and the squared standard error of that mean."""
    number, total, squares = (
        _numbers(arm, name) for name in ("customers", "total", "total_squares")
    )
    mean = _ratio(total, number)
    spread = squares - total * mean
    # What is left of equal values after subtracting two large sums is rounding, not variance.
    spread = np.where(spread > 1e-12 * squares, spread, 0.0)
    return mean, _ratio(spread, number * np.where(number > 1, number - 1, np.nan))


def _welch_degrees(
    noise_one: Numbers, number_one: Numbers, noise_two: Numbers, number_two: Numbers
) -> Numbers:
    """Welch and Satterthwaite; NaN where neither arm varies, since then nothing is known."""
    share = _ratio(noise_one, noise_one + noise_two)
    parts = _ratio(share**2, number_one - 1) + _ratio((1 - share) ** 2, number_two - 1)
    return _ratio(np.ones_like(parts), parts)


def _sample_ratio(treated: pd.DataFrame, held_out: pd.DataFrame) -> Numbers:
    """Chi-square with one degree of freedom for the number held out.

    Expectation and variance are summed over the customers' own shares, so that a share changed
    half-way raises no false alarm. NaN below five expected in an arm: there it does not hold.
    """
    customers = _numbers(treated, "customers") + _numbers(held_out, "customers")
    expected = _numbers(treated, "expected") + _numbers(held_out, "expected")
    variance = _numbers(treated, "expected_variance") + _numbers(held_out, "expected_variance")
    chi_square = _ratio((_numbers(held_out, "customers") - expected) ** 2, variance)
    large = np.minimum(expected, customers - expected) >= _LEAST_EXPECTED
    tails = [erfc(value) for value in np.sqrt(chi_square / 2)]
    return np.where(large, np.array(tails, dtype=np.float64), np.nan)


def _verdict(rows: pd.DataFrame) -> pd.Series:
    words = np.select(
        [
            rows["customers_held_out"] == 0,
            rows["missing"] > 0,
            rows["low"] > 0,
            rows["high"] < 0,
        ],
        [Verdict.NO_HOLDOUT.value, Verdict.TOO_FEW.value, Verdict.HELPS.value, Verdict.HURTS.value],
        default=Verdict.UNDECIDED.value,
    )
    return pd.Series(words, index=rows.index, dtype="str")


def _numbers(arm: pd.DataFrame, column: str) -> Numbers:
    return arm[column].to_numpy(dtype=np.float64)


def _ratio(above: Numbers | pd.Series, below: Numbers | pd.Series) -> Numbers:
    """Division that answers NaN where there is nothing to divide by."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    answer = np.full(below.shape, np.nan)
    np.divide(above, below, out=answer, where=below != 0)
    return answer

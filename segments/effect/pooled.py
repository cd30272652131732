"""All journeys as one: what is true of them together, where each alone is too small to tell."""

import math

import numpy as np
import pandas as pd

from segments.effect.comparison import normal_quantile
from segments.effect.moments import ratio
from segments.effect.sequence import NEEDED, PLANNED, half_width
from segments.effect.student import Numbers
from segments.effect.sums import whole

LEAST = 5
"""Non-zero outcomes each arm of a journey needs to be pooled: below, its error is a guess, and the
luckiest guess would weigh most."""

POOLED = {
    "outcome": "one of `segments.names.Yardstick`",
    "journeys": "how many journeys are in it",
    "left_out": "how many are not, having too few outcomes other than nought",
    "customers_treated": "customers whose outcome is known",
    "customers_held_out": "the same, held out",
    "difference": "adjusted differences per customer, each weighted by its precision",
    "error": "its standard error",
    "low": "lower end of its interval, for one look",
    "high": "upper end",
    "sequence_low": "lower end of its confidence sequence, for any number of looks",
    "sequence_high": "upper end",
    "heterogeneity_p": "probability of differences as unlike as these, were all journeys alike",
    "heterogeneity": "I^2: which share of the differing is more than chance",
    "between": "tau: standard deviation of the true effects of journeys",
    "typical_low": "lower end of the interval of the mean effect of journeys, which may differ",
    "typical_high": "upper end",
    "total": "what all journeys brought to those treated: the sum over customers, not per customer",
    "total_low": "lower end of its interval, for one look",
    "total_high": "upper end",
    "missing": "how many non-zero outcomes the arm with fewer lacks for a verdict",
}
"""What `pooled` answers: one row per outcome."""


def pooled(estimates: pd.DataFrame, level: float = 0.95, planned: float = PLANNED) -> pd.DataFrame:
    """`ESTIMATES` -> `POOLED`, from the rows about whole journeys.

    The common effect weights by 1/error^2. How unlike the journeys are: W. G. Cochran's Q
    (Biometrics 10, 1954), I^2 = (Q - df)/Q, and tau^2 and the typical effect by R. DerSimonian and
    N. Laird, Controlled Clinical Trials 7 (1986), pages 177-188. Where a customer is in several
    journeys, each drew its own holdout, so that their errors are next to independent. `planned`
    is the number of customers of all journeys together.
    """
    rows = whole(estimates)
    found = [_together(own, level, planned) for _, own in rows.groupby("outcome", sort=True)]
    return pd.DataFrame(found, columns=list(POOLED)).astype({"outcome": "str"})


def _together(rows: pd.DataFrame, level: float, planned: float) -> dict[str, object]:
    counts = {
        arm: rows[f"nonzero_{arm}"].fillna(0) * rows[f"complete_{arm}"]
        for arm in ("treated", "held_out")
    }
    smaller = np.minimum(counts["treated"], counts["held_out"])
    own = rows[(smaller.round() >= LEAST) & (rows["adjusted_error"] > 0)]
    effects, errors, treated, held_out = (
        own[name].to_numpy(dtype=np.float64)
        for name in (
            "adjusted_difference",
            "adjusted_error",
            "complete_treated",
            "complete_held_out",
        )
    )
    z = normal_quantile(0.5 + level / 2)
    mean, error, q = _weighted(effects, errors**2)
    freedom = max(len(own) - 1, 0)
    weights = errors**-2.0
    spread = ratio(
        np.array([max(q - freedom, 0.0)]), weights.sum() - ratio((weights**2).sum(), weights.sum())
    )
    between = float(np.nan_to_num(spread[0])) if len(own) > 1 else 0.0
    typical, typical_error, _ = _weighted(effects, errors**2 + between)
    number = float((treated + held_out).sum())
    half = float(half_width(np.array([error]), np.array([number]), planned, level)[0])
    total, noise = (treated * effects).sum(), np.sqrt(((treated * errors) ** 2).sum())
    fewest = min(float(counts[arm].loc[own.index].sum()) for arm in counts)
    known = len(own) > 0
    return {
        "outcome": rows["outcome"].iloc[0],
        "journeys": len(own),
        "left_out": len(rows) - len(own),
        "customers_treated": int(treated.sum()),
        "customers_held_out": int(held_out.sum()),
        "difference": mean,
        "error": error,
        "low": mean - z * error,
        "high": mean + z * error,
        "sequence_low": mean - half,
        "sequence_high": mean + half,
        "heterogeneity_p": chi_square_tail(q, freedom) if freedom else np.nan,
        "heterogeneity": max(q - freedom, 0.0) / q if freedom and q > 0 else np.nan,
        "between": math.sqrt(between) if freedom else np.nan,
        "typical_low": typical - z * typical_error,
        "typical_high": typical + z * typical_error,
        "total": total if known else np.nan,
        "total_low": total - z * noise if known else np.nan,
        "total_high": total + z * noise if known else np.nan,
        "missing": max(NEEDED - round(fewest), 0),
    }


def _weighted(effects: Numbers, noise: Numbers) -> tuple[float, float, float]:
    """Mean weighted by precision, its standard error, and Q; NaN of nothing."""
    if not len(effects):
        return np.nan, np.nan, np.nan
    weights = 1 / noise
    mean = float((weights * effects).sum() / weights.sum())
    q = float((weights * (effects - mean) ** 2).sum())
    return mean, float(weights.sum() ** -0.5), q


def chi_square_tail(value: float, freedom: int) -> float:
    """How often a chi-square with so many degrees of freedom exceeds this: exact, as a finite sum
    that begins with exp for even and erfc for odd degrees."""
    half = value / 2
    if half <= 0:
        return 1.0
    if freedom % 2:
        tail, term, above = math.erfc(math.sqrt(half)), math.exp(-half) / math.sqrt(half), 0.5
        term /= math.sqrt(math.pi)
    else:
        tail, term, above = 0.0, math.exp(-half) / half, 0.0
    for step in range(freedom // 2):
        term *= half / ((step + above) or 1)
        tail += term
    return min(tail, 1.0)

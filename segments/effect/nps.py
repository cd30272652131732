"""Would they recommend us: the net promoter score with its interval, and how many answered."""

import numpy as np
import pandas as pd

from segments.effect.comparison import normal_quantile
from segments.effect.moments import ratio
from segments.effect.student import Numbers

PROMOTER, PASSIVE = 9, 7
"""From which score on somebody is a promoter (9 and 10), or passive (7 and 8)."""

NPS = {
    "answers": "how many answered",
    "nps": "share of promoters less share of detractors, from -1 to 1",
    "low": "lower end of its interval (adjusted Wald)",
    "high": "upper end",
    "response": "share of those asked who answered; NaN where nobody is known to have been asked",
    "change": "nps less that of the period before; NaN where either is missing",
    "change_low": "lower end of its interval",
    "change_high": "upper end",
}
"""Columns that `nps` adds."""


def nps(
    counts: pd.DataFrame, before: pd.DataFrame | None = None, level: float = 0.95
) -> pd.DataFrame:
    """Counts with the columns promoters, passives, detractors and asked -> the same with `NPS`.

    B. Rocks, Interval estimation for the net promoter score, The American Statistician 70 (2016),
    pages 365-372: three answers are added, 3/4 promoters, 3/4 detractors and 3/2 passives, and
    Wald's interval is taken around what results, cut at -1 and 1. The score itself is the
    plain one. `before` holds the counts of an earlier period, row by row; the error of the change
    is the root of both squared errors. Who did not answer is not guessed at.
    """
    plain, centre, error = _scores(counts)
    z = normal_quantile(0.5 + level / 2)
    answers = counts["promoters"] + counts["passives"] + counts["detractors"]
    scored = counts.assign(
        answers=answers,
        nps=plain,
        low=np.clip(centre - z * error, -1, 1),
        high=np.clip(centre + z * error, -1, 1),
        response=ratio(answers, counts["asked"]),
    )
    if before is None:
        return scored.assign(change=np.nan, change_low=np.nan, change_high=np.nan)
    plain_before, centre_before, error_before = _scores(before)
    moved, half = centre - centre_before, z * np.sqrt(error**2 + error_before**2)
    return scored.assign(
        change=plain - plain_before,
        change_low=np.clip(moved - half, -2, 2),
        change_high=np.clip(moved + half, -2, 2),
    )


def _scores(counts: pd.DataFrame) -> tuple[Numbers, Numbers, Numbers]:
    """The plain score, the adjusted one and its standard error; NaN without an answer."""
    promoters, passives, detractors = (
        counts[name].to_numpy(dtype=np.float64) for name in ("promoters", "passives", "detractors")
    )
    answers = promoters + passives + detractors
    some = answers > 0
    number = answers + 3
    up, down = (promoters + 0.75) / number, (detractors + 0.75) / number
    centre = up - down
    error = np.sqrt((up + down - centre**2) / number)
    plain = ratio(promoters - detractors, answers)
    return plain, np.where(some, centre, np.nan), np.where(some, error, np.nan)

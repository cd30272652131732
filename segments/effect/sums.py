"""The sums that every figure of an effect is reckoned from, and how customers become sums."""

import pandas as pd

SUMS = {
    "journey": "name of the journey",
    "part": "NA for all of its customers; else whom of them: `quadrant:top`, `phase:maturity`, "
    "`variant:STEP/NAME`",
    "arm": "treated or held_out",
    "outcome": "one of `segments.names.Yardstick`",
    "customers": "everybody a first send or ghost has reached, the window over or not",
    "complete": "those whose outcome is known: their window is over. All that follows up to "
    "`product` is about them alone, so that a closed window never changes",
    "nonzero": "of the complete, those whose outcome y is not nought",
    "total": "sum of y; money in minor units",
    "squares": "sum of y^2",
    "before": "sum of x, the same figure in the period before the first touch; nought without one",
    "before_squares": "sum of x^2",
    "product": "sum of x*y",
    "expected": "sum over `customers` of h, the share of holdout each was drawn with; NaN unknown",
    "expected_variance": "sum over `customers` of h*(1-h)",
}
"""One row per journey, part, arm and outcome; an arm nobody is in may be missing. Rows of the same
key add up. From units: `sums_of`; to figures: `segments.effect.estimate.estimate`."""

KEYS = ("journey", "part", "arm", "outcome")
FIGURES = tuple(name for name in SUMS if name not in KEYS)

UNITS = {
    "arm": "treated or held_out",
    "y": "the outcome; NaN while it is not known",
    "x": "the same figure before the first touch; the mean is taken where it is not known",
    "share": "the share of holdout the customer was drawn with; NaN unknown",
}
"""One row per customer, for those who hold them in hand. `journey`, `part` and `outcome` may be
columns too; `x` and `share` may be missing."""


def sums_of(units: pd.DataFrame, journey: str = "", outcome: str = "") -> pd.DataFrame:
    """`UNITS` -> `SUMS`; `journey` and `outcome` name what the frame has no column for."""
    named = units.copy(deep=False)
    for name, value in (("journey", journey), ("part", None), ("outcome", outcome)):
        if name not in units:
            named[name] = value
    known = named["y"].notna()
    y = named["y"].astype("float64")
    x = named["x"].astype("float64") if "x" in named else pd.Series(0.0, index=named.index)
    share = named["share"] if "share" in named else pd.Series(float("nan"), index=named.index)
    by = ["journey", "part", "outcome"]
    mean = x.where(known).groupby([named[name] for name in by], dropna=False).transform("mean")
    x = x.fillna(mean).where(known)
    rows = pd.DataFrame(
        {name: named[name].astype("str") for name in KEYS}
        | {
            "customers": 1.0,
            "complete": known.astype("float64"),
            "nonzero": (known & (y != 0)).astype("float64"),
            "total": y,
            "squares": y**2,
            "before": x,
            "before_squares": x**2,
            "product": x * y,
        }
    )
    drawn = {"expected": share.astype("float64"), "expected_variance": share * (1 - share)}
    return merged(rows.fillna({name: 0.0 for name in FIGURES if name in rows}).assign(**drawn))


def merged(sums: pd.DataFrame) -> pd.DataFrame:
    """Rows of the same key added up; an expectation unknown for one is unknown for all."""
    figures = list(FIGURES)
    return (
        sums.astype(dict.fromkeys(KEYS, "str") | dict.fromkeys(figures, "float64"))
        .groupby(list(KEYS), sort=True, dropna=False)[figures]
        .sum(skipna=False)
        .reset_index()
    )


def nothing() -> pd.DataFrame:
    """`SUMS` of nobody."""
    return merged(pd.DataFrame(columns=list(SUMS)))


def whole(sums: pd.DataFrame) -> pd.DataFrame:
    """Only the rows about all customers of a journey."""
    return sums[sums["part"].isna()]


ESTIMATES = {
    "journey": "as in `SUMS`",
    "part": "as in `SUMS`",
    "outcome": "as in `SUMS`",
    "customers_treated": "customers reached",
    "customers_held_out": "the same, held out",
    "complete_treated": "customers whose outcome is known: every figure is about them",
    "complete_held_out": "the same, held out",
    "complete": "share of customers whose outcome is known",
    "nonzero_treated": "share of the complete whose outcome is not nought",
    "nonzero_held_out": "the same, held out",
    "mean_treated": "outcome per customer",
    "mean_held_out": "the same, held out",
    "difference": "treated less held out, per customer",
    "error": "its standard error (Welch)",
    "degrees": "its degrees of freedom (Welch and Satterthwaite)",
    "low": "lower end of its interval, for one look at the end",
    "high": "upper end",
    "ratio": "mean_treated / mean_held_out, 1 being no effect; NaN unless both means are above 0",
    "ratio_low": "lower end of its interval, by way of the logarithm",
    "ratio_high": "upper end",
    "theta": "CUPED's coefficient; 0 where what was before tells nothing, or customers are few",
    "reduction": "by which share CUPED made the variance of the difference smaller",
    "adjusted_difference": "the difference without what customers differed in before; the figure "
    "to show. The plain one where there is nothing to adjust by",
    "adjusted_error": "its standard error",
    "adjusted_degrees": "its degrees of freedom",
    "adjusted_low": "lower end of its interval, for one look at the end",
    "adjusted_high": "upper end",
    "sequence_low": "lower end of the confidence sequence of the adjusted difference, which may be "
    "looked at any day; what it says holds where `missing` is 0, and the verdict is drawn from it",
    "sequence_high": "upper end",
    "plain_sequence_low": "the same for the plain difference",
    "plain_sequence_high": "upper end",
    "ratio_p": "probability of arms as unequal in number as these; NaN where it cannot be known",
    "ratio_alarm": "whether it is so small that no figure can be trusted",
    "missing": "how many non-zero outcomes the arm with fewer lacks for a verdict",
    "detectable": "difference found four times out of five with the customers planned, judged by "
    "the variance seen",
    "weeks_to_go": "weeks until there is a verdict if all goes on as seen; 0 where there is one, "
    "inf where there never will be, NaN where no pace is given or nothing is known yet",
    "beyond": "X of the verdict: the smallest difference that would matter; NaN where none given",
    "verdict": "one of `segments.names.Verdict`",
}
"""What `estimate` answers: one row per journey, part and outcome, in the unit of the outcome."""

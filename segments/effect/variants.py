"""Variants of a split, compared among the treated as strictly as treated with held out."""

import numpy as np
import pandas as pd

from segments.effect.comparison import compared
from segments.effect.moments import of_sums
from segments.effect.sequence import NEEDED, PLANNED, half_width
from segments.effect.student import Numbers, t_tails
from segments.effect.sums import FIGURES, merged
from segments.effect.verdict import less_is_better
from segments.names import Arm, Verdict

VARIANTS = {
    "journey": "name of the journey",
    "step": "which split of it",
    "variant": "which variant, compared with all others of the split together",
    "outcome": "one of `segments.names.Yardstick`",
    "complete": "customers who got it and whose outcome is known",
    "complete_others": "the same, of the other variants",
    "mean": "outcome per customer",
    "mean_others": "the same, of the other variants",
    "adjusted_difference": "this less the others, by CUPED",
    "adjusted_error": "its standard error",
    "adjusted_low": "lower end of its interval, for one look at one variant",
    "adjusted_high": "upper end",
    "reduction": "by which share CUPED made the variance smaller",
    "p": "two-sided probability of such a difference by chance (Welch)",
    "p_holm": "the same, corrected for the number of variants of the split",
    "sequence_low": "lower end of the confidence sequence, corrected for their number (Bonferroni)",
    "sequence_high": "upper end",
    "missing": "how many non-zero outcomes the side with fewer lacks for a verdict",
    "verdict": "helps: better than the others; hurts: worse; else undecided",
}
"""What `variants` answers: one row per journey, split, variant and outcome."""

_PREFIX = "variant:"


def variants(sums: pd.DataFrame, level: float = 0.95, planned: float = PLANNED) -> pd.DataFrame:
    """`SUMS` with parts `variant:STEP/NAME` -> `VARIANTS`, from those treated.

    Chance drew the variants, so each is compared with all others of its split together: none is
    first among them. Two variants are one comparison, seen from both sides, and need no correction.
    """
    own = sums[(sums["arm"] == Arm.TREATED.value) & sums["part"].str.startswith(_PREFIX, na=False)]
    own = merged(own)
    named = own["part"].str.removeprefix(_PREFIX).str.rsplit("/", n=1)
    own = own.assign(
        step=named.map(lambda parts: parts[0] if len(parts) > 1 else ""), variant=named.str[-1]
    )
    by = ["journey", "step", "outcome"]
    figures = list(FIGURES)
    split = own.groupby(by, sort=False)
    number = split["variant"].transform("size")
    own = own[number > 1].reset_index(drop=True)
    others = own.groupby(by, sort=False)[figures].transform("sum") - own[figures]
    one, two = _columns(own), _columns(others)
    found = compared(of_sums(one), of_sums(two), level)
    several = number[number > 1].to_numpy(dtype=np.float64)
    comparisons = np.where(several > 2, several, 1.0)
    half = _half_widths(
        found["adjusted_error"], one["complete"] + two["complete"], planned, level, comparisons
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.abs(found["adjusted_difference"]) / found["adjusted_error"]
    p = t_tails(distance, found["adjusted_degrees"])
    lacking = np.clip(NEEDED - np.minimum(one["nonzero"], two["nonzero"]), 0, NEEDED)
    rows = own.assign(
        complete_others=two["complete"],
        mean=found["mean_treated"],
        mean_others=found["mean_held_out"],
        **{
            name: found[name]
            for name in (
                "adjusted_difference",
                "adjusted_error",
                "adjusted_low",
                "adjusted_high",
                "reduction",
            )
        },
        p=p,
        p_holm=p,
        sequence_low=found["adjusted_difference"] - half,
        sequence_high=found["adjusted_difference"] + half,
        missing=lacking,
    )
    for places in rows.groupby(by, sort=False).indices.values():
        if len(places) > 2:
            rows.loc[places, "p_holm"] = holm(p[places])
    counts = dict.fromkeys(["complete", "complete_others", "missing"], "int64")
    rows = rows.assign(verdict=_verdicts(rows)).astype(counts | {"verdict": "str"})
    return rows.sort_values([*by, "variant"], ignore_index=True)[list(VARIANTS)]


def holm(p: Numbers) -> Numbers:
    """Probabilities corrected for being several: S. Holm, Scandinavian Journal of Statistics 6
    (1979), pages 65-70. The smallest is multiplied by their number, the next by one less, and so
    on, none below the one before, none above 1; NaN stays and does not count."""
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p)
    number = int((~np.isnan(p)).sum())
    times = np.clip(number - np.arange(len(p)), 1, None)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.fmax.accumulate(p[order] * times), 1) if len(p) else p
    corrected[np.isnan(p)] = np.nan
    return corrected


def _columns(rows: pd.DataFrame) -> dict[str, Numbers]:
    return {name: rows[name].to_numpy(dtype=np.float64) for name in FIGURES}


def _half_widths(
    error: Numbers, number: Numbers, planned: float, level: float, comparisons: Numbers
) -> Numbers:
    half = np.full(len(error), np.nan)
    for several in np.unique(comparisons):
        own = comparisons == several
        half[own] = half_width(error[own], number[own], planned, 1 - (1 - level) / several)
    return half


def _verdicts(rows: pd.DataFrame) -> np.ndarray:
    sign = np.where(less_is_better(rows["outcome"].to_numpy(dtype=object)), -1, 1)
    better = np.where(sign > 0, rows["sequence_low"] > 0, rows["sequence_high"] < 0)
    worse = np.where(sign > 0, rows["sequence_high"] < 0, rows["sequence_low"] > 0)
    decided = (rows["missing"] == 0).to_numpy()
    words = np.where(decided & worse, Verdict.HURTS.value, Verdict.UNDECIDED.value)
    return np.where(decided & better, Verdict.HELPS.value, words)

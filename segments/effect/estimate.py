"""What the journeys brought: from sums to differences, intervals and verdicts."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segments.effect.comparison import ALARM, compared, normal_quantile, sample_ratio
from segments.effect.moments import Moments, of_sums, ratio
from segments.effect.sequence import NEEDED, PLANNED, half_width
from segments.effect.student import Numbers
from segments.effect.sums import ESTIMATES, FIGURES
from segments.effect.verdict import Prospects, verdicts, weeks_to_go
from segments.names import Arm

Words = NDArray[np.object_]

KEY = ["journey", "part", "outcome"]
POWER = 0.8

PerJourney = float | Mapping[str, float] | None
"""One number for all journeys, or one for each by name; None, and a name left out: not known. Of
`planned`, that is `PLANNED`."""


def estimate(
    sums: pd.DataFrame,
    planned: PerJourney = PLANNED,
    level: float = 0.95,
    *,
    pace: PerJourney = None,
    matters: Mapping[str, float] | None = None,
    horizon: float = 52.0,
) -> pd.DataFrame:
    """`SUMS` -> `ESTIMATES`: one row per journey, part and outcome, in that order.

    `planned` is how many customers of both arms the journey is laid out for; it must not follow
    from what was seen. `pace` is how many customers a week the journey reaches; `matters` by
    outcome the smallest difference per customer worth knowing of, in the unit of the outcome;
    `horizon` how many weeks more anybody would wait.
    """
    rows, sides = _sides(sums)
    treated, held_out = sides[Arm.TREATED], sides[Arm.HELD_OUT]
    customers = treated["customers"] + held_out["customers"]
    complete = treated["complete"] + held_out["complete"]
    share = _share_of_journey(rows, customers)
    plan = np.nan_to_num(_given(planned, rows["journey"]), nan=PLANNED)
    ratio_p = sample_ratio(
        treated["customers"],
        held_out["customers"],
        treated["expected"] + held_out["expected"],
        treated["expected_variance"] + held_out["expected_variance"],
    )
    nonzero = (treated["nonzero"], held_out["nonzero"])
    figures = judged(of_sums(treated), of_sums(held_out), plan, level, nonzero, share)
    prospects = Prospects(
        outcome=rows["outcome"],
        held_out=held_out["customers"],
        number=complete,
        nonzero=nonzero,
        alarm=ratio_p < ALARM,
        pace=_given(pace, rows["journey"]) * share,
        beyond=_given(dict(matters or {}), rows["outcome"]),
        horizon=horizon,
        planned=plan,
        level=level,
    )
    weeks = weeks_to_go(figures, prospects)
    every = {
        **rows,
        **{
            f"{name}_{arm.value}": sides[arm][name].astype(np.int64)
            for name in ("customers", "complete")
            for arm in sides
        },
        "complete": ratio(complete, customers),
        **figures,
        "nonzero_treated": ratio(treated["nonzero"], treated["complete"]),
        "nonzero_held_out": ratio(held_out["nonzero"], held_out["complete"]),
        "ratio_p": ratio_p,
        "ratio_alarm": prospects.alarm,
        "weeks_to_go": weeks,
        "beyond": prospects.beyond,
        "verdict": verdicts(figures, weeks, prospects),
    }
    answer = pd.DataFrame({name: np.asarray(every[name]) for name in ESTIMATES})
    part = pd.array([name or None for name in rows["part"]], dtype="str")
    return answer.assign(part=part).astype(dict.fromkeys(["journey", "outcome", "verdict"], "str"))


def judged(
    treated: Moments,
    held_out: Moments,
    planned: Numbers | float,
    level: float,
    nonzero: tuple[Numbers, Numbers],
    share: Numbers | float = 1.0,
) -> dict[str, Numbers]:
    """All of `ESTIMATES` that follows from two sides alone, by name."""
    figures = compared(treated, held_out, level)
    number = treated.number + held_out.number
    halves = {
        "plain_sequence": ("difference", half_width(figures["error"], number, planned, level)),
        "sequence": (
            "adjusted_difference",
            half_width(figures["adjusted_error"], number, planned, level),
        ),
    }
    for name, (centre, half) in halves.items():
        figures[f"{name}_low"] = figures[centre] - half
        figures[f"{name}_high"] = figures[centre] + half
    quantiles = normal_quantile(0.5 + level / 2) + normal_quantile(POWER)
    layout = np.asarray(planned, dtype=np.float64) * share
    figures["detectable"] = quantiles * figures["adjusted_error"] * np.sqrt(ratio(number, layout))
    lacking = np.clip(NEEDED - np.minimum(*nonzero), 0, NEEDED)
    figures["missing"] = lacking.astype(np.int64)
    return figures


def _sides(sums: pd.DataFrame) -> tuple[dict[str, Words], dict[Arm, dict[str, Numbers]]]:
    """Journey, part ("" for the whole) and outcome of each comparison, and the sums of either arm
    in that order; an arm nobody is in counts nought."""
    coded, words = zip(*(_coded(sums[name]) for name in KEY), strict=True)
    shape = tuple(map(len, words))
    flat, place = np.unique(np.ravel_multi_index(coded, shape), return_inverse=True)
    of_word = np.unravel_index(flat, shape)
    rows = {name: words[i][of_word[i]] for i, name in enumerate(KEY)}
    arm_of = sums["arm"].to_numpy(dtype=object)
    sides = {}
    for arm in (Arm.TREATED, Arm.HELD_OUT):
        own = arm_of == arm.value
        sides[arm] = {
            name: np.bincount(
                place[own], sums[name].to_numpy(dtype=np.float64)[own], len(flat)
            ).astype(np.float64)
            for name in FIGURES
        }
    return rows, sides


def _coded(column: pd.Series) -> tuple[NDArray[np.intp], Words]:
    words = column.astype(object).where(column.notna(), "").to_numpy(dtype=object)
    return pd.factorize(words, sort=True)


def _share_of_journey(rows: Mapping[str, Words], customers: Numbers) -> Numbers:
    """Which share of its journey's customers a part holds; 1 where the whole is not among them."""
    keys = list(zip(rows["journey"], rows["outcome"], strict=True))
    whole = {
        key: of for key, part, of in zip(keys, rows["part"], customers, strict=True) if not part
    }
    of = np.array([whole.get(key, np.nan) for key in keys], dtype=np.float64)
    return np.nan_to_num(ratio(customers, of), nan=1.0)


def _given(numbers: PerJourney, names: Words) -> Numbers:
    if numbers is None:
        return np.full(len(names), np.nan)
    if isinstance(numbers, Mapping):
        return np.array([numbers.get(name, np.nan) for name in names], dtype=np.float64)
    return np.full(len(names), float(numbers))

"""Arms of an experiment, customer by customer: each compared with the one left alone."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segments.effect.comparison import ALARM, sample_ratio
from segments.effect.estimate import judged
from segments.effect.moments import of_values
from segments.effect.sequence import PLANNED
from segments.effect.student import Numbers, t_tails
from segments.effect.variants import holm
from segments.effect.verdict import Prospects, verdicts


def against_control(
    arm: NDArray[np.intp],
    names: Sequence[str],
    control: int,
    y: Numbers,
    x: Numbers | None = None,
    *,
    share: float | None = None,
    planned: float = PLANNED,
    level: float = 0.95,
) -> pd.DataFrame:
    """One row per arm but the control, with the columns of `ESTIMATES` that apply, and more.

    `arm` is each customer's place in `names`; `y` the outcome, NaN where it is not known; `x` what
    was before, where the mean of those known is taken for the others; `share` the control's share
    of all customers as laid out, the same for every arm if not given. More are `p`, two-sided by
    Welch for the adjusted difference, and `p_holm`, the same corrected for how many arms are
    compared.
    """
    known = ~np.isnan(y)
    if x is not None:
        x = np.where(np.isnan(x), np.nanmean(x[known]) if (known & ~np.isnan(x)).any() else 0.0, x)
    counts = np.bincount(arm, minlength=len(names)).astype(np.float64)
    held = 1 / len(names) if share is None else share
    rows = []
    for place, name in enumerate(names):
        if place == control:
            continue
        own = [known & (arm == side) for side in (place, control)]
        sides = [of_values(y[side], None if x is None else x[side]) for side in own]
        nonzero = tuple(np.array([float((y[side] != 0).sum())]) for side in own)
        figures = judged(sides[0], sides[1], planned, level, (nonzero[0], nonzero[1]))
        pair = counts[place] + counts[control]
        of_pair = held / (held + (1 - held) / (len(names) - 1))
        ratio_p = sample_ratio(
            counts[[place]],
            counts[[control]],
            np.array([pair * of_pair]),
            np.array([pair * of_pair * (1 - of_pair)]),
        )
        alarm = ratio_p < ALARM
        prospects = Prospects(
            outcome=np.array([""], dtype=object),
            held_out=counts[[control]],
            number=sides[0].number + sides[1].number,
            nonzero=(nonzero[0], nonzero[1]),
            # Where nobody said how the arms were laid out, their sizes prove nothing.
            alarm=alarm & (share is not None),
            pace=np.array([np.nan]),
            beyond=np.array([np.nan]),
            horizon=np.inf,
            planned=planned,
            level=level,
        )
        adjusted = np.abs(figures["adjusted_difference"])
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = adjusted / figures["adjusted_error"]
        rows.append(
            {
                "arm": name,
                "customers_treated": int(counts[place]),
                "customers_held_out": int(counts[control]),
                "complete_treated": int(own[0].sum()),
                "complete_held_out": int(own[1].sum()),
                "nonzero_treated": int(nonzero[0][0]),
                "nonzero_held_out": int(nonzero[1][0]),
                **{key: value[0] for key, value in figures.items()},
                "ratio_p": ratio_p[0],
                "ratio_alarm": bool(alarm[0]),
                "p": t_tails(distance, figures["adjusted_degrees"])[0],
                "verdict": verdicts(figures, np.array([np.nan]), prospects)[0],
            }
        )
    found = pd.DataFrame(rows)
    return found.assign(p_holm=holm(found["p"].to_numpy(dtype=np.float64)))

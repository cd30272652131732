"""What may be said, in a word, of a comparison that anybody may look at on any day."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segments.effect.moments import ratio
from segments.effect.sequence import NEEDED, needed_number
from segments.effect.student import Numbers
from segments.names import Verdict, Yardstick

LESS_IS_BETTER = (Yardstick.RETURNS, Yardstick.COMPLAINTS, Yardstick.UNSUBSCRIBES)
"""Outcomes of which a journey that helps brings fewer."""


@dataclass(frozen=True)
class Prospects:
    """What a verdict needs beside the figures, one place per comparison: outcome; how many were
    held out; of how many the outcome is known, and of how many of each arm it is not nought;
    whether the arms are wrongly divided; customers a week; the difference beyond which it matters;
    how many weeks anybody would wait; customers planned; and the level."""

    outcome: NDArray[np.object_]
    held_out: Numbers
    number: Numbers
    nonzero: tuple[Numbers, Numbers]
    alarm: NDArray[np.bool_]
    pace: Numbers
    beyond: Numbers
    horizon: float
    planned: Numbers | float
    level: float


def less_is_better(outcomes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which of them a journey should bring fewer of."""
    return np.isin(outcomes.astype("U"), [word.value for word in LESS_IS_BETTER])


def verdicts(figures: Mapping[str, Numbers], weeks: Numbers, seen: Prospects) -> pd.Series:
    """helps or hurts: the whole sequence is on one side of nought. no_effect: it lies within
    what matters. too_small: deciding takes longer than the horizon. Else undecided: also while
    non-zero outcomes are missing, and always where the arms are wrongly divided."""
    low, high = figures["sequence_low"], figures["sequence_high"]
    sign = np.where(less_is_better(seen.outcome), -1, 1)
    open_ = (figures["missing"] > 0) | seen.alarm
    within = np.maximum(-low, high) <= seen.beyond
    words = np.select(
        [
            seen.held_out == 0,
            ~open_ & np.where(sign > 0, low > 0, high < 0),
            ~open_ & np.where(sign > 0, high < 0, low > 0),
            ~open_ & within,
            ~seen.alarm & (weeks > seen.horizon),
        ],
        [
            Verdict.NO_HOLDOUT.value,
            Verdict.HELPS.value,
            Verdict.HURTS.value,
            Verdict.NO_EFFECT.value,
            Verdict.TOO_SMALL.value,
        ],
        default=Verdict.UNDECIDED.value,
    )
    return pd.Series(words, dtype="str")


def weeks_to_go(figures: Mapping[str, Numbers], seen: Prospects) -> Numbers:
    """Weeks until a verdict, if outcomes go on to become known at this pace, as they were seen.

    Half the width of the sequence must fall to the difference itself, or, where a difference is
    given beyond which it matters, to what this leaves, whichever happens earlier; and each arm
    needs its non-zero outcomes.
    """
    centre = np.abs(figures["adjusted_difference"])
    width = np.fmax(centre, seen.beyond - centre)
    error, number = figures["adjusted_error"], seen.number
    needed = needed_number(error, number, width, seen.planned, seen.level)
    # One outcome more than seen: nothing seen yet is no proof that nothing will be.
    lacking = np.maximum(
        *(ratio(np.clip(NEEDED - got, 0, None) * number, got + 1) for got in seen.nonzero)
    )
    more = np.where(lacking > 0, np.fmax(needed - number, lacking), needed - number)
    known = (number > 0) & ~seen.alarm & (seen.held_out > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(known, np.clip(more, 0, None) / seen.pace, np.nan)

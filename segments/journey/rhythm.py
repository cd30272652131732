"""Whoever asked us for advertising less often gets none before the time they named is over."""

import numpy as np
import pandas as pd

from segments.journey.gate import Gate, none_of, texts
from segments.journey.gathering import Candidates
from segments.journey.history import moments
from segments.journey.zones import local
from segments.names import Outcome, Purpose, SkipReason

RESTS_UNTIL = "rests_until"
"""Column of `State.contacts`, there only where somebody asked: when the next may come."""


def rhythm(found: Candidates, not_before: np.ndarray, zone: str) -> list[Gate]:
    """The gate, where anybody asked for it; those held back wait for their time."""
    if RESTS_UNTIL not in found.addressees.frame:
        return []
    until = moments(pd.Series(found.addressees.text(RESTS_UNTIL, found.contact)))
    advertises = found.each(lambda stand: stand.journey.purpose == Purpose.ADVERTISING, bool)
    holds = none_of(len(found))
    rests = advertises & ~np.isnat(until)
    holds[rests] = not_before[rests] < until[rests]

    def why(rows: np.ndarray) -> np.ndarray:
        minutes = local(until[rows], zone).astype("datetime64[m]")
        told = texts(lambda minute: f"asked for less: none before {_minute(minute)}", minutes)
        told[~rests[rows]] = "asked for no rhythm"
        return told

    return [Gate("rhythm", holds, Outcome.DEFERRED, SkipReason.CAPPED, why)]


def _minute(minute: np.datetime64) -> str:
    return str(minute).replace("T", " ")

"""How full a customer's caps are."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from segments.attention import Cap
from segments.journey.bids import Bids
from segments.journey.budgets import Budget
from segments.journey.gate import texts
from segments.journey.history import NOBODY, Met
from segments.names import Purpose


class Caps:
    """How full the caps are that apply to each bid. `budget` is that of each customer."""

    def __init__(
        self,
        bids: Bids,
        met: Met,
        budgets: Sequence[Budget],
        budget: np.ndarray,
        exempt: np.ndarray,
    ) -> None:
        self.bids, self.met = bids, met
        self.caps = [(number, cap) for number, each in enumerate(budgets) for cap in each.caps]
        self.applies = []
        self.full_by = np.full(len(bids), NOBODY)
        self._used: dict[tuple[timedelta, Purpose | None], np.ndarray] = {}
        for place, (number, cap) in enumerate(self.caps):
            applies = (budget[bids.who] == number) & ~exempt
            if cap.purpose is not None:
                applies &= bids.purpose == cap.purpose.value
            self.applies.append(applies)
            if applies.any():
                full = applies & (self.used(cap) >= cap.most) & (self.full_by < 0)
                self.full_by[full] = place

    def used(self, cap: Cap) -> np.ndarray:
        """What counts in the window of this cap that ends with each bid.

        A message and another exactly as long before are not within one window.
        """
        key = (cap.window, cap.purpose)
        if key not in self._used:
            start = self.bids.at - np.timedelta64(cap.window)
            self._used[key] = self.met.since(start, cap.purpose)
        return self._used[key]

    def filled_by(self, rows: np.ndarray, others: Bids, theirs: np.ndarray) -> np.ndarray:
        """For each pair whether the other takes the last place that is left in a cap."""
        filled = np.zeros(len(rows), dtype=bool)
        for (_, cap), applies in zip(self.caps, self.applies, strict=True):
            if not applies[rows].any():
                continue
            last = applies[rows] & (self.used(cap)[rows] == cap.most - 1)
            within = others.at[theirs] > self.bids.at[rows] - np.timedelta64(cap.window)
            if cap.purpose is not None:
                within &= others.purpose[theirs] == cap.purpose.value
            filled |= last & within
        return filled

    def why(self, rows: np.ndarray) -> np.ndarray:
        """ "3 of 3 in 7 days": the cap that is full, else all that apply."""
        told = np.full(len(rows), "", dtype=object)
        for place, (_, cap) in enumerate(self.caps):
            full = self.full_by[rows]
            here = np.flatnonzero(self.applies[place][rows] & ((full < 0) | (full == place)))
            if len(here):
                each = texts(lambda used, cap=cap: f"{used} of {cap}", self.used(cap)[rows[here]])
                told[here] = np.where(told[here] == "", each, told[here] + "; " + each)
        told[told == ""] = "no cap"
        return told

"""What customers did after a journey first reached them, and before: from moments to sums."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from segments.effect.sums import FIGURES, KEYS, merged, nothing
from segments.names import Yardstick

TOUCHES = {
    "customer_id": "whom the journey reached",
    "id": "of two first touches at the same moment the lower counts",
    "journey": "name",
    "arm": "treated or held_out",
    "phase": "when the enrollment began; NA unknown",
    "quadrant": "the same",
    "variants": "which ways were drawn: `STEP=NAME STEP=NAME`; NA none",
    "share": "the share of holdout drawn with; NaN unknown",
    "touched_at": "first send or ghost of the enrollment",
    "seconds": "how long its outcome is followed",
}
"""One row per enrollment that came to a send or a ghost by the moment asked about."""

HAPPENINGS = {
    "customer_id": "who did it, or whom it was done for",
    "at": "when",
    "seen_at": "when it became known; NaT at once; the column may be missing",
    "gone_at": "when it was called off; NaT never; the column may be missing",
    "corrected_at": "NaT, or: it counts only for those who ask what was known before; may be "
    "missing",
}
"""One row per happening, in no order, and a column for each figure of `ADDED` that it adds to."""

ADDED = tuple(yardstick for yardstick in Yardstick if yardstick != Yardstick.GOAL)
"""What happenings add up to; a goal is reached with the first order."""

SETTLING = np.timedelta64(3, "D")
"""How long after a window has closed what happened in it may still become known."""

_CELL = ["journey", "arm", "phase", "quadrant", "variants"]
_SECOND = np.timedelta64(1, "s")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Windows:
    """A row per customer and journey, in the order of customers: a unit of measurement.

    The unit is the customer, by the first enrollment of theirs in the journey that came to a send
    or a ghost, in the arm of that enrollment, whatever became of the message (intention to treat).
    What counts is what happened from that moment on, for as long as the enrollment noted when it
    began (`y`), and as the covariate what happened for as long before (`x`). A window is complete
    `SETTLING` after its end: what became known by then counts, for ever, and what comes later or
    is corrected later does not. So the figures of a complete window depend on nothing that happens
    later, and those of a moment past are the same whenever they are asked for.
    """

    customer: Array
    cells: pd.DataFrame
    cell: Array
    share: Array
    touched: Array
    length: Array
    settled: Array
    y: dict[str, Array] = field(default_factory=dict)
    x: dict[str, Array] = field(default_factory=dict)

    def span(self, now: datetime) -> tuple[datetime, datetime] | None:
        """From when until when happenings count as of `now`; none where no window is complete."""
        complete = self.settled <= _moment(now)
        if not complete.any():
            return None
        touched, length = self.touched[complete], self.length[complete]
        first, last = np.min(touched - length), np.max(touched + length)
        return first.item().replace(tzinfo=UTC), last.item().replace(tzinfo=UTC)

    def add(self, happenings: Mapping[str, Array], now: datetime) -> None:
        """Add `HAPPENINGS`, each of them once, to the windows that are complete at `now`."""
        complete = np.flatnonzero(self.settled <= _moment(now))
        happening, unit = self._pairs(happenings["customer_id"], complete)
        at = happenings["at"][happening]
        away, length = at - self.touched[unit], self.length[unit]
        within = (away >= -length) & (away < length)
        happening, unit, at = happening[within], unit[within], at[within]
        known = self._known(happenings, happening, self.settled[unit])
        happening, unit, at = happening[known], unit[known], at[known]
        after = at >= self.touched[unit]
        for sums, side in ((self.y, after), (self.x, ~after)):
            of, to = happening[side], unit[side]
            for name in {name.value for name in ADDED}.intersection(happenings):
                added = np.bincount(to, happenings[name][of], len(self.customer))
                sums[name] = sums[name] + added if name in sums else added

    def _pairs(self, customer: Array, units: Array) -> tuple[Array, Array]:
        """The places of each happening and of each of the units of the same customer."""
        own = self.customer[units]
        first = np.searchsorted(own, customer, "left")
        number = np.searchsorted(own, customer, "right") - first
        before = np.cumsum(number) - number
        happening = np.repeat(np.arange(len(customer)), number)
        return happening, units[np.arange(len(happening)) + np.repeat(first - before, number)]

    @staticmethod
    def _known(happenings: Mapping[str, Array], happening: Array, settled: Array) -> Array:
        """Whether it counts for who asks what was known when the window was complete."""
        counts = np.ones(len(happening), dtype=bool)
        for name, late in (("seen_at", False), ("gone_at", True), ("corrected_at", True)):
            if name in happenings and not np.isnat(happenings[name]).all():
                moment = happenings[name][happening]
                counts &= np.isnat(moment) | ((moment > settled) == late)
        return counts

    def sums(self, now: datetime) -> pd.DataFrame:
        """`SUMS` as of `now`, or any moment before that up to which happenings were added."""
        by = _moment(now)
        reached = self.touched <= by
        if not reached.any():
            return nothing()
        complete = np.flatnonzero(self.settled <= by)
        cell = self.cell[complete]
        count = len(self.cells)

        def over(values: Array | None) -> Array:
            return np.bincount(cell, values, count).astype(np.float64)

        share = self.share[reached]
        shared = {
            "customers": np.bincount(self.cell[reached], minlength=count).astype(np.float64),
            "complete": over(None),
            "expected": np.bincount(self.cell[reached], share, count),
            "expected_variance": np.bincount(self.cell[reached], share * (1 - share), count),
        }
        parts = []
        for name in Yardstick:
            y, x = (self._outcome(side, name, complete) for side in (self.y, self.x))
            added = {
                "nonzero": over((y != 0).astype(np.float64)),
                "total": over(y),
                "squares": over(y * y),
                "before": over(x),
                "before_squares": over(x * x),
                "product": over(x * y),
            }
            parts.append(self.cells.assign(outcome=name.value, **shared, **added))
        rows = pd.concat(parts, ignore_index=True)
        rows = rows[rows["customers"] > 0]
        return merged(
            pd.concat([part[[*KEYS, *FIGURES]] for part in _parts(rows)], ignore_index=True)
        )

    def _outcome(self, side: dict[str, Array], name: Yardstick, units: Array) -> Array:
        reached = name == Yardstick.GOAL
        found = side.get((Yardstick.ORDERS if reached else name).value)
        values = np.zeros(len(units)) if found is None else found[units]
        return (values > 0).astype(np.float64) if reached else values


def windows(touches: pd.DataFrame) -> Windows:
    """The window of each customer's first touch in each journey; nothing is in them yet."""
    journey = pd.factorize(touches["journey"])[0]
    customer = touches["customer_id"].to_numpy(np.int64)
    touched = touches["touched_at"].dt.tz_localize(None).to_numpy("datetime64[us]")
    place = np.lexsort((touches["id"].to_numpy(np.int64), touched, journey, customer))
    new = np.ones(len(place), dtype=bool)
    new[1:] = (np.diff(customer[place]) != 0) | (np.diff(journey[place]) != 0)
    first = place[new]
    touches = touches.iloc[first].reset_index(drop=True)
    cell, cells = _cells(touches[_CELL])
    length = touches["seconds"].to_numpy(np.int64) * _SECOND
    touched = touched[first]
    return Windows(
        customer=customer[first],
        cells=cells,
        cell=cell,
        share=touches["share"].to_numpy(np.float64),
        touched=touched,
        length=length,
        settled=touched + length + SETTLING,
    )


def _moment(now: datetime) -> np.datetime64:
    return np.datetime64(pd.Timestamp(now).tz_convert(None), "us")


def _cells(columns: pd.DataFrame) -> tuple[Array, pd.DataFrame]:
    """Numbers for customers who are alike in everything the report tells apart, and their rows."""
    together = np.zeros(len(columns), dtype=np.int64)
    for name in _CELL:
        codes, values = pd.factorize(columns[name], use_na_sentinel=False)
        together = together * max(len(values), 1) + codes
    cell, kinds = pd.factorize(together)
    where = np.empty(len(kinds), dtype=np.int64)
    where[cell[::-1]] = np.arange(len(columns))[::-1]
    return cell, columns.iloc[where].reset_index(drop=True)


def _parts(cells: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The cells once for the whole, and once for each way of cutting it."""
    yield cells.assign(part=None)
    for column in ("phase", "quadrant"):
        named = cells[cells[column].notna()]
        yield named.assign(part=f"{column}:" + named[column].astype("str"))
    variants = cells["variants"].fillna("").astype("str").str.split()
    apart = cells.assign(variant=variants).explode("variant")
    apart = apart[apart["variant"].notna()]
    yield apart.assign(part="variant:" + apart["variant"].astype("str").str.replace("=", "/", n=1))

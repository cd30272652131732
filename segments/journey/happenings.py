"""Events around customers, to be asked for the first one after a moment."""

import numpy as np
import pandas as pd

from segments.journey.moments import NEVER, plain
from segments.names import Event


class Happenings:
    """The events of a state by kind; each question sorts its kind once."""

    def __init__(self, events: pd.DataFrame, now: np.datetime64) -> None:
        self._events = events
        codes, self._kinds = pd.factorize(events["kind"])
        self._at = plain(events["at"])
        self._codes = np.where(self._at <= now, codes, -1)
        self._sorted: dict[tuple[Event, str], _Sorted] = {}

    def of(self, kind: Event) -> np.ndarray:
        """Places of the events of that kind, up to now."""
        number = list(self._kinds).index(kind) if kind in self._kinds else -2
        return np.flatnonzero(self._codes == number)

    def column(self, name: str, at: np.ndarray) -> np.ndarray:
        """A column of the events at these places."""
        values: np.ndarray = self._events[name].array.take(at).to_numpy()
        return values

    def moments(self, at: np.ndarray) -> np.ndarray:
        """When the events at these places happened."""
        found: np.ndarray = self._at[at]
        return found

    def first_after(
        self, kind: Event, whose: str, owners: np.ndarray, after: np.ndarray
    ) -> np.ndarray:
        """The first event of that kind strictly after each moment, or never.

        `whose` is the column of the events that is to be the owner: customer_id, enrollment_id or
        purchase_id; an owner of -1 is nobody.
        """
        if (kind, whose) not in self._sorted:
            at = self.of(kind)
            numbers = self._events[whose].array.take(at)
            known = ~np.asarray(pd.isna(numbers), dtype=bool)
            ids = numbers[known].to_numpy(dtype="int64")
            self._sorted[kind, whose] = _Sorted(ids, self._at[at[known]])
        return self._sorted[kind, whose].first_after(owners, after)


class _Sorted:
    """Moments by owner, sorted: owner and rank of the moment make one number to look up."""

    def __init__(self, owners: np.ndarray, at: np.ndarray) -> None:
        self._owners = np.unique(owners)
        self._ranks = np.unique(at)
        place = np.searchsorted(self._owners, owners)
        keys = place * (len(self._ranks) + 1) + np.searchsorted(self._ranks, at)
        order = np.argsort(keys, kind="stable")
        self._keys, self._at, self._whose = keys[order], at[order], owners[order]

    def first_after(self, owners: np.ndarray, after: np.ndarray) -> np.ndarray:
        found = np.full(len(owners), NEVER)
        if not len(self._keys):
            return found
        place = np.searchsorted(self._owners, owners)
        rank = np.searchsorted(self._ranks, after, side="right")
        at = np.searchsorted(self._keys, place * (len(self._ranks) + 1) + rank)
        inside = np.minimum(at, len(self._keys) - 1)
        theirs = (at < len(self._keys)) & (self._whose[inside] == owners)
        found[theirs] = self._at[inside[theirs]]
        return found

"""What took customers' attention before: messages, ghosts and contacts of colleagues, as arrays."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
import pandas as pd

from segments.names import Purpose

NOBODY = -1
"""Stands for a missing number."""

_PURPOSES = ["", *Purpose]
_DENSE = 8


def distinct(values: np.ndarray) -> np.ndarray:
    """Each whole number once, in order."""
    ordered = np.sort(values)
    found: np.ndarray = ordered[np.append(ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1])]
    return found


def codes_of(known: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """The place of each id among `known`, which are in order and each there once; else NOBODY."""
    if not len(known):
        return np.full(len(ids), NOBODY)
    low, high = int(known[0]), int(known[-1])
    if high - low < max(_DENSE * len(known), len(ids)):
        # Numbers of customers lie close together: looking one up in a table takes a tenth of the
        # time of searching it.
        table = np.full(high - low + 2, NOBODY)
        table[known - low] = np.arange(len(known))
        return table[np.where((ids >= low) & (ids <= high), ids - low, high - low + 1)]
    place = np.minimum(known.searchsorted(ids), len(known) - 1)
    return np.where(known[place] == ids, place, NOBODY)


def numbers(column: pd.Series) -> np.ndarray:
    """Whole numbers, NOBODY where one is missing."""
    return column.to_numpy(dtype="int64", na_value=NOBODY)


def moments(column: pd.Series) -> np.ndarray:
    """Moments in UTC, to the microsecond."""
    return column.to_numpy(dtype="datetime64[us]")


def at_once(now: datetime) -> np.ndarray:
    """This very moment as an array of one."""
    return np.array([now.astimezone(UTC).replace(tzinfo=None)], dtype="datetime64[us]")


def pairs(left: np.ndarray, right: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Places in `left` and `right`, codes below `count`, for all pairs with the same code."""
    order = np.argsort(left, kind="stable")
    many = np.bincount(left, minlength=count)
    first = np.cumsum(many) - many
    repeats = many[right]
    theirs = np.repeat(np.arange(len(right)), repeats)
    within = np.arange(len(theirs)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return order[first[right][theirs] + within], theirs


@dataclass(frozen=True)
class History:
    """Touches of the customers at hand; `who` is the customer's place among these.

    The messages one step wrote to several people are one touch, at its last moment.
    """

    who: np.ndarray
    moment: np.ndarray
    purpose: np.ndarray
    journey: np.ndarray
    enrollment: np.ndarray
    node: np.ndarray
    journeys: np.ndarray
    nodes: pd.Index

    @classmethod
    def of(cls, touches: pd.DataFrame, customers: np.ndarray) -> "History":
        """From `State.touches`, for these customer numbers, which are in order."""
        who = codes_of(customers, touches["customer_id"].to_numpy(dtype="int64"))
        here = slice(None) if not (who < 0).any() else np.flatnonzero(who >= 0)
        codes, words = pd.factorize(touches["purpose"].array[here])
        purpose = np.array([_PURPOSES.index(word) for word in words], dtype="int64")
        journey, journeys = pd.factorize(touches["journey"].array[here], sort=True)
        node, nodes = pd.factorize(touches["node"].array[here])
        history = cls(
            who[here],
            moments(touches["at"])[here],
            purpose[codes],
            journey,
            numbers(touches["enrollment_id"])[here],
            node,
            np.asarray(journeys, dtype=object),
            pd.Index(nodes),
        )
        return history._once()

    def met_by(
        self, who: np.ndarray, enrollment: np.ndarray, node: np.ndarray, count: int
    ) -> "Met":
        """What stands in the way of each of these, their own step's messages left out.

        `who` are places below `count`, `node` the words of the nodes.
        """
        row, touch = pairs(who, self.who, count)
        same = (enrollment[row] == self.enrollment[touch]) & (enrollment[row] != NOBODY)
        if same.any():
            own = same.copy()
            own[same] = self.nodes.get_indexer(pd.Index(node[row[same]])) == self.node[touch[same]]
            row, touch = row[~own], touch[~own]
        return Met(self, len(who), row, touch)

    def _once(self) -> "History":
        known = np.flatnonzero(self.enrollment != NOBODY)
        key = (self.enrollment * (len(self.nodes) + 1) + self.node)[known]
        again = pd.Index(key).duplicated(keep=False)
        if not again.any():
            return self
        several, key = known[again], key[again]
        order = np.lexsort((self.moment[several], key))
        earlier = np.append(key[order][1:] == key[order][:-1], False)
        kept = np.ones(len(self.who), dtype=bool)
        kept[several[order[earlier]]] = False
        return replace(
            self,
            who=self.who[kept],
            moment=self.moment[kept],
            purpose=self.purpose[kept],
            journey=self.journey[kept],
            enrollment=self.enrollment[kept],
            node=self.node[kept],
        )


@dataclass(frozen=True)
class Met:
    """The touches each of `count` rows meets: pairs of row and touch."""

    history: History
    count: int
    row: np.ndarray
    touch: np.ndarray

    def since(self, start: np.ndarray, purpose: Purpose | None = None) -> np.ndarray:
        """How many lie after `start` of their row: all, or messages of this purpose."""
        counts = self.at > start[self.row]
        if purpose is not None:
            counts &= self._purpose == _PURPOSES.index(purpose)
        return np.bincount(self.row[counts], minlength=self.count)

    def messages_from(self, start: np.datetime64) -> np.ndarray:
        """For each row the journey with a message from then on, "" where there is none.

        Of several the first by name.
        """
        return self._first_by_name((self.at >= start) & (self._purpose > 0))

    def latest(self, today: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
        """When the latest was and whose: the journey, or "" for a colleague's; NaT for none.

        Messages since `today` began are left out. Of several at once the last by name counts.
        """
        counts = (self.at < today) | (self._purpose == 0)
        row, at = self.row[counts], self.at[counts]
        latest = np.full(self.count, np.iinfo("int64").min)
        np.maximum.at(latest, row, at.astype("int64"))
        moment = latest.view("datetime64[us]")
        whose = np.zeros(self.count, dtype="int64")
        here = at == moment[row]
        np.maximum.at(whose, row[here], self.history.journey[self.touch[counts][here]])
        return moment, self._names(whose)

    def _first_by_name(self, pairs: np.ndarray) -> np.ndarray:
        none = len(self.history.journeys)
        found = np.full(self.count, none)
        np.minimum.at(found, self.row[pairs], self.history.journey[self.touch[pairs]])
        return self._names(found)

    def _names(self, journey: np.ndarray) -> np.ndarray:
        names: np.ndarray = np.append(self.history.journeys, "")[journey]
        return names

    @cached_property
    def at(self) -> np.ndarray:
        """The moment of each touch met."""
        found: np.ndarray = self.history.moment[self.touch]
        return found

    @cached_property
    def _purpose(self) -> np.ndarray:
        found: np.ndarray = self.history.purpose[self.touch]
        return found

"""Who may take a customer's attention today: caps, the gap, what is to come, and who goes first.

Every bid of a customer is held against what the customer got before; of those left the best goes
and the others wait. Whoever got a message today is outranked by it, whichever run it was in.
Nothing here holds legal messages back; caps, gap and look-ahead do not hold back the classes that
the policy exempts. All of them count for the others. Bids that an earlier gate holds back take
nobody's place.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from segments.journey.bids import Bids, first_of_each
from segments.journey.budgets import Budget, budget_of, general
from segments.journey.caps import Caps
from segments.journey.gate import Gate, Why, in_days, texts
from segments.journey.gathering import Candidates
from segments.journey.history import NOBODY, History, at_once, pairs
from segments.journey.upcoming import Ahead, upcoming
from segments.journey.zones import local
from segments.names import AttentionClass, Outcome, SkipReason
from segments.state import Specs, State

_MICROSECOND = np.timedelta64(1, "us")
_WRITTEN, _SAVED, _LOSES = 1, 2, 3
_CLASSES = list(AttentionClass)


def attention(
    found: Candidates,
    rows: np.ndarray,
    running: np.ndarray,
    not_before: np.ndarray,
    state: State,
    specs: Specs,
    now: datetime,
    ahead: Ahead,
) -> list[Gate]:
    """The gates capped, too_soon and outranked for these rows.

    `running` says of every candidate whether no earlier gate holds it back.
    """
    _, first, bid = np.unique(found.ref[rows], return_index=True, return_inverse=True)
    places = rows[first]
    at = not_before[places]
    if len(places) < len(rows):
        np.minimum.at(at, bid, not_before[rows])
    bids = Bids.of(found, places, at)
    runs = np.zeros(len(bids), dtype=bool)
    runs[bid[running[rows]]] = True
    weighed = _Weighed(found, bids, runs, found.valid_until[places], state, specs, now, ahead)
    where = np.full(len(found), NOBODY)
    where[rows] = bid

    def gate(reason: SkipReason, holds: np.ndarray, why: Why, by: Why | None = None) -> Gate:
        everybody = np.zeros(len(found), dtype=bool)
        everybody[rows] = holds[bid]
        return Gate(
            reason.value,
            everybody,
            Outcome.DEFERRED,
            reason,
            lambda asked: why(where[asked]),
            None if by is None else lambda asked: by(where[asked]),
        )

    return [
        gate(SkipReason.CAPPED, weighed.caps.full_by >= 0, weighed.caps.why),
        gate(SkipReason.TOO_SOON, weighed.soon, weighed.why_soon),
        gate(SkipReason.OUTRANKED, weighed.kind > 0, weighed.why_outranked, weighed.outranked_by),
    ]


class _Weighed:
    """Bids held against the past, the days to come, and one another."""

    def __init__(
        self,
        found: Candidates,
        bids: Bids,
        runs: np.ndarray,
        until: np.ndarray,
        state: State,
        specs: Specs,
        now: datetime,
        ahead: Ahead,
    ) -> None:
        self.bids, self.until = bids, until
        self.calendar, self.zone = specs.calendar, specs.policy.zone
        self.history = History.of(state.touches, found.customers.numbers)
        self.met = self.history.met_by(
            bids.who, bids.enrollment_id, bids.node, len(found.customers)
        )
        self.budgets = (*specs.budgets, general(specs.policy.attention))
        self.budget = _budget(self.budgets, found)
        self.gap = np.array([budget.gap for budget in self.budgets])[self.budget]
        exempt = bids.exempt(specs.policy)
        self.caps = Caps(bids, self.met, self.budgets, self.budget, exempt)
        self.days = specs.calendar.days(bids.at)
        today = specs.calendar.begins(specs.calendar.days(at_once(now)))[0]
        self.last, self.last_by = self.met.latest(today)
        self.soon = self._too_soon() & ~exempt
        self.written_by = self.met.messages_from(today)
        self.kind = np.where((self.written_by != "") & ~bids.legal, _WRITTEN, 0)
        self.saved_by = np.full(len(bids), "", dtype=object)
        self.saved_at = np.full(len(bids), np.datetime64("NaT", "us"))
        left = runs & (self.caps.full_by < 0) & ~self.soon & (self.kind == 0)
        self._look_ahead(found, np.flatnonzero(left & ~exempt), specs, now, ahead)
        saved = self.saved_by != ""
        self.kind[saved] = _SAVED
        left &= ~saved
        keys = np.asarray(found.customers.column("customer_key"), dtype=object)
        self.best = first_of_each(bids, np.flatnonzero(left), until, keys)[bids.who]
        loses = left & (self.best != np.arange(len(bids))) & ~bids.legal
        self.kind[loses] = _LOSES

    def why_soon(self, rows: np.ndarray) -> np.ndarray:
        """ "newsletter on 2026-06-14, gap 2 days"."""
        return texts(
            lambda by, day, gap: (
                f"gap {in_days(gap)}"
                if np.isnat(day)
                else f"{by or 'a colleague'} on {day}, gap {in_days(gap)}"
            ),
            self.last_by[rows],
            self.calendar.days(self.last[rows]),
            self.gap[self.bids.who[rows]],
        )

    def outranked_by(self, rows: np.ndarray) -> np.ndarray:
        """The journey that goes first, "" where none does."""
        by: np.ndarray = np.where(self.kind == _WRITTEN, self.written_by, "")[rows]
        saved = self.kind[rows] == _SAVED
        by[saved] = self.saved_by[rows[saved]]
        loses = self.kind[rows] == _LOSES
        by[loses] = self.bids.journey[self.best[rows[loses]]]
        return by

    def why_outranked(self, rows: np.ndarray) -> np.ndarray:
        """ "reassurance went today", "saved for … on …", or what made the other the better."""
        told = np.full(len(rows), "nobody goes first", dtype=object)
        for kind, tell in (
            (_WRITTEN, self._why_written),
            (_SAVED, self._why_saved),
            (_LOSES, self._why_loses),
        ):
            places = np.flatnonzero(self.kind[rows] == kind)
            if len(places):
                told[places] = tell(rows[places])
        return told

    def _why_written(self, rows: np.ndarray) -> np.ndarray:
        return texts(lambda by: f"{by} went today", self.written_by[rows])

    def _why_saved(self, rows: np.ndarray) -> np.ndarray:
        return texts(
            lambda by, day: f"saved for {by} on {day}",
            self.saved_by[rows],
            self.calendar.days(self.saved_at[rows]),
        )

    def _why_loses(self, rows: np.ndarray) -> np.ndarray:
        """The first of class, priority, value and deadline in which the two differ."""
        best, bids = self.best[rows], self.bids
        columns: list[np.ndarray] = []
        differs = np.zeros(len(rows), dtype=bool)
        minutes = local(self.until, self.zone).astype("datetime64[m]").astype("int64")
        for values in (bids.rank, bids.priority, bids.value, minutes):
            ours, theirs = values[rows].copy(), values[best].copy()
            unequal = ours != theirs
            # What does not decide is left out of the text, and must not tell rows apart.
            if columns:
                ours[differs] = theirs[differs] = 0
            columns += [theirs, ours]
            differs = differs | unequal
        return texts(_better, *columns)

    def _too_soon(self) -> np.ndarray:
        known = ~np.isnat(self.last)
        apart = np.zeros(len(self.bids), dtype="int64")
        last = self.calendar.days(self.last[known])
        apart[known] = (self.days[known] - last).astype("int64")
        soon: np.ndarray = known & (apart < self.gap[self.bids.who])
        return soon

    def _look_ahead(
        self, found: Candidates, rows: np.ndarray, specs: Specs, now: datetime, ahead: Ahead
    ) -> None:
        """Save today's place for what is more important and would be blocked by a message today.

        Who would become stale by waiting gives way to a higher class only.
        """
        due = upcoming(found, self.bids.who[rows], ahead, specs, now)
        if due is None:
            return
        coming = Bids.of(due, np.arange(len(due)), due.due_at)
        ours, theirs = self._stronger(coming, rows, len(found.customers))
        exempt = coming.exempt(specs.policy)
        met = self.history.met_by(
            coming.who, coming.enrollment_id, coming.node, len(found.customers)
        )
        caps = Caps(coming, met, self.budgets, self.budget, exempt)
        gap = self.gap[coming.who]
        day = specs.calendar.days(coming.at)
        near = (day[theirs] - self.days[ours]).astype("int64") < gap[theirs]
        blocks = (near & ~exempt[theirs]) | caps.filled_by(theirs, self.bids, ours)
        last_day = specs.calendar.days(self.until[ours] - _MICROSECOND)
        lasts = last_day >= day[theirs] + np.maximum(gap[theirs], 1)
        higher = coming.rank[theirs] < self.bids.rank[ours]
        gives_way = np.flatnonzero(blocks & (lasts | higher))
        ours, theirs = ours[gives_way], theirs[gives_way]
        order = np.lexsort(
            (
                np.unique(coming.journey[theirs], return_inverse=True)[1],
                coming.at[theirs].astype("int64"),
                -coming.priority[theirs],
                coming.rank[theirs],
            )
        )[::-1]
        self.saved_by[ours[order]] = coming.journey[theirs[order]]
        self.saved_at[ours[order]] = coming.at[theirs[order]]

    def _stronger(
        self, coming: Bids, rows: np.ndarray, customers: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Pairs of a bid of today and a more important one to come of the same customer."""
        bids = self.bids
        place, theirs = pairs(bids.who[rows], coming.who, customers)
        ours = rows[place]
        rank, other = bids.rank[ours], coming.rank[theirs]
        stronger = (other < rank) | (
            (other == rank) & (coming.priority[theirs] > bids.priority[ours])
        )
        return ours[stronger], theirs[stronger]


def _budget(budgets: Sequence[Budget], found: Candidates) -> np.ndarray:
    """The place of the budget of each customer."""
    columns = {name for budget in budgets if budget.rule for name in budget.rule.columns}
    return budget_of(budgets, found.customers.frame(sorted(columns)))


def _better(
    rank: int,
    own_rank: int,
    priority: int,
    own_priority: int,
    value: float,
    own_value: float,
    until: int,
    own_until: int,
) -> str:
    name = _CLASSES[rank].value
    if rank != own_rank:
        return f"{name} > {_CLASSES[own_rank].value}"
    if priority != own_priority:
        return f"{name} {priority} > {own_priority}"
    if value != own_value:
        return f"{name}: value {value:g} > {own_value:g}"
    if until != own_until:
        return f"{name}: valid until {_minute(until)} < {_minute(own_until)}"
    return f"{name} {priority} = {own_priority}: by lot"


def _minute(minutes: int) -> str:
    return str(np.datetime64(int(minutes), "m")).replace("T", " ")

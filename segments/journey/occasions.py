"""Who met the trigger of a journey: orders, changes, dates, events, schedules, by hand."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from segments.journey.calendar import last_occurrence, local_day
from segments.journey.happenings import Happenings
from segments.journey.moments import day_begins, moment, plain
from segments.journey.nodes import Program
from segments.journey.zones import Moments
from segments.names import Event, Trigger
from segments.operands import MINOR_UNITS
from segments.state import Specs, State
from segments.triggers import Enter

_CATCH_UP = timedelta(days=3)
"""A schedule that fell on a day nobody ran is caught up with for this long."""

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Found:
    """Who met a trigger: place in the profiles, what it was, and when it happened.

    `order` are places in `State.orders` where it was an order, `score` what was given where it was
    a score. `earlier` are those who met it before the journey was there, and enter only as far as
    its backfill goes.
    """

    where: np.ndarray
    key: np.ndarray
    anchor: Moments
    earlier: np.ndarray
    order: np.ndarray | None = None
    score: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.where)

    def take(self, at: np.ndarray) -> "Found":
        """Only those at these places."""
        order = None if self.order is None else self.order[at]
        score = None if self.score is None else self.score[at]
        return Found(self.where[at], self.key[at], self.anchor[at], self.earlier[at], order, score)


class Occasions:
    """What may start journeys as of one moment. What several journeys ask for is found once."""

    def __init__(self, state: State, specs: Specs, now: datetime, events: Happenings) -> None:
        self.state = state
        self.specs = specs
        self.events = events
        self.zone = specs.policy.zone
        self.now = moment(now)
        self.today = local_day(now, self.zone)
        self._late = timedelta(days=specs.policy.late_data.days)
        self._as_of = now
        self._changes: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def found(self, program: Program) -> Found:
        """Everybody who met the trigger of this journey, whatever its rule says."""
        return _TRIGGERS[program.journey.enter.on](self, program)

    def change(self, segment: str) -> tuple[np.ndarray, np.ndarray]:
        """Places of those who came into a segment, and of those who left it, since the last run."""
        if segment not in self._changes:
            profiles, members = self.state.profiles, self.state.members
            inside = self.specs.segments[segment].applies(profiles)
            before = members["customer_id"].to_numpy()[(members["segment"] == segment).to_numpy()]
            was = np.zeros(len(profiles), dtype=bool)
            places = profiles.index.get_indexer(pd.Index(before))
            was[places[places >= 0]] = True
            self._changes[segment] = np.flatnonzero(inside & ~was), np.flatnonzero(was & ~inside)
        return self._changes[segment]

    def by_order(self, program: Program) -> Found:
        """Orders since the journey was started, as far as they pass its filters."""
        enter = program.journey.enter
        at, where = self._orders
        wanted = (where >= 0) & (at <= self.now) & (at >= self.since(program))
        orders = self.state.orders
        if enter.at_least is not None:
            least = round(enter.at_least * MINOR_UNITS)
            wanted &= orders["order_value"].to_numpy(dtype="float64", na_value=np.nan) >= least
        for names, column in ((enter.category, "categories"), (enter.product, "products")):
            if names is not None:
                wanted &= _names_any(orders[column], names)
        order = np.flatnonzero(wanted)
        keys = orders["order_key"].array.take(order).to_numpy(dtype=object)
        return self._of(program, where[order], keys, at[order], order)

    def by_phase(self, program: Program) -> Found:
        """Those who entered a phase since the last run."""
        wanted = program.journey.enter.phase
        now, before = self._phases
        entered = (now == wanted) & (before != wanted) & (before != "")
        return self._changed(program, np.flatnonzero(entered), np.flatnonzero(now == wanted))

    def by_segment(self, program: Program) -> Found:
        """Those who came into a segment, or left it, since the last run."""
        enter = program.journey.enter
        name = str(enter.segment)
        known = name in self.state.filled
        joined, left = self.change(name) if known or self._backfills(program) else (_none, _none)
        if enter.turn == "leaving":
            return self._changed(program, left if known else _none, _none)
        inside = _none
        if self._backfills(program):
            inside = np.flatnonzero(self.specs.segments[name].applies(self.state.profiles))
        return self._changed(program, joined if known else _none, inside)

    def by_date(self, program: Program) -> Found:
        """Those for whom a date comes, less or plus the offset; the key is the day it is about.

        Days since the last run are caught up with. With `yearly` the day returns every year after
        the date itself; what falls on 29 February comes on the 28th where there is none.
        """
        enter, calendar = program.journey.enter, self.specs.calendar
        last = np.datetime64(self.today, "D")
        first = self._first_day(program)
        column = plain(self.state.profiles[str(enter.date)])
        known = np.flatnonzero(~np.isnat(column))
        base = calendar.days(column[known])
        parts = [self._shifted(enter, known, base, first, last)]
        if enter.yearly:
            parts = [
                self._shifted(enter, known[older], days, first, last)
                for year in self._years(enter, first, last)
                for older in [np.flatnonzero(base.astype("M8[Y]") < year)]
                for days in [_in_year(base[older], year)]
            ]
        where, day, falls = (np.concatenate(each) for each in zip(*parts, strict=True))
        keys = np.datetime_as_string(day, unit="D").astype(object)
        return self._of(program, where, keys, calendar.begins(falls))

    def by_complaint(self, program: Program) -> Found:
        """Complaints opened, or closed."""
        turn = program.journey.enter.turn
        kind = Event.COMPLAINT_OPENED if turn == "opened" else Event.COMPLAINT_CLOSED
        found = self._events(program, kind, suffix=f":{turn}")
        if turn == "opened" and found.earlier.any():
            complaints = self.state.profiles["open_complaints"].array.take(found.where)
            still = complaints.to_numpy(dtype="int64", na_value=0) > 0
            found = found.take(np.flatnonzero(still | ~found.earlier))
        return found

    def by_nps(self, program: Program) -> Found:
        """Scores that arrived."""
        return self._events(program, Event.NPS)

    def by_manual(self, program: Program) -> Found:
        """Those put in by hand, even before the journey was live: nobody does that by mistake."""
        at = self.events.of(Event.MANUAL)
        at = at[self.events.column("journey", at) == program.name]
        found = self._happened(program, at[self.events.moments(at) >= self._oldest])
        return Found(found.where, found.key, found.anchor, np.zeros(len(found), dtype=bool))

    def by_schedule(self, program: Program) -> Found:
        """Everybody, on the days of a schedule; a day nobody ran is caught up with."""
        enter = program.journey.enter
        falls = last_occurrence(str(enter.every), enter.day, self.today, enter.month)
        previous = self.state.previous_run
        missed = previous is not None and local_day(previous, self.zone) < falls
        caught = missed and self.today - falls <= _CATCH_UP
        if falls < self._started(program) or not (falls == self.today or caught):
            return self._all_at(_none, falls)
        return self._all_at(np.arange(len(self.state.profiles)), falls)

    def regions(self, where: np.ndarray) -> Any:
        """The region whose public holidays count for the customers at these places."""
        region = self.state.profiles.get("region")
        return None if region is None else region.array.take(where)

    @cached_property
    def _orders(self) -> tuple[Moments, np.ndarray]:
        orders, profiles = self.state.orders, self.state.profiles
        where = profiles.index.get_indexer(pd.Index(orders["customer_id"]))
        return plain(orders["ordered_at"]), where

    @cached_property
    def _phases(self) -> tuple[np.ndarray, np.ndarray]:
        profiles = self.state.profiles
        names = ("phase", "phase_before")
        now, before = (profiles[n].to_numpy(dtype=object, na_value="") for n in names)
        return now, before

    @property
    def _oldest(self) -> np.datetime64:
        return moment(self._as_of - self._late)

    def _started(self, program: Program) -> date:
        return local_day(self.specs.started.get(program.name, self._as_of), self.zone)

    def _backfills(self, program: Program) -> bool:
        return self.specs.backfill.get(program.name, 0) > 0

    def since(self, program: Program) -> np.datetime64:
        """From when on events count: the day the journey was started, or late data before it."""
        if self._backfills(program):
            started = self.specs.started.get(program.name, self._as_of)
            return min(moment(started - self._late), self._oldest)
        return max(day_begins(self._started(program), self.zone), self._oldest)

    def _first_day(self, program: Program) -> np.datetime64:
        previous = self.state.previous_run
        first = self.today
        if previous is not None:
            first = min(local_day(previous, self.zone) + timedelta(days=1), self.today)
        first = max(first, self._started(program), self.today - self._late)
        return np.datetime64(first, "D")

    def _of(
        self,
        program: Program,
        where: np.ndarray,
        keys: np.ndarray,
        at: Moments,
        order: np.ndarray | None = None,
    ) -> Found:
        earlier = at < day_begins(self._started(program), self.zone)
        return Found(where, keys, at, earlier, order)

    def _all_at(self, where: np.ndarray, day: date) -> Found:
        keys = np.full(len(where), day.isoformat(), dtype=object)
        begins = np.full(len(where), day_begins(day, self.zone))
        return Found(where, keys, begins, np.zeros(len(where), dtype=bool))

    def _changed(self, program: Program, where: np.ndarray, standing: np.ndarray) -> Found:
        """Those for whom something changed today, and with a backfill those it is so for."""
        standing = np.setdiff1d(standing, where) if self._backfills(program) else _none
        both = np.concatenate([where, standing])
        keys = np.full(len(both), self.today.isoformat(), dtype=object)
        at = np.full(len(both), self.now)
        return Found(both, keys, at, np.arange(len(both)) >= len(where))

    def _events(self, program: Program, kind: Event, suffix: str = "") -> Found:
        at = self.events.of(kind)
        return self._happened(program, at[self.events.moments(at) >= self.since(program)], suffix)

    def _happened(self, program: Program, at: np.ndarray, suffix: str = "") -> Found:
        customers = self.events.column("customer_id", at)
        where = self.state.profiles.index.get_indexer(pd.Index(customers))
        at, where = at[where >= 0], where[where >= 0]
        keys = self.events.column("key", at).astype(object) + suffix
        found = self._of(program, where, keys, self.events.moments(at))
        return replace(found, score=self.events.column("score", at))

    def _shifted(
        self,
        enter: Enter,
        where: np.ndarray,
        days: np.ndarray,
        first: np.datetime64,
        last: np.datetime64,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Those whose day falls between the two, offset and all: where, day, and when it falls."""
        span, sign = enter.shift
        falls = days
        if span.count:
            calendar = self.specs.calendar
            moved = calendar.later(calendar.begins(days), span, self.regions(where), sign)
            falls = calendar.days(moved)
        now = (falls >= first) & (falls <= last)
        return where[now], days[now], falls[now]

    def _years(self, enter: Enter, first: np.datetime64, last: np.datetime64) -> np.ndarray:
        """The years whose day, offset and all, may fall between the two."""
        span, sign = enter.shift
        far = int(span.days * 1.5) + 10
        ahead, back = (far, 0) if sign < 0 else (0, far)
        begin, end = (first - back * _DAY).astype("M8[Y]"), (last + ahead * _DAY).astype("M8[Y]")
        return np.arange(begin, end + 1)


_none = np.zeros(0, dtype="int64")

_TRIGGERS: dict[Trigger, Callable[[Occasions, Program], Found]] = {
    Trigger.ORDER: Occasions.by_order,
    Trigger.PHASE: Occasions.by_phase,
    Trigger.SEGMENT: Occasions.by_segment,
    Trigger.DATE: Occasions.by_date,
    Trigger.COMPLAINT: Occasions.by_complaint,
    Trigger.NPS: Occasions.by_nps,
    Trigger.SCHEDULE: Occasions.by_schedule,
    Trigger.MANUAL: Occasions.by_manual,
}


def _in_year(days: np.ndarray, year: np.datetime64) -> np.ndarray:
    """The same day of that year, or the last of its month where there is none."""
    months = days.astype("M8[M]")
    wanted = year.astype("M8[M]") + (months - days.astype("M8[Y]").astype("M8[M]"))
    last = (wanted + 1).astype("M8[D]") - _DAY
    found: np.ndarray = np.minimum(wanted.astype("M8[D]") + (days - months.astype("M8[D]")), last)
    return found


def _names_any(column: pd.Series, names: list[str]) -> np.ndarray:
    """Rows whose lines name one of these. Few texts are many rows', so each is read once."""
    wanted = set(names)
    codes, texts = pd.factorize(column)
    known = [bool(wanted.intersection(str(text).split("\n"))) for text in texts]
    found: np.ndarray = np.array([*known, False], dtype=bool)[codes]
    return found

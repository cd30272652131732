"""Who enters a journey: trigger, rule, re-entry, backfill, and the arm of the comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from segments.frames import ORDER
from segments.journey.holdout import arms
from segments.journey.moments import day_begins, plain, zoned
from segments.journey.nodes import Program
from segments.journey.occasions import Found, Occasions
from segments.journey.permission import objecting
from segments.journey.standing import DTYPES, Facts, empty_standing
from segments.names import EnrollmentStatus, Purpose, Trigger
from segments.state import Specs, State


@dataclass(frozen=True)
class Entries:
    """Who enters today. `program` are places in `programs`, `backfilled` counts by journey."""

    programs: list[Program]
    program: np.ndarray
    rows: pd.DataFrame
    backfilled: Mapping[str, int]


def entries(state: State, specs: Specs, occasions: Occasions) -> Entries:
    """New enrollments of all journeys, standing at the first node: rows with columns `DTYPES`.

    An event starts an enrollment once: its key stays known. What lies before the journey was
    started, or further back than `late_data`, starts nobody, but for those a backfill lets in:
    the lowest customer numbers first. Customers who object in every person they have enter no
    advertising, and so belong to no comparison of it.
    """
    past = Past(state, occasions)
    against = np.isin(state.profiles["customer_id"].to_numpy(), objecting(state.contacts))
    programs = sorted(specs.programs, key=lambda program: program.name)
    parts: list[tuple[int, Found]] = []
    backfilled: dict[str, int] = {}
    for number, program in enumerate(programs):
        found = occasions.found(program)
        if program.journey.purpose == Purpose.ADVERTISING:
            found = found.take(np.flatnonzero(~against[found.where]))
        found = past.not_again(program, wanted(program, found, state))
        found = _backfill(found, specs.backfill.get(program.name, 0))
        if count := int(found.earlier.sum()):
            backfilled[program.name] = count
        if len(found):
            parts.append((number, found))
    numbers = np.repeat([number for number, _ in parts], [len(found) for _, found in parts])
    rows = _rows(programs, parts, state, specs, occasions.now)
    return Entries(programs, numbers.astype("int64"), rows, backfilled)


def segments_entered_by(program: Program) -> str | None:
    """The segment whose members this journey watches."""
    return program.journey.enter.segment


def wanted(program: Program, found: Found, state: State) -> Found:
    """Those whom the journey's rule lets in, and who would not have to leave at once."""
    if not len(found):
        return found
    own, stays = {}, np.ones(len(found), dtype=bool)
    if found.order is not None:
        own = {name: state.orders[name].array.take(found.order) for name in ORDER}
        stays = ~own["order_returned"].to_numpy(dtype=bool, na_value=False)
    everybody = len(found) == len(state.profiles) and (np.diff(found.where) == 1).all()
    facts = Facts(state.profiles, None if everybody else found.where, own)
    if program.enter_when is not None:
        stays &= _at_that_moment(facts, found, program).holds(program.enter_when)
    at = np.flatnonzero(stays)
    if program.exit_when is not None:
        at = at[~facts.holds(program.exit_when, at)]
    return found if len(at) == len(found) else found.take(at)


def _at_that_moment(facts: Facts, found: Found, program: Program) -> Facts:
    """A rule about a score is about the one that starts it, whatever was given since."""
    if program.journey.enter.on != Trigger.NPS or found.score is None:
        return facts
    latest = facts.frame(["last_nps"])["last_nps"]
    given = pd.Series(found.score, dtype=latest.dtype)
    return Facts(facts.profiles, facts.where, {"last_nps": given.fillna(latest).array})


class Past:
    """Who has been in which journey, in any of its versions."""

    def __init__(self, state: State, occasions: Occasions) -> None:
        self._past = state.past
        self._occasions = occasions
        self._profiles = state.profiles
        codes, names = pd.factorize(state.past["journey"])
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(len(names) + 1))
        self._places = {
            str(name): order[ends[number] : ends[number + 1]] for number, name in enumerate(names)
        }

    def not_again(self, program: Program, found: Found) -> Found:
        """Those who may enter: not for what they entered for before, nor before their time.

        `never` and a span let a customer in once at a time; an order or an event of its own may
        start several enrollments of one journey at once.
        """
        if not len(found):
            return found
        again = program.journey.enter.reentry
        places = self._places.get(program.name, np.zeros(0, dtype="int64"))
        inside = np.zeros(len(self._profiles), dtype=bool)
        inside[found.where] = True
        theirs = self._where[places]
        places = places[(theirs >= 0) & inside[theirs]]
        keys, _ = pd.factorize(found.key, sort=True)
        order = np.lexsort((keys, found.anchor, found.earlier, found.where))
        found = found.take(order)
        if again.mode in ("never", "after"):
            busy = np.zeros(len(self._profiles), dtype=bool)
            busy[self._where[places[self._still_out(program, places)]]] = True
            found = found.take(np.flatnonzero(~busy[found.where]))
        found = found.take(np.flatnonzero(~self._known(found, places)))
        if again.mode in ("never", "after"):
            first = np.diff(found.where, prepend=-1) != 0
            found = found.take(np.flatnonzero(first))
        return found

    def _still_out(self, program: Program, places: np.ndarray) -> np.ndarray:
        """Which of these bar their customer from coming back."""
        span = program.journey.enter.reentry.span
        if span is None:
            return np.ones(len(places), dtype=bool)
        # Whoever left only today was still in it when the day began: a second run must not let
        # them in where the first did not.
        occasions = self._occasions
        begin = day_begins(occasions.today, occasions.zone)
        left, entered = self._left[places], self._entered[places]
        regions = occasions.regions(self._where[places])
        waits = occasions.specs.calendar.later(entered, span, regions) > occasions.now
        barred: np.ndarray = np.isnat(left) | (left >= begin) | waits
        return barred

    def _known(self, found: Found, places: np.ndarray) -> np.ndarray:
        """Which have entered for this very reason before, or stand twice."""
        keys = self._past["entry_key"].array.take(places).to_numpy(dtype=object)
        codes, names = pd.factorize(np.concatenate([keys, found.key]))
        who = np.concatenate([self._where[places], found.where])
        known = pd.Series(who * (len(names) + 1) + codes).duplicated().to_numpy()
        repeated: np.ndarray = known[len(places) :]
        return repeated

    @cached_property
    def _where(self) -> np.ndarray:
        return self._profiles.index.get_indexer(pd.Index(self._past["customer_id"]))

    @cached_property
    def _left(self) -> np.ndarray:
        return plain(self._past["left_at"])

    @cached_property
    def _entered(self) -> np.ndarray:
        return plain(self._past["entered_at"])


def _backfill(found: Found, remaining: int) -> Found:
    """Of those from before the journey as many as there is room for."""
    earlier = np.flatnonzero(found.earlier)
    if len(earlier) <= remaining:
        return found
    order = np.argsort(found.where[earlier], kind="stable")
    stays = ~found.earlier
    stays[earlier[order[:remaining]]] = True
    return found.take(np.flatnonzero(stays))


def _rows(
    programs: list[Program],
    parts: list[tuple[int, Found]],
    state: State,
    specs: Specs,
    now: np.datetime64,
) -> pd.DataFrame:
    if not parts:
        return empty_standing()
    counts = [len(found) for _, found in parts]
    chosen = [programs[number] for number, _ in parts]
    where = np.concatenate([found.where for _, found in parts])
    many = len(where)
    order = np.concatenate([np.full(len(f), -1) if f.order is None else f.order for _, f in parts])
    customers = state.profiles["customer_key"].array
    arm = [
        arms(customers.take(found.where), program.journey, specs.policy)
        for program, (_, found) in zip(chosen, parts, strict=True)
    ]
    anchor = zoned(np.concatenate([found.anchor for _, found in parts])).array

    def each(values: list[str]) -> np.ndarray:
        return np.repeat(np.array(values, dtype=object), counts)

    given = {
        "customer_id": state.profiles["customer_id"].to_numpy()[where],
        "journey": each([program.name for program in chosen]),
        "version": each([program.version for program in chosen]),
        "entry_key": np.concatenate([found.key for _, found in parts]),
        "arm": np.concatenate(arm),
        "status": np.full(many, EnrollmentStatus.ACTIVE.value, dtype=object),
        "node": each([program.nodes[0].id for program in chosen]),
        "arrived_at": anchor,
        "due_at": anchor,
        "anchor_at": anchor,
        "entered_at": zoned(np.full(many, now)).array,
        "flags": np.full(many, "", dtype=object),
    }
    from_order = {
        name: state.orders[name].array.take(order, allow_fill=True)
        for name in ("purchase_id", "contact_id", *ORDER)
        if len(state.orders)
    }
    columns = {}
    for name, dtype in DTYPES.items():
        nothing = pd.Series(dtype=dtype).array
        value = given.get(name, from_order.get(name))
        if value is None:
            columns[name] = nothing.take(np.full(many, -1), allow_fill=True)
        elif isinstance(value, np.ndarray) and value.dtype == object:
            columns[name] = pd.array(value, dtype="str")
        else:
            columns[name] = value
    return pd.DataFrame(columns, copy=False)

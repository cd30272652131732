"""Enrollments as arrays, with the facts rules need about the customers behind them."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from segments.frames import ORDER, PROFILE
from segments.journey.flags import Flags
from segments.journey.moments import plain, zoned
from segments.journey.nodes import KINDS, NodeKind, Program
from segments.names import EnrollmentStatus, LeaveReason
from segments.rules import Rule

_MOMENT = "datetime64[us, UTC]"
DTYPES: dict[str, str] = {
    "enrollment_id": "Int64",
    "customer_id": "int64",
    "journey": "str",
    "version": "str",
    "entry_key": "str",
    "arm": "str",
    "status": "str",
    "reason": "str",
    "node": "str",
    "arrived_at": _MOMENT,
    "due_at": _MOMENT,
    "anchor_at": _MOMENT,
    "entered_at": _MOMENT,
    "left_at": _MOMENT,
    "first_touch_at": _MOMENT,
    "goal_at": _MOMENT,
    "next_order_at": _MOMENT,
    "marked_at": _MOMENT,
    "flags": "str",
    "purchase_id": "Int64",
    "contact_id": "Int64",
    "order_value": "Int64",
    "order_category": "str",
    "order_discounted": "boolean",
    "order_returned": "boolean",
}
"""Columns of a frame of enrollments; see `segments.state.State`."""

ACTIVE, FINISHED, EXITED = range(3)
"""`Standing.status`: places in `_STATUS`."""

_STATUS = [EnrollmentStatus.ACTIVE, EnrollmentStatus.FINISHED, EnrollmentStatus.EXITED]
_REASONS = list(LeaveReason)
_MOVING = {
    "arrived_at": "arrived",
    "due_at": "due",
    "left_at": "left",
    "first_touch_at": "first_touch",
    "goal_at": "goal",
    "marked_at": "marked",
}


def empty_standing() -> pd.DataFrame:
    """No enrollments, with all columns."""
    return _nobody().copy(deep=False)


class Facts:
    """What rules may ask about rows: columns of their own, flags, else the customer's profile.

    `where` are the places of the customers in the profiles; None means everybody in order. Where
    there are no flags yet, none is set.
    """

    def __init__(
        self,
        profiles: pd.DataFrame,
        where: np.ndarray | None,
        own: Mapping[str, Any] | None = None,
        flags: Flags | None = None,
    ) -> None:
        self.profiles = profiles
        self.where = where
        self.own = own or {}
        self.flags = flags

    def __len__(self) -> int:
        return len(self.profiles) if self.where is None else len(self.where)

    def frame(self, columns: Iterable[str], at: np.ndarray | None = None) -> pd.DataFrame:
        """These columns for all rows, or for the rows at these places."""
        count = len(self) if at is None else len(at)
        found = {name: self._column(name, at) for name in columns}
        return pd.DataFrame(found, index=range(count), copy=False)

    def holds(self, rule: Rule | None, at: np.ndarray | None = None) -> np.ndarray:
        """Whether the rule surely holds, row by row; no rule holds for nobody."""
        count = len(self) if at is None else len(at)
        if rule is None or not count:
            return np.zeros(count, dtype=bool)
        return rule.applies(self.frame(sorted(rule.columns), at))

    def places(self, at: np.ndarray) -> np.ndarray:
        """Where the customers of these rows are in the profiles."""
        return at if self.where is None else self.where[at]

    def _column(self, name: str, at: np.ndarray | None) -> Any:
        if name in ORDER or name in self.own:
            own = self.own[name]
            return own if at is None else own.take(at)
        if name not in PROFILE:
            if self.flags is None:
                return np.zeros(len(self) if at is None else len(at), dtype=bool)
            return self.flags.has(name, at)
        column = self.profiles[name].array
        if self.where is None:
            return column if at is None else column.take(at)
        return column.take(self.where if at is None else self.where[at])


class Standing:
    """Enrollments of all programs, one place a row; its number is the `ref` of a plan.

    `program` are places in `programs`, -1 where a journey rests or a version is not known any
    more; `position` are places of nodes. Moments are plain arrays (UTC), changed in place.
    """

    def __init__(
        self,
        programs: Sequence[Program],
        program: np.ndarray,
        rows: pd.DataFrame,
        profiles: pd.DataFrame,
    ) -> None:
        self.programs = list(programs)
        self.rows = rows
        self.where = profiles.index.get_indexer(pd.Index(rows["customer_id"]))
        known = (program >= 0) & (self.where >= 0)
        self.program = np.where(known, program, -1)
        self.position = _positions(self.programs, self.program, rows["node"])
        self.program[self.position < 0] = -1
        self.status = _coded(rows["status"], _STATUS)
        self.reason = _coded(rows["reason"], _REASONS)
        self.arrived, self.due, self.left, self.first_touch, self.goal, self.marked = (
            plain(rows[name]) for name in _MOVING
        )
        self.anchor = plain(rows["anchor_at"])
        self.customer = rows["customer_id"].to_numpy()
        self.flags = Flags(rows["flags"])
        own = {name: rows[name].array for name in ORDER}
        self.facts = Facts(profiles, self.where, own, self.flags)
        self.moved_version = np.zeros(len(rows), dtype=bool)
        self._was = [each.copy() for each in self._changing()]
        kinds = [
            np.array([KINDS.index(node.kind) for node in each.nodes], dtype="int8")
            for each in self.programs
        ]
        self._first = np.cumsum([0, *(len(each) for each in kinds)])
        self._kinds = np.concatenate(kinds) if kinds else np.zeros(0, dtype="int8")

    def __len__(self) -> int:
        return len(self.rows)

    def active(self) -> np.ndarray:
        """Places of those under way in a program."""
        return np.flatnonzero((self.status == ACTIVE) & (self.program >= 0))

    def stop(self, at: np.ndarray) -> np.ndarray:
        """The stop each of these stands at: a number over all programs, rising along each."""
        stops: np.ndarray = self._first[self.program[at]] + self.position[at]
        return stops

    def at_kind(self, at: np.ndarray, kind: NodeKind) -> np.ndarray:
        """Which of these stand at a node of that kind."""
        found: np.ndarray = self._kinds[self.stop(at)] == KINDS.index(kind)
        return found

    def place(self, stop: int) -> tuple[Program, int]:
        """The program and the place in it that a stop stands for."""
        number = int(np.searchsorted(self._first, stop, side="right")) - 1
        return self.programs[number], stop - int(self._first[number])

    def leave(self, at: np.ndarray, status: int, reason: LeaveReason, now: np.datetime64) -> None:
        """These are no longer under way."""
        self.status[at] = status
        self.reason[at] = _REASONS.index(reason)
        self.left[at] = now

    def regions(self, at: np.ndarray) -> np.ndarray | None:
        """The region whose public holidays count for each of these."""
        if "region" not in self.facts.profiles:
            return None
        regions = self.facts.profiles["region"].array.take(self.where[at])
        found: np.ndarray = regions.to_numpy(dtype=object)
        return found

    def changed(self) -> np.ndarray:
        """Places of those who are new, or for whom anything is different now."""
        differs = self.rows["enrollment_id"].isna().to_numpy() | self.moved_version
        for was, now in zip(self._was, self._changing(), strict=True):
            differs |= was.view("i8") != now.view("i8")
        return np.flatnonzero(differs)

    def frame(self, at: np.ndarray, names: Iterable[str] = DTYPES) -> pd.DataFrame:
        """The rows at these places as they are now; the index is their `ref`."""
        columns = {name: self._column(name, at) for name in names}
        return pd.DataFrame(columns, index=pd.Index(at), copy=False)

    def copy(self) -> "Standing":
        """The same enrollments, to be moved without moving these."""
        other = copy(self)
        other.flags = copy(self.flags)
        other.flags.codes = self.flags.codes.copy()
        other.facts = Facts(self.facts.profiles, self.where, self.facts.own, other.flags)
        for name in ("program", "position", "status", "reason", *_MOVING.values()):
            setattr(other, name, getattr(self, name).copy())
        return other

    def by_program(self, at: np.ndarray) -> list[tuple[Program, pd.DataFrame]]:
        """Those at these places as frames, one for each program that has any."""
        if not len(at):
            return []
        order = at[np.argsort(self.program[at], kind="stable")]
        numbers, starts = np.unique(self.program[order], return_index=True)
        rows = self.frame(order)
        ends = [*starts[1:], len(order)]
        return [
            (self.programs[number], rows.iloc[start:end])
            for number, start, end in zip(numbers, starts, ends, strict=True)
        ]

    def _changing(self) -> list[np.ndarray]:
        codes = (self.status, self.reason, self.position, self.flags.codes)
        return [*codes, self.arrived, self.due, self.first_touch, self.goal, self.marked]

    def _column(self, name: str, at: np.ndarray) -> Any:
        if name in _MOVING:
            return zoned(getattr(self, _MOVING[name])[at]).array
        match name:
            case "version":
                return self._versions(at)
            case "status":
                return pd.array(_STATUS, dtype="str").take(self.status[at])
            case "reason":
                return pd.array(_REASONS, dtype="str").take(self.reason[at], allow_fill=True)
            case "node":
                return self._nodes(at)
            case "flags":
                return self.flags.texts(at)
        return self.rows[name].array.take(at)

    def _versions(self, at: np.ndarray) -> Any:
        versions = self.rows["version"].array.take(at)
        if self.moved_version[at].any():
            moved = self.moved_version[at]
            programs = self.program[at][moved]
            versions[moved] = pd.array([p.version for p in self.programs], dtype="str").take(
                programs
            )
        return versions

    def _nodes(self, at: np.ndarray) -> Any:
        """Names of the nodes; where no program is known the node stays what it was."""
        nodes = self.rows["node"].array.take(at)
        moves = np.flatnonzero(self.program[at] >= 0)
        codes, stops = pd.factorize(self.stop(at[moves]))
        names = []
        for stop in stops:
            program, place = self.place(int(stop))
            names.append(program.nodes[place].id)
        known = pd.array(names, dtype="str").take(codes)
        if len(moves) == len(at):
            return known
        nodes[moves] = known
        return nodes


@cache
def _nobody() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in DTYPES.items()})


def standing_of(parts: Sequence[tuple[Program, pd.DataFrame]], profiles: pd.DataFrame) -> Standing:
    """The rows of several programs as one; the index of the frames is lost."""
    rows = pd.concat([rows for _, rows in parts], ignore_index=True) if parts else empty_standing()
    program = np.repeat(np.arange(len(parts)), [len(rows) for _, rows in parts])
    return Standing([program for program, _ in parts], program, rows, profiles)


def _positions(programs: list[Program], program: np.ndarray, nodes: pd.Series) -> np.ndarray:
    codes, names = pd.factorize(nodes)
    pairs, each = pd.factorize(program * (len(names) + 1) + codes)
    found = np.full(len(each), -1, dtype="int64")
    for place, pair in enumerate(each):
        number, code = divmod(int(pair), len(names) + 1)
        if number >= 0 and code < len(names):
            found[place] = programs[number].positions.get(str(names[code]), -1)
    return np.where(program >= 0, found[pairs], -1)


def _coded(column: pd.Series, words: Sequence[str]) -> np.ndarray:
    codes, found = pd.factorize(column)
    numbers = np.array([*(list(words).index(word) for word in found), -1], dtype="int64")
    return numbers[codes]

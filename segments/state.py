"""What deciding starts from and what it ends in: frames, described column by column."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import pandas as pd

from segments.journey.budgets import Budget
from segments.journey.calendar import Calendar, Region
from segments.journey.nodes import Program
from segments.policy import Policy
from segments.rules import Rule

_MOMENT = "datetime64[us, UTC]"
FRAMES: dict[str, dict[str, str]] = {
    "touches": {
        "customer_id": "int64",
        "at": _MOMENT,
        "purpose": "str",
        "journey": "str",
        "enrollment_id": "Int64",
        "node": "str",
    },
    "sent": {"enrollment_id": "int64", "node": "str", "contact_id": "int64"},
    "events": {
        "kind": "str",
        "customer_id": "int64",
        "key": "str",
        "at": _MOMENT,
        "enrollment_id": "Int64",
        "purchase_id": "Int64",
        "journey": "str",
        "score": "Int64",
    },
    "grounds": {"contact_id": "int64", "category": "str"},
}
"""Columns of the frames of a `State` that may be empty."""


def empty(name: str) -> pd.DataFrame:
    """One of `FRAMES` without rows."""
    return pd.DataFrame({name: pd.Series(dtype=dtype) for name, dtype in FRAMES[name].items()})


@dataclass(frozen=True)
class Specs:
    """Everything marketing has written, checked and compiled.

    `programs` are the current versions of journeys that are live or in shadow; `earlier` holds
    the versions that enrollments under way are pinned to; `started` says since when each journey
    has been running: what happened before starts nobody, but for as many as `backfill` lets in.
    """

    policy: Policy
    programs: tuple[Program, ...]
    segments: Mapping[str, Rule] = field(default_factory=dict)
    earlier: Mapping[tuple[str, str], Program] = field(default_factory=dict)
    started: Mapping[str, datetime] = field(default_factory=dict)
    backfill: Mapping[str, int] = field(default_factory=dict)
    regions: Mapping[str, Region] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()

    @cached_property
    def calendar(self) -> Calendar:
        """The house's rules of time with everybody's public holidays."""
        return Calendar(self.policy, self.regions)

    def program(self, journey: str, version: str) -> Program | None:
        """The program an enrollment is pinned to, if its journey still runs."""
        return self._current.get((journey, version)) or self.earlier.get((journey, version))

    @cached_property
    def _current(self) -> dict[tuple[str, str], Program]:
        return {(program.name, program.version): program for program in self.programs}


@dataclass(frozen=True)
class State:
    """The customers of one shard as of `now`.

    profiles     customer_id, customer_key, all columns of `frames.PROFILE`, phase_before,
                 quadrant_before, region (for public holidays)
    contacts     contact_id, customer_id, role, has_address, objected, suppressed; and for
                 advertising and survey each: suppressed_, consent_ (confirmed), unconfirmed_,
                 used_ (when the consent was used last); where there is anybody:
                 suppressed_service, suppressed_legal, and rests_until of who asked for less
    orders       sales of the last days: customer_id, purchase_id, contact_id, order_key,
                 ordered_at, the columns of `frames.ORDER`, categories and products of the lines,
                 each on a line of its own
    enrollments  under way, or finished with their goal still open: enrollment_id, customer_id,
                 journey, version, entry_key, arm, status, reason, node, arrived_at, due_at,
                 anchor_at, entered_at, left_at, first_touch_at, goal_at, purchase_id, contact_id,
                 next_order_at (first order after the anchor), the columns of `frames.ORDER`
    past         who was in which journey: customer_id, journey, entry_key, entered_at, left_at
    deferred     sends waiting for a better moment: send_id, enrollment_id, node, contact_id, and
                 outranked_by, the journey that went before
    touches      what took the customers' attention lately, ghosts included: see `FRAMES`; purpose,
                 journey and node are empty for what a colleague did
    sent         messages that enrollments already got, for those that begin anew: see `FRAMES`
    events       what happened around customers: see `FRAMES`; `key` tells two of a kind apart,
                 `journey` belongs to those put in by hand
    grounds      what lets existing customers be written to without consent: see `FRAMES`
    members      of segments that start journeys, as of the last run: segment, customer_id
    filled       names of segments whose members were noted before
    previous_run when the last plan was made; None at the first
    """

    profiles: pd.DataFrame
    contacts: pd.DataFrame
    orders: pd.DataFrame
    enrollments: pd.DataFrame
    past: pd.DataFrame
    deferred: pd.DataFrame
    members: pd.DataFrame
    touches: pd.DataFrame = field(default_factory=lambda: empty("touches"))
    sent: pd.DataFrame = field(default_factory=lambda: empty("sent"))
    events: pd.DataFrame = field(default_factory=lambda: empty("events"))
    grounds: pd.DataFrame = field(default_factory=lambda: empty("grounds"))
    filled: frozenset[str] = frozenset()
    previous_run: datetime | None = None


@dataclass(frozen=True)
class Plan:
    """What to write.

    enrollments  entered or changed: the columns of `State.enrollments`, enrollment_id missing for
                 those who enter, plus `ref`, a number for each row of this frame
    sends        one row a candidate: ref, send_id (of a deferred one), customer_id, contact_id,
                 journey, version, node, message, purpose, basis, priority, outcome, reason,
                 outranked_by, why, review, due_at, not_before, valid_until
    tasks        ref, customer_id, node, kind, about, assignee, fallback, due_at, escalate_at
    phases       customers whose phase or value field changed: customer_id, phase_before, phase,
                 quadrant_before, quadrant
    joined, left members that came into or fell out of a segment: segment, customer_id
    backfilled   how many a journey took in of those who met its trigger before it was there
    """

    enrollments: pd.DataFrame
    sends: pd.DataFrame
    tasks: pd.DataFrame
    phases: pd.DataFrame
    joined: pd.DataFrame
    left: pd.DataFrame
    backfilled: Mapping[str, int] = field(default_factory=dict)


def changed_phase(phases: pd.DataFrame) -> pd.Series:
    """Which rows of `Plan.phases` are a change of phase; being seen for the first time is none."""
    before = phases["phase_before"]
    changed: pd.Series = before.notna() & (phases["phase"] != before.fillna(""))
    return changed.astype(bool)


def changed_quadrant(phases: pd.DataFrame) -> pd.Series:
    """Which rows of `Plan.phases` are a move in the matrix; being seen for the first time is none.

    Whoever was seen before without a field, as a prospect is, and now stands in one, has moved.
    """
    before, after = phases["quadrant_before"].fillna(""), phases["quadrant"].fillna("")
    changed: pd.Series = phases["phase_before"].notna() & (before != after)
    return changed.astype(bool)

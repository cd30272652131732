"""Every gate of every journey for one customer, with the values that decide.

The gates are those of `decide` itself, which is run for the customer and watched; what is said of
entering asks the very functions that let customers in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from segments.admission import Line, admission
from segments.decide import decide
from segments.journey.ahead import arrivals
from segments.journey.gate import Gate
from segments.journey.gathering import Candidates
from segments.journey.happenings import Happenings
from segments.journey.moments import moment
from segments.journey.nodes import Program
from segments.journey.occasions import Occasions
from segments.names import EnrollmentStatus
from segments.state import Plan, Specs, State


@dataclass(frozen=True)
class Message:
    """A message that stands at the gates now: each of them, and what becomes of it."""

    message: str
    node: str
    contact_id: int | None
    outcome: str
    reason: str | None
    why: str | None
    gates: list[Line]


@dataclass(frozen=True)
class Standing:
    """An enrollment under way: where a run now would bring it, and its next message after that."""

    entry_key: str
    version: str
    arm: str
    entered_at: datetime
    node: str
    due_at: datetime | None
    flags: str
    messages: list[Message]
    next_message: str | None
    next_at: datetime | None


@dataclass(frozen=True)
class Account:
    """One journey for one customer. `enters` and `leaves` tell what a run now would do."""

    journey: str
    title: str
    status: str
    purpose: str
    gates: list[Line]
    enters: bool
    standings: list[Standing] = field(default_factory=list)
    leaves: list[str] = field(default_factory=list)


def explain(
    state: State, specs: Specs, programs: Sequence[Program], now: datetime, horizon: datetime
) -> list[Account]:
    """The account of every journey in `programs` for the one customer of `state`, by name.

    `programs` may hold journeys that do not run. Messages to come are looked for up to `horizon`.
    """
    watched: list[tuple[Candidates, list[Gate]]] = []
    plan = decide(state, specs, now, watch=lambda found, gates: watched.append((found, gates)))
    by_id = state.profiles.set_index("customer_id", drop=False).rename_axis(None)
    state = replace(state, profiles=by_id)
    occasions = Occasions(state, specs, now, Happenings(state.events, moment(now)))
    after = _after(state, plan)
    ahead = _ahead(after, state, specs, now, horizon)
    messages = _messages(plan, watched)
    return [
        _account(program, state, occasions, after, messages, ahead)
        for program in sorted(programs, key=lambda each: each.name)
    ]


def _account(
    program: Program,
    state: State,
    occasions: Occasions,
    after: pd.DataFrame,
    messages: Mapping[int, list[Message]],
    ahead: pd.DataFrame,
) -> Account:
    own = after[after["journey"] == program.name]
    active = own[own["status"] == EnrollmentStatus.ACTIVE.value]
    gone = own[(own["status"] != EnrollmentStatus.ACTIVE.value) & own["changed"]]
    journey = program.journey
    return Account(
        program.name,
        journey.title,
        journey.status.value,
        journey.purpose.value,
        admission(program, state, occasions),
        enters=bool(own["enters"].any()),
        standings=[
            _standing(number, row, messages, ahead)
            for number, row in zip(active.index, active.to_dict("records"), strict=True)
        ],
        leaves=[f"{row['entry_key']}: {row['reason']}" for row in gone.to_dict("records")],
    )


def _after(state: State, plan: Plan) -> pd.DataFrame:
    """Enrollments by ref as a run now would leave them; `enters` and `changed` tell what is new."""
    before = state.enrollments.reset_index(drop=True)
    after = plan.enrollments.set_index("ref")
    kept = before[~before.index.isin(after.index)]
    parts = [part for part in (kept, after) if len(part)]
    if not parts:
        return before.assign(enters=False, changed=False)
    both = pd.concat(parts).sort_index()
    return both.assign(enters=both["enrollment_id"].isna(), changed=both.index.isin(after.index))


def _ahead(
    after: pd.DataFrame, state: State, specs: Specs, now: datetime, horizon: datetime
) -> pd.DataFrame:
    active = after[after["status"] == EnrollmentStatus.ACTIVE.value]
    standing = []
    for (journey, version), rows in active.groupby(["journey", "version"], sort=True):
        program = specs.program(str(journey), str(version))
        if program is not None:
            standing.append((program, rows))
    return arrivals(standing, state, specs, now, horizon)


def _messages(
    plan: Plan, watched: Sequence[tuple[Candidates, list[Gate]]]
) -> dict[int, list[Message]]:
    """What stood at the gates, by ref of its enrollment."""
    told: dict[int, list[Message]] = {}
    sends = iter(plan.sends.astype(object).where(plan.sends.notna(), None).to_dict("records"))
    for found, gates in watched:
        for row in range(len(found)):
            send = next(sends)
            lines = [
                Line(gate.name, not gate.holds[row], str(gate.why(np.array([row]))[0]))
                for gate in gates
            ]
            message = Message(
                send["message"],
                send["node"],
                send["contact_id"],
                send["outcome"],
                send["reason"],
                send["why"],
                lines,
            )
            told.setdefault(int(send["ref"]), []).append(message)
    return told


def _standing(
    ref: Any, row: Mapping[Any, Any], messages: Mapping[int, list[Message]], ahead: pd.DataFrame
) -> Standing:
    following = ahead[
        (ahead["journey"] == row["journey"]) & (ahead["entry_key"] == row["entry_key"])
    ]
    return Standing(
        str(row["entry_key"]),
        str(row["version"]),
        str(row["arm"]),
        row["entered_at"].to_pydatetime(),
        str(row["node"]),
        row["due_at"].to_pydatetime() if pd.notna(row["due_at"]) else None,
        row["flags"] if isinstance(row["flags"], str) else "",
        messages.get(ref, []),
        str(following["node"].iloc[0]) if len(following) else None,
        following["due_at"].iloc[0].to_pydatetime() if len(following) else None,
    )

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

from segments.decide import decide
from segments.explanation import RuleLine, explain_rule
from segments.frames import ORDER, PROFILE
from segments.journey.ahead import arrivals
from segments.journey.enter import Past, wanted
from segments.journey.gate import Gate
from segments.journey.gathering import Candidates
from segments.journey.happenings import Happenings
from segments.journey.holdout import position
from segments.journey.moments import moment
from segments.journey.nodes import Program
from segments.journey.occasions import Found, Occasions
from segments.journey.permission import objecting
from segments.names import EnrollmentStatus, JourneyStatus, Purpose, Trigger
from segments.rules import Rule
from segments.spec import EXEMPT
from segments.state import Plan, Specs, State

RUNNING = (JourneyStatus.LIVE, JourneyStatus.REVIEW, JourneyStatus.SHADOW)
LATEST = {
    "order_value": "last_order_value",
    "order_category": "last_category",
    "order_returned": "last_order_returned",
}
"""A rule about the order that starts a journey is tried on the latest order where none did."""


@dataclass(frozen=True)
class Line:
    """One gate: whether it is met (None: not known), the values, and the rule's conditions."""

    gate: str
    met: bool | None
    detail: str = ""
    conditions: Sequence[RuleLine] = ()


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
    found = occasions.found(program)
    gates = [*_trigger(program, found, occasions), *_rules(program, found, state)]
    gates += [*_objection(program, state), _again(program, found, state, occasions)]
    gates += _arm(program, state, occasions.specs)
    own = after[after["journey"] == program.name]
    active = own[own["status"] == EnrollmentStatus.ACTIVE.value]
    gone = own[(own["status"] != EnrollmentStatus.ACTIVE.value) & own["changed"]]
    journey = program.journey
    return Account(
        program.name,
        journey.title,
        journey.status.value,
        journey.purpose.value,
        [_status(program), *gates],
        enters=bool(own["enters"].any()),
        standings=[
            _standing(number, row, messages, ahead)
            for number, row in zip(active.index, active.to_dict("records"), strict=True)
        ],
        leaves=[f"{row['entry_key']}: {row['reason']}" for row in gone.to_dict("records")],
    )


def _status(program: Program) -> Line:
    status = program.journey.status
    return Line("status", status in RUNNING, str(status))


def _trigger(program: Program, found: Found, occasions: Occasions) -> list[Line]:
    enter = program.journey.enter
    met = len(found) > 0
    if met:
        known = ", ".join(
            f"{key} of {_day(at, occasions)}"
            for key, at in zip(found.key, found.anchor, strict=True)
        )
        return [Line(f"on {enter.on}", True, known)]
    return [Line(f"on {enter.on}", False, _missed(program, occasions))]


def _missed(program: Program, occasions: Occasions) -> str:
    """What there is instead of what would start the journey."""
    enter = program.journey.enter
    profile = occasions.state.profiles.iloc[0]
    match enter.on:
        case Trigger.PHASE:
            return f"phase is {profile['phase']}, before {_said(profile['phase_before'])}"
        case Trigger.SEGMENT:
            inside = occasions.specs.segments[str(enter.segment)].applies(occasions.state.profiles)
            return f"{'in' if inside[0] else 'not in'} {enter.segment}, as at the last run"
        case Trigger.DATE:
            day = profile[str(enter.date)]
            return f"{enter.date} is {_said(day)}, {enter.offset}"
        case Trigger.SCHEDULE:
            return f"not today: every {enter.every}"
        case Trigger.MANUAL:
            return "not put in by hand"
        case _:
            since = occasions.since(program)
            return f"none since {_day(since, occasions)}"


def _rules(program: Program, found: Found, state: State) -> list[Line]:
    row = _row(program, found, state)
    lines = []
    for name, rule, wanted_so in (
        ("when", program.enter_when, True),
        ("exit_when", program.exit_when, False),
    ):
        if rule is None:
            continue
        conditions = explain_rule(rule, row)
        holds = _holds(rule, row)
        lines.append(Line(name, holds if wanted_so else not holds, rule.text, conditions))
    return lines


def _row(program: Program, found: Found, state: State) -> dict[str, Any]:
    """What the rules see: the order that starts it, else the latest; flags are not set yet."""
    profile = state.profiles.iloc[0]
    row = {name: profile[name] for name in PROFILE}
    row |= {name: profile[column] for name, column in LATEST.items()}
    row["order_discounted"] = None
    if found.order is not None and len(found):
        row |= {name: state.orders[name].iloc[int(found.order[-1])] for name in ORDER}
    unset = {
        name
        for rule in (program.enter_when, program.exit_when)
        if rule is not None
        for name in rule.columns
        if name not in row
    }
    return row | dict.fromkeys(unset, False)


def _holds(rule: Rule, row: Mapping[str, Any]) -> bool:
    """As `decide` sees it: what is not known does not hold."""
    lines = explain_rule(rule, row)
    joined = rule.condition.form
    if joined == "and":
        return all(line.holds for line in lines if not line.depth)
    if joined == "or":
        return any(line.holds for line in lines if not line.depth)
    return bool(lines[0].holds)


def _objection(program: Program, state: State) -> list[Line]:
    if program.journey.purpose != Purpose.ADVERTISING:
        return []
    objects = len(objecting(state.contacts)) > 0
    return [Line("objection", not objects, "everybody objects" if objects else "none")]


def _again(program: Program, found: Found, state: State, occasions: Occasions) -> Line:
    again = program.journey.enter.again
    never = program.journey.enter.reentry.mode == "never"
    past = state.past[state.past["journey"] == program.name]
    told = ", ".join(
        f"{row['entry_key']} from {_day(row['entered_at'], occasions)}"
        f" to {_day(row['left_at'], occasions) if pd.notna(row['left_at']) else 'today'}"
        for row in past.sort_values(["entered_at", "entry_key"]).to_dict("records")
    )
    met: bool | None = True if past.empty else False if never else None
    let_in = wanted(program, found, state)
    if len(let_in):
        met = len(Past(state, occasions).not_again(program, let_in)) > 0
    return Line("again", met, f"{again}; was in it: {told or 'never'}")


def _arm(program: Program, state: State, specs: Specs) -> list[Line]:
    journey, key = program.journey, str(state.profiles["customer_key"].iloc[0])
    lines = []
    if journey.holdout:
        lines.append(_held("holdout", journey.journey, key, journey.holdout))
    everywhere = specs.policy.holdout
    concerned = journey.purpose == Purpose.ADVERTISING and journey.attention_class not in EXEMPT
    if everywhere and concerned:
        lines.append(_held("holdout everywhere", "global holdout", key, everywhere))
    return lines


def _held(gate: str, salt: str, key: str, share: float) -> Line:
    place = float(position(salt, [key])[0])
    said = f"draws {place:.3f}, held out below {share:.3f}"
    return Line(gate, place >= share, said)


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


def _day(at: Any, occasions: Occasions) -> str:
    stamp = pd.Timestamp(at)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
    return f"{stamp.tz_convert(occasions.zone):%Y-%m-%d}"


def _said(value: Any) -> str:
    if pd.isna(value):
        return "not known"
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)

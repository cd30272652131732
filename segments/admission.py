"""Why a customer enters a journey or does not: each condition of entering, with its values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from segments.explanation import RuleLine, explain_rule
from segments.frames import ORDER, PROFILE
from segments.journey.enter import Past, wanted
from segments.journey.holdout import position
from segments.journey.nodes import Program
from segments.journey.occasions import Found, Occasions
from segments.journey.permission import objecting
from segments.names import JourneyStatus, Purpose, Trigger
from segments.rules import Rule
from segments.spec import EXEMPT
from segments.state import Specs, State

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


def admission(program: Program, state: State, occasions: Occasions) -> list[Line]:
    """What the one customer of `state` meets of what a journey asks for, in the order asked."""
    found = occasions.found(program)
    return [
        _status(program),
        *_trigger(program, found, occasions),
        *_rules(program, found, state),
        *_objection(program, state),
        _again(program, found, state, occasions),
        *_arm(program, state, occasions.specs),
    ]


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


def _day(at: Any, occasions: Occasions) -> str:
    stamp = pd.Timestamp(at)
    stamp = stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp
    return f"{stamp.tz_convert(occasions.zone):%Y-%m-%d}"


def _said(value: Any) -> str:
    if pd.isna(value):
        return "not known"
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)

"""What an example expects held against what was decided, in words."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from segments.examples import Example, Expected, Happening
from segments.journey.nodes import Place
from segments.operands import meant
from segments.rehearsal.lives import Acts, Decision, lived
from segments.rehearsal.lot import NoSuchCustomer
from segments.rehearsal.people import Unheard
from segments.rehearsal.story import Whereabouts
from segments.rules import RuleDataError

_ALWAYS = ("send", "ghost", "task")
_TOGETHER = (("held", "dropped"), ("enters",), ("leaves",))
"""Kinds that count where an example names one of them."""

_GROUPS = (("send", "ghost", "held", "dropped"), ("task",), ("enters",), ("leaves",))
"""Kinds of which one may come instead of another."""

_DETAILS = ("because", "outranked_by", "to", "basis", "review", "at", "due", "journey")
_JOURNEYS = ("by_hand", "enters", "journey", "outranked_by")
_SENT = ("reply", "click", "send", "ghost", "held", "dropped")
_SAID = {
    "send": "send {}",
    "ghost": "a ghost of {}",
    "held": "{} held",
    "dropped": "{} dropped",
    "task": "task {}",
    "enters": "enters {}",
    "leaves": "leaves: {}",
}


def faults(example: Example, acts: Acts, whereabouts: Whereabouts) -> list[tuple[Place, str]]:
    """Where the example and the journeys disagree: the place in the example, and what is wrong."""
    if unknown := list(_unknown(example, acts)):
        return unknown
    try:
        decisions = lived(example, acts, whereabouts)
    except Unheard as error:
        return [(("happens", error.number - 1), str(error))]
    except (NoSuchCustomer, RuleDataError) as error:
        return [((), str(error))]
    return compared(example, decisions)


def compared(example: Example, decisions: Sequence[Decision]) -> list[tuple[Place, str]]:
    """Everything expected that did not come, and everything that came unexpectedly."""
    kinds = {each.kind for each in example.expected}
    counted = {*_ALWAYS, *(kind for group in _TOGETHER if kinds & {*group} for kind in group)}
    left = [each for each in decisions if each.kind in counted]
    missed: list[tuple[int, Expected]] = []
    for number, wanted in enumerate(example.expected):
        found = next((each for each in left if _is(each, wanted)), None)
        if found is None:
            missed.append((number, wanted))
        else:
            left.remove(found)
    wrong: list[tuple[Place, str]] = []
    for number, wanted in missed:
        instead = _nearest(wanted, left)
        if instead is not None:
            left.remove(instead)
        what = _instead(wanted, instead, decisions)
        wrong.append((("expect", number), f"expected on {wanted.on} {_said(wanted)}, but {what}"))
    wrong += [(("expect",), f"not expected, but on {each.on}: {_named(each)}") for each in left]
    return wrong


def _unknown(example: Example, acts: Acts) -> Iterator[tuple[Place, str]]:
    """Journeys and messages that an example names and that are not among its journeys."""
    programs = [program for _, specs in acts for program in specs.programs]
    journeys = {program.name for program in programs}
    messages = {message for program in programs for message in program.messages}
    parts: dict[str, Sequence[Happening | Expected]] = {
        "happens": example.happens,
        "expect": example.expected,
    }
    for part, written in parts.items():
        for number, each in enumerate(written):
            for kind, keys, known in (
                ("journey", _JOURNEYS, journeys),
                ("message", _SENT, messages),
            ):
                for key in keys:
                    name = getattr(each, key, None)
                    if name is not None and name not in known:
                        what = f'there is no {kind} "{name}" in this{meant(name, known)}'
                        yield (part, number, key), what


def _is(decision: Decision, wanted: Expected) -> bool:
    same = (decision.on, decision.kind, decision.what) == (wanted.on, wanted.kind, wanted.what)
    return same and all(
        decision.details.get(name) == value
        for name in _DETAILS
        if (value := getattr(wanted, name)) is not None
    )


def _nearest(wanted: Expected, left: Sequence[Decision]) -> Decision | None:
    """What came instead: the same on another day or with other details, or the contrary."""
    group = next(group for group in _GROUPS if wanted.kind in group)
    alike = [
        each
        for each in left
        if each.kind in group and (each.what == wanted.what or wanted.kind == "leaves")
    ]
    return min(
        alike,
        key=lambda each: (each.kind != wanted.kind, abs(each.on - wanted.on)),
        default=None,
    )


def _instead(wanted: Expected, instead: Decision | None, decisions: Sequence[Decision]) -> str:
    if instead is not None:
        if (instead.kind, instead.what) != (wanted.kind, wanted.what):
            return f"on {instead.on}: {_named(instead)}"
        return f"it is {_named(instead)}" if instead.on == wanted.on else f"it is on {instead.on}"
    so_far = [each for each in decisions if each.on <= wanted.on]
    same = [each for each in so_far if each.what == wanted.what and each.kind != wanted.kind]
    if same:
        return f"it is {_state(same[-1], wanted.on)}"
    gone = [each for each in so_far if each.kind == "leaves"]
    if gone:
        return f"the customer left on {gone[-1].on}: {gone[-1].what}"
    if not any(each.kind == "enters" for each in so_far):
        return "the customer has entered no journey by then"
    return "nothing of the kind was decided"


def _state(decision: Decision, day: date) -> str:
    since = "" if decision.on == day else f" since {decision.on}"
    because = decision.details.get("because")
    done = {"send": "sent", "ghost": "a ghost"}.get(decision.kind, decision.kind)
    return f"{done}{since}" + (f": {because}" if because else "")


def _said(wanted: Expected) -> str:
    details = {name: getattr(wanted, name) for name in _DETAILS}
    return _words(wanted.kind, wanted.what, details)


def _named(decision: Decision) -> str:
    shown = {
        name: value
        for name, value in decision.details.items()
        if name in ("because", "outranked_by", "due", "to", "at", "basis", "review")
    }
    return _words(decision.kind, decision.what, shown)


def _words(kind: str, what: str, details: dict[str, Any]) -> str:
    told = [
        f"{name} {value:%H:%M}" if name == "at" else f"{name} {value}"
        for name, value in details.items()
        if value is not None
    ]
    return _SAID[kind].format(what) + (f" ({', '.join(told)})" if told else "")

"""A faulty journey made whole with stand-ins, so that whatever else is wrong in it is found too."""

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from pydantic import ValidationError

from flows.errors import Fault
from flows.yamlfaults import Finding, at, findings, said
from flows.yamlfile import Document
from flows.yamlschema import Place, keys_at
from segments.nearness import closest
from segments.spec import STEPS, Journey

_ROUNDS = 12
"""Each round mends what the round before brought to light; more than this is no journey."""

_STEP = {"wait": "1 day"}
_HOLDING = ("choose", "split", "set")
"""Steps that other steps stand in or rules build on."""
_ENTERING = {"on", "when", "segment", "date"}
_REQUIRED: dict[str, Any] = {
    "journey": "stand_in",
    "title": "Stand-in",
    "purpose": "service",
    "enter": {"on": "order"},
    "on": "order",
    "steps": [_STEP],
    "when": "True",
}


class Mended(NamedTuple):
    """What is left of a journey, None if nothing; the lines of its parts; what else is wrong."""

    journey: Journey | None
    document: Document
    faults: list[Fault]


def mended(document: Document) -> Mended:
    """The journey without what is wrong with it.

    Rules, messages and steps stay in their places, so that what is found in the mended journey
    stands on the same line of the file; what is under a misspelt key is taken for what was meant.
    """
    whole = Document(document.path, copy.deepcopy(document.data), dict(document.lines))
    faults: list[Fault] = []
    touched: list[Place] = []
    for round_ in range(_ROUNDS):
        try:
            return Mended(Journey.model_validate(whole.data), whole, faults)
        except ValidationError as error:
            found = findings(error.errors(include_url=False), whole.data)
        if round_:  # what the first round finds is known
            faults += [
                whole.fault(finding.place, said(finding, Journey))
                for finding in found
                if finding.details["type"] != "missing"
                and not any(_concerns(place, finding.place) for place in touched)
            ]
        for finding in found:
            _mend(whole, finding)
        touched += [finding.place for finding in found]
    return Mended(None, whole, faults)


def _concerns(touched: Place, place: Place) -> bool:
    """Whether a fault here may come from mending there: not if a step of its own lies between."""
    rest = touched[len(place) :]
    return touched[: len(place)] == place and not any(
        key in ("steps", "else") and isinstance(number, int) for key, number in pairwise(rest)
    )


def _mend(whole: Document, finding: Finding) -> None:
    data, place = whole.data, finding.several or finding.place
    here = at(data, place)
    match finding.details["type"]:
        case "extra_forbidden":
            known = keys_at(Journey, finding.details["loc"][:-1])
            _rename(whole, place, [] if place[-1] in STEPS else known)
            _give_up(data, place)
        case "step" if isinstance(here, dict) and here:
            begun = (*place, next(iter(here)))
            if not _rename(whole, begun, _HOLDING):
                _give_up(data, place)
        case "missing" if place[-1] in _REQUIRED:
            _put(data, place, copy.deepcopy(_REQUIRED[str(place[-1])]))
        case "missing":
            _give_up(data, place[:-1])
        case "value_error" if isinstance(here, dict):
            _simplify(data, place, here)
        case _:
            _give_up(data, place)


def _rename(whole: Document, place: Place, known: Sequence[str]) -> bool:
    """Call the key at this place what it was meant to be called, if that is clear and free."""
    *around, name = place
    parent = at(whole.data, tuple(around))
    word = closest(str(name), known)
    if not isinstance(parent, dict) or word is None or word in parent:
        return False
    renamed = {word if key == name else key: value for key, value in parent.items()}
    parent.clear()
    parent.update(renamed)
    inside = [other for other in whole.lines if other[: len(place)] == place]
    for other in inside:
        whole.lines[(*around, word, *other[len(place) :])] = whole.lines[other]
    return True


def _simplify(data: Any, place: Place, here: dict[str, Any]) -> None:
    """Keys that do not go together: keep those that carry rules, messages and steps."""
    in_steps = len(place) > 1 and place[-2] in ("steps", "else")
    step = next((word for word in here if word in STEPS), None) if in_steps else None
    if not place:
        here.pop("holdout", None)
    elif place == ("enter",):
        kept = _ENTERING if set(here) > _ENTERING & set(here) else {"when"}
        _put(data, place, {"on": "order"} | {key: here[key] for key in kept & set(here)})
    elif step == "choose":
        ways = [_ruled(way) for way in here["choose"]]
        _put(data, place, {"choose": [*ways, {"else": []}]})
    elif step == "split":
        variants = [
            {"variant": f"way_{number}", "steps": way.get("steps", [])}
            for number, way in enumerate(here["split"])
        ]
        _put(data, place, {"split": variants})
    elif step == "send" and len(here) > 1:
        _put(data, place, {"send": here["send"]})
    else:
        _give_up(data, place)


def _ruled(way: dict[str, Any]) -> dict[str, Any]:
    """An else that stands too early, as a way like any other."""
    return {"when": "True", "steps": way["else"]} if "else" in way else way


def _give_up(data: Any, place: Place) -> None:
    """Take out what stands here; a step or a way leaves another in its place."""
    if not place:
        return
    *around, last = place
    parent = at(data, tuple(around))
    if isinstance(parent, dict):
        parent.pop(last, None)
    elif isinstance(parent, list) and isinstance(last, int) and last < len(parent):
        match around[-1]:
            case "steps" | "else":
                parent[last] = dict(_STEP)
            case "choose":
                parent[last] = {"when": "True"}
            case "split":
                parent[last] = {"variant": f"way_{last}"}
            case _:
                _give_up(data, tuple(around))


def _put(data: Any, place: Place, value: Any) -> None:
    parent, key = at(data, place[:-1]), place[-1]
    there = isinstance(parent, list) and isinstance(key, int)
    if there or isinstance(parent, dict):
        parent[key] = value

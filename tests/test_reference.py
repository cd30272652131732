"""Deciding in sets agrees with deciding person by person."""

import os
from typing import Any

from segments.state import Plan, State
from tests.lawbook import Run, lives, named
from tests.reference import people
from tests.reference.decide import decide
from tests.worlds import draw_world


def differences(run: Run) -> list[str]:
    """Where the plan of a run and that of the reference part."""
    base = people.read(run.state)
    plan = decide(base, run.specs, run.now)
    ours = _told(run.plan, run.state)
    theirs = {
        "enrollments": people.told(base),
        "sends": _keyed(plan.sends, "node", "contact_id"),
        "tasks": _keyed(plan.tasks, "node"),
        "phases": {row["customer_id"]: row for row in plan.phases},
        "joined": {key: {} for key in plan.joined},
        "left": {key: {} for key in plan.left},
        "backfilled": {name: {"count": count} for name, count in plan.backfilled.items()},
    }
    return [text for name in theirs for text in _parted(name, ours[name], theirs[name])]


def _parted(what: str, ours: dict[Any, Any], theirs: dict[Any, Any]) -> list[str]:
    found = [f"{what} {key}: only the engine has it: {ours[key]}" for key in ours.keys() - theirs]
    found += [f"{what} {key}: only the reference: {theirs[key]}" for key in theirs.keys() - ours]
    for key in ours.keys() & theirs.keys():
        for name in theirs[key]:
            one, two = ours[key][name], theirs[key][name]
            if one != two:
                found.append(f"{what} {key}, {name}: {one} in the engine, {two} in the reference")
    return found


def _told(plan: Plan, state: State) -> dict[str, dict[Any, Any]]:
    key = ["customer_id", "journey", "entry_key"]
    changed = {tuple(row[name] for name in key): row for row in people.rows(plan.enrollments)}
    before = {tuple(row[name] for name in key): row for row in people.rows(state.enrollments)}
    rows = {name: [_plain(row) for row in each] for name, each in named(plan, state).items()}
    return {
        "enrollments": before | changed,
        "sends": _keyed(rows["sends"], "node", "contact_id"),
        "tasks": _keyed(rows["tasks"], "node"),
        "phases": {row["customer_id"]: row for row in rows["phases"]},
        "joined": {(row["segment"], row["customer_id"]): {} for row in rows["joined"]},
        "left": {(row["segment"], row["customer_id"]): {} for row in rows["left"]},
        "backfilled": {name: {"count": count} for name, count in plan.backfilled.items()},
    }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: people.plain(value) for name, value in row.items()}


def _keyed(rows: list[dict[str, Any]], *more: str) -> dict[Any, Any]:
    """By customer, journey, entry and these."""
    names = ("customer_id", "journey", "entry_key", *more)
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


WORLDS = int(os.environ.get("STAMMKUNDE_CASES", "8"))
"""How many worlds are lived through; each is days of dozens of customers and several journeys."""


def test_the_engine_decides_as_the_reference_does() -> None:
    decisions = 0
    for seed in range(WORLDS):
        world = draw_world(seed, people=80, least=40)
        for run in lives(world):
            assert differences(run) == [], f"{world}, run of {run.now}"
            decisions += len(run.state.profiles) * len(run.specs.programs)
    assert decisions > 350 * WORLDS

"""Reads files of scenarios: journeys, the rules of the house, and cases to live through."""

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field

from flows.config import RUNNING
from flows.rehearsing import holidays_of
from flows.stages.versions import as_of_today
from flows.yamlfile import build, read
from segments.days import Day
from segments.examples import Example
from segments.frames import PROFILE
from segments.journey.budgets import compile_budgets
from segments.journey.program import Program, compile_journey
from segments.names import JourneyStatus
from segments.policy import Policy
from segments.rehearsal.lives import Acts
from segments.rules import compile_rule
from segments.spec import Journey, Spec
from segments.state import Specs

FOLDER = Path(__file__).parent


class Edit(Spec):
    """From a day on the journeys are these."""

    on: Day
    journeys: list[str]


class Scenario(Example):
    """An example that may be about several journeys, and about files that are edited."""

    journeys: list[str] | None = Field(None, description="those of the file; all if empty")
    policy: dict[str, Any] = Field({}, description="rules of the house for this one alone")
    edited: list[Edit] = Field([])


class Scenarios(Spec):
    """One file: journeys by name, with whatever is ordinary left out, and the scenarios."""

    about: str
    journeys: dict[str, dict[str, Any]]
    segments: dict[str, str] = Field({})
    policy: dict[str, Any] = Field({})
    scenarios: list[Scenario]


def scenarios(file: Path) -> Scenarios:
    """The file, or an error that names every line that is wrong."""
    document, faults = read(file, file.name)
    if document is not None and not faults:
        built, faults = build(Scenarios, document)
    if faults:
        raise ValueError("\n".join(map(str, faults)))
    assert built is not None
    return built


def acts(file: Scenarios, scenario: Scenario) -> Acts:
    """What marketing has written, from each day on."""
    names = scenario.journeys or list(file.journeys)
    written = [(scenario.first_day, names), *((edit.on, edit.journeys) for edit in scenario.edited)]
    policy = Policy.model_validate(file.policy | scenario.policy)
    rules = {name: compile_rule(text, PROFILE) for name, text in file.segments.items()}
    seen: dict[tuple[str, str], Program] = {}
    found: list[tuple[date, Specs]] = []
    for day, these in written:
        compiled = [compile_journey(_journey(name, file), rules) for name in these]
        running = {p.name: p for p in compiled if p.journey.status in _DECIDED}
        current = {(p.name, p.version) for p in running.values()}
        earlier = {
            key: as_of_today(program, running[program.name])
            for key, program in seen.items()
            if program.name in running and key not in current
        }
        seen |= {(p.name, p.version): p for p in running.values()}
        specs = Specs(
            policy,
            tuple(running.values()),
            rules,
            earlier,
            regions=holidays_of(scenario),
            budgets=compile_budgets(policy.attention, rules),
        )
        found.append((day, specs))
    return found


_DECIDED = {*RUNNING, JourneyStatus.REVIEW}


def _journey(name: str, file: Scenarios) -> Journey:
    ordinary = {"journey": name, "title": name, "status": "live"}
    return Journey.model_validate(ordinary | _written(name, file))


def _written(name: str, file: Scenarios) -> dict[str, Any]:
    """What stands under a name, over what it is like."""
    own = dict(file.journeys[name])
    like = own.pop("like", None)
    return own if like is None else _written(like, file) | own

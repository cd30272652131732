"""What customers live through, told as marketing would tell it: tests/scenarios/*.yaml."""

from pathlib import Path

import pytest

from flows.config import load
from flows.rehearsing import rehearse, whereabouts
from flows.shipping import shipped
from segments.rehearsal.compare import faults
from segments.rehearsal.lives import lived
from tests.long import LONG
from tests.scenarios.stage import FOLDER, Scenario, Scenarios, acts, scenarios

FILES = {file: scenarios(file) for file in sorted(FOLDER.glob("*.yaml"))}
ALL = [
    pytest.param(told, each, id=f"{file.stem}: {each.name}")
    for file, told in FILES.items()
    for each in told.scenarios
]


@pytest.mark.parametrize(("file", "scenario"), ALL)
def test_it_comes_as_the_scenario_tells(file: Scenarios, scenario: Scenario) -> None:
    assert [what for _, what in faults(scenario, acts(file, scenario), whereabouts)] == []


@pytest.mark.parametrize(("file", "scenario"), ALL if LONG else ALL[::24])
def test_days_that_are_passed_over_would_have_changed_nothing(
    file: Scenarios, scenario: Scenario
) -> None:
    told = lived(scenario, acts(file, scenario), whereabouts)
    assert told == lived(scenario, acts(file, scenario), whereabouts, every_day=True)


def test_there_are_forty_at_least_and_no_two_of_one_name() -> None:
    names = [each.name for told in FILES.values() for each in told.scenarios]
    assert len(names) >= 40
    assert len(set(names)) == len(names)


def test_the_examples_of_the_shipped_journeys_come_true() -> None:
    project = load(Path(shipped()))
    assert all(len(program.journey.examples) >= 2 for program in project.journeys.values())
    assert rehearse(project) == []

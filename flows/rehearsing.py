"""The examples of journeys, lived through: what marketing meant held against what would happen."""

from collections.abc import Iterator
from dataclasses import replace

from flows.calendars import Holidays
from flows.config import Project
from flows.errors import Fault
from flows.places import region_of, zone_of
from flows.yamlfile import Document, read
from segments.examples import Example
from segments.journey.nodes import Place, Program
from segments.names import JourneyStatus
from segments.rehearsal.compare import faults
from segments.state import Specs


def rehearse(project: Project) -> list[Fault]:
    """Every example that comes out otherwise than it says, journey by journey.

    An example is about its journey alone, as if it were live, under the project's own policy.
    """
    programs = project.journeys.values()
    return [fault for program in programs for fault in _of_journey(project, program)]


def whereabouts(country: str | None, state: str | None) -> tuple[str | None, str | None]:
    """The time zone of a customer, and the region whose public holidays count; None: ours."""
    return zone_of(country, state), region_of(country, state)


def holidays_of(example: Example) -> Holidays:
    """Public holidays of the years an example lasts, and of those around."""
    return Holidays(example.first_day.year - 1, example.until.year + 2)


def _of_journey(project: Project, program: Program) -> Iterator[Fault]:
    live = replace(
        program, journey=program.journey.model_copy(update={"status": JourneyStatus.LIVE})
    )
    specs = Specs(project.policy, (live,), project.segments, budgets=project.budgets)
    found: list[tuple[Place, str]] = []
    for number, example in enumerate(program.journey.examples):
        acts = [(example.first_day, replace(specs, regions=holidays_of(example)))]
        for place, what in faults(example, acts, whereabouts):
            found.append((("examples", number, *place), f'example "{example.name}": {what}'))
    if found:
        document = _document(project, program.name)
        yield from (document.fault(place, what) for place, what in found)


def _document(project: Project, journey: str) -> Document:
    """The journey's file once more, for the lines on which its examples stand."""
    folder = project.folder / "config" / "journeys"
    file = next(file for file in folder.glob("*.y*ml") if file.stem == journey)
    name = f"config/journeys/{file.name}"
    document, _ = read(file, name)
    return document or Document(name, {}, {})

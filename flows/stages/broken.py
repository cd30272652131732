"""A journey whose rule breaks on the data at hand is named and left out; the others run."""

from collections.abc import Iterator
from dataclasses import replace

from segments.journey.nodes import Program
from segments.rules import RuleDataError
from segments.state import Specs


def blamed(specs: Specs, error: RuleDataError) -> dict[str, str]:
    """Journeys that use the rule, each with where it stands and what is wrong with it."""
    found: dict[str, str] = {}
    for program in (*specs.programs, *specs.earlier.values()):
        for place, rule in _rules(program, specs):
            if rule == error.rule:
                found.setdefault(program.name, f"{program.name}, {place}: {error}; left out")
    return found


def without(specs: Specs, journeys: set[str]) -> Specs:
    """The same with these journeys at rest: whoever is under way in them stays where they are."""
    return replace(
        specs,
        programs=tuple(p for p in specs.programs if p.name not in journeys),
        earlier={key: p for key, p in specs.earlier.items() if p.name not in journeys},
    )


def _rules(program: Program, specs: Specs) -> Iterator[tuple[str, str]]:
    if program.enter_when is not None:
        yield "enter", program.enter_when.text
    if program.exit_when is not None:
        yield "exit_when", program.exit_when.text
    segment = program.journey.enter.segment
    if segment is not None and segment in specs.segments:
        yield f"segment {segment}", specs.segments[segment].text
    for node in program.nodes:
        for rule, _ in node.ways:
            yield f"step {node.id}", rule.text

"""The steps of a journey as stops, each of which knows the stop that follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from segments.journey.nodes import Program
from segments.spec import Choose, Else, Journey, Set, Split, Step, WaitUntil


@dataclass(eq=False)
class Stop:
    """A step, or the end. Ways are rules, or variants with their weights, and where they lead."""

    step: Step | None
    onward: "Stop | None"
    ways: list[tuple[str, "Stop"]] = field(default_factory=list)
    variants: list[tuple[str, int, "Stop"]] = field(default_factory=list)
    id: str = "end"


@dataclass(eq=False)
class Path:
    """A version of a journey: its first stop, all stops by name, and the flags it may set."""

    journey: Journey
    version: str
    first: Stop
    stops: dict[str, Stop]
    flags: set[str]


def path_of(program: Program) -> Path:
    """The path of a compiled journey. What steps are called is all that is taken from it."""
    journey = program.journey
    end = Stop(None, None)
    laid: dict[int, Stop] = {}
    first = _lay(journey.steps, end, laid)
    stops = {end.id: end}
    for step, node in zip(_written(journey.steps), program.nodes[:-1], strict=True):
        stop = laid[id(step)]
        stop.id = node.id
        stops[stop.id] = stop
    steps = [stop.step for stop in stops.values()]
    flags = {step.set for step in steps if isinstance(step, Set)}
    if any(isinstance(step, WaitUntil) for step in steps):
        flags.add("timed_out")
    return Path(journey, program.version, first, stops, flags)


def _lay(steps: Sequence[Step], after: Stop, laid: dict[int, Stop]) -> Stop:
    """The first of these stops, the last of which leads to `after`."""
    for step in reversed(steps):
        stop = Stop(step, after)
        if isinstance(step, Choose):
            for way in step.choose:
                start = _lay(way.steps, after, laid)
                if isinstance(way, Else):
                    stop.onward = start
                else:
                    stop.ways.append((way.when, start))
        elif isinstance(step, Split):
            for way in step.split:
                stop.variants.append((way.variant, way.weight, _lay(way.steps, after, laid)))
        laid[id(step)] = after = stop
    return after


def _written(steps: Sequence[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        ways = step.choose if isinstance(step, Choose) else ()
        for way in (*ways, *(step.split if isinstance(step, Split) else ())):
            yield from _written(way.steps)

"""A journey compiled to a forward-only program of nodes with stable ids."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum, auto
from itertools import count

from segments.frames import PROFILE, TRIGGERED, Table
from segments.names import Purpose
from segments.rules import Rule, RuleError, compile_rule, meant
from segments.spec import Choose, Else, Journey, Send, Step, Task, Wait, When

MOST_NODES = 5000
"""A journey with more nodes than this is refused."""

Place = tuple[str | int, ...]
"""Where something stands in a journey's YAML: ("steps", 0, "choose", 1, "when")."""

NOT_CONTENT = {
    "title",
    "status",
    "priority",
    "attention",
    "value",
    "phase",
    "migrate",
    "examples",
}
"""What may change about a journey without making a new version of it."""


class NodeKind(StrEnum):
    """What happens at a node."""

    WAIT = auto()
    SEND = auto()
    TASK = auto()
    CHOOSE = auto()
    END = auto()


@dataclass(frozen=True)
class Node:
    """One stop. `next` is where to go on; a choose tries its `ways` first, in order."""

    id: str
    kind: NodeKind
    next: int
    step: Wait | Send | Task | Choose | None = None
    ways: tuple[tuple[Rule, int], ...] = ()


@dataclass(frozen=True)
class Program:
    """A journey ready to run. Every `next` points forward, so one pass serves everybody."""

    journey: Journey
    version: str
    nodes: tuple[Node, ...]
    enter_when: Rule | None
    exit_when: Rule | None

    @property
    def name(self) -> str:
        """The journey's name."""
        return self.journey.journey

    @property
    def messages(self) -> set[str]:
        """The messages it sends."""
        sends = (node.step for node in self.nodes if isinstance(node.step, Send))
        return {message for step in sends for message in step.messages}

    @property
    def positions(self) -> dict[str, int]:
        """Node id -> place in the program."""
        return {node.id: place for place, node in enumerate(self.nodes)}


class ProgramError(ValueError):
    """A journey that does not compile: (where in the YAML, what is wrong) for each fault."""

    def __init__(self, faults: list[tuple[Place, str]]) -> None:
        self.faults = faults
        super().__init__("; ".join(what for _, what in faults))


def version_of(journey: Journey) -> str:
    """Hash of what decides about an enrollment; a new title or status is no new version."""
    content = journey.model_dump(mode="json", by_alias=True, exclude=NOT_CONTENT)
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(canonical.encode(), digest_size=6).hexdigest()


def columns_for(journey: Journey) -> Table:
    """The columns rules of this journey may use."""
    return PROFILE | TRIGGERED.get(journey.enter.on, {})


def compile_journey(journey: Journey, segments: Mapping[str, Rule]) -> Program:
    """Compile, or raise `ProgramError` with every fault and its place."""
    return _Compiler(journey, segments).program()


class _Compiler:
    def __init__(self, journey: Journey, segments: Mapping[str, Rule]) -> None:
        self.journey = journey
        self.segments = segments
        self.columns = columns_for(journey)
        self.faults: list[tuple[Place, str]] = []
        self.nodes: list[Node] = []
        self.taken: set[str] = {"end"}

    def program(self) -> Program:
        """The whole program, or all faults."""
        enter = self.journey.enter
        enter_when = self._rule(enter.when, ("enter", "when"))
        exit_when = self._rule(self.journey.exit_when, ("exit_when",))
        if enter.segment is not None and enter.segment not in self.segments:
            hint = meant(enter.segment, self.segments)
            self.faults.append(
                (("enter", "segment"), f'there is no segment "{enter.segment}"{hint}')
            )
        if self.journey.purpose == Purpose.LEGAL and self.journey.holdout:
            self.faults.append((("holdout",), "legal messages go to everybody: no holdout here"))
        size = _size(self.journey.steps)
        if size >= MOST_NODES:
            what = f"{size} steps are too many; the limit is {MOST_NODES - 1}"
            raise ProgramError([(("steps",), what)])
        self._claim_given_ids(self.journey.steps, ("steps",))
        self._steps(self.journey.steps, ("steps",), after=size)
        if self.faults:
            raise ProgramError(self.faults)
        nodes = (*self.nodes, Node("end", NodeKind.END, size))
        return Program(self.journey, version_of(self.journey), nodes, enter_when, exit_when)

    def _steps(self, steps: Sequence[Step], at: Place, after: int) -> None:
        """Lay steps one behind the other; the last goes on at `after`."""
        for index, step in enumerate(steps):
            follows = len(self.nodes) + _size([step])
            onward = after if index == len(steps) - 1 else follows
            if isinstance(step, Choose):
                self._choose(step, (*at, index), onward)
            else:
                self.nodes.append(Node(self._id(step), _KINDS[type(step)], onward, step))

    def _choose(self, step: Choose, at: Place, after: int) -> None:
        """The choose itself, then its ways one behind the other; all meet again at `after`."""
        place = len(self.nodes)
        self.nodes.append(Node(self._id(step), NodeKind.CHOOSE, after, step))
        ways: list[tuple[Rule, int]] = []
        otherwise = after
        for index, way in enumerate(step.choose):
            start = len(self.nodes) if way.steps else after
            at_way = (*at, "choose", index)
            if isinstance(way, Else):
                otherwise = start
            elif rule := self._rule(way.when, (*at_way, "when")):
                ways.append((rule, start))
            self._steps(way.steps, (*at_way, _steps_key(way)), after)
        self.nodes[place] = replace(self.nodes[place], next=otherwise, ways=tuple(ways))

    def _rule(self, text: str | None, at: Place) -> Rule | None:
        if text is None:
            return None
        try:
            return compile_rule(text, self.columns, self.segments)
        except RuleError as error:
            self.faults += [(at, fault) for fault in error.faults]
            return None

    def _claim_given_ids(self, steps: Sequence[Step], at: Place) -> None:
        for index, step in enumerate(steps):
            if step.id in self.taken:
                self.faults.append(((*at, index, "id"), f'the id "{step.id}" stands twice'))
            if step.id is not None:
                self.taken.add(step.id)
            if isinstance(step, Choose):
                for number, way in enumerate(step.choose):
                    key = _steps_key(way)
                    self._claim_given_ids(way.steps, (*at, index, "choose", number, key))

    def _id(self, step: Step) -> str:
        """The id given, or one from what the step does, numbered where that repeats."""
        if step.id is not None:
            return step.id
        match step:
            case Wait():
                stem = f"wait_{step.wait}".replace(" ", "_")
            case Send():
                stem = step.send
            case Task():
                stem = step.task.kind
            case _:
                stem = "choose"
        name = next(
            name
            for number in count(1)
            if (name := stem if number == 1 else f"{stem}_{number}") not in self.taken
        )
        self.taken.add(name)
        return name


_KINDS: dict[type, NodeKind] = {Wait: NodeKind.WAIT, Send: NodeKind.SEND, Task: NodeKind.TASK}


def _steps_key(way: When | Else) -> str:
    return "else" if isinstance(way, Else) else "steps"


def _size(steps: Sequence[Step]) -> int:
    """How many nodes these steps become."""
    return sum(
        1 + sum(_size(way.steps) for way in step.choose) if isinstance(step, Choose) else 1
        for step in steps
    )

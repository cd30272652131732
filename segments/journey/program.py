"""Compiles a journey to a forward-only program of nodes with stable ids."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from segments.frames import PROFILE, TRIGGERED, Column, Kind
from segments.journey.nodes import (
    NOT_CONTENT,
    Node,
    NodeKind,
    Place,
    Program,
    ProgramError,
    columns_for,
    version_of,
)
from segments.names import Purpose
from segments.rules import Rule, RuleError, compile_rule, meant
from segments.spec import (
    Choose,
    Else,
    End,
    Journey,
    Send,
    Set,
    Split,
    Step,
    Task,
    Variant,
    Wait,
    WaitUntil,
    When,
)

__all__ = [
    "MOST_NODES",
    "NOT_CONTENT",
    "TIMED_OUT",
    "Node",
    "NodeKind",
    "Place",
    "Program",
    "ProgramError",
    "columns_for",
    "compile_journey",
    "version_of",
]

MOST_NODES = 5000
"""A journey with more nodes than this is refused."""

TIMED_OUT = "timed_out"
"""The flag of whoever waited in vain; every wait_until sets it anew."""

_KINDS: dict[type, NodeKind] = {
    Wait: NodeKind.WAIT,
    WaitUntil: NodeKind.WAIT_UNTIL,
    Send: NodeKind.SEND,
    Task: NodeKind.TASK,
    Set: NodeKind.SET,
    Choose: NodeKind.CHOOSE,
    Split: NodeKind.SPLIT,
    End: NodeKind.END,
}
_DATES = [name for name, column in PROFILE.items() if column.kind == Kind.MOMENT]


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
        self.numbers: Counter[str] = Counter()
        self.rules: dict[str, Rule | list[str]] = {}

    def program(self) -> Program:
        """The whole program, or all faults."""
        journey = self.journey
        size = _size(journey.steps)
        if size >= MOST_NODES:
            what = f"{size} steps are too many; the limit is {MOST_NODES - 1}"
            raise ProgramError([(("steps",), what)])
        self._check_head()
        # Flags are not known before somebody is under way: not to the rule of entering.
        enter_when = self._rule(journey.enter.when, ("enter", "when"))
        self.rules.clear()
        self.columns = self._flags() | self.columns
        exit_when = self._rule(journey.exit_when, ("exit_when",))
        self._claim_given_ids()
        self._steps(journey.steps, ("steps",), after=size)
        if self.faults:
            raise ProgramError(self.faults)
        nodes = (*self.nodes, Node("end", NodeKind.END, size))
        return Program(journey, version_of(journey), nodes, enter_when, exit_when)

    def _check_head(self) -> None:
        journey, enter = self.journey, self.journey.enter
        if enter.segment is not None and enter.segment not in self.segments:
            hint = meant(enter.segment, self.segments)
            what = f'there is no segment "{enter.segment}"{hint}'
            self.faults.append((("enter", "segment"), what))
        self._date(enter.date, ("enter", "date"))
        if journey.purpose == Purpose.LEGAL and journey.holdout:
            self.faults.append((("holdout",), "legal messages go to everybody: no holdout here"))

    def _date(self, name: str | None, at: Place) -> None:
        if name is None or name in _DATES:
            return
        if name in PROFILE:
            what = f'"{name}" is no date. Dates are: {", ".join(_DATES)}'
        else:
            hint = meant(name, _DATES) or f". Dates are: {', '.join(_DATES)}"
            what = f'there is no column "{name}"{hint}'
        self.faults.append((at, what))

    def _flags(self) -> dict[str, Column]:
        """A column for each flag a step may set."""
        found: dict[str, Column] = {}
        columns = set(PROFILE).union(*TRIGGERED.values())
        for step, at in _walk(self.journey.steps, ("steps",)):
            if isinstance(step, WaitUntil):
                found[TIMED_OUT] = Column(Kind.FLAG, "the latest wait_until was in vain")
                self._date(step.wait_until.date, (*at, "wait_until", "date"))
            if not isinstance(step, Set):
                continue
            found[step.set] = Column(Kind.FLAG, "set by a step of this journey")
            kind = "column" if step.set in columns else "segment"
            if step.set in columns or step.set in self.segments:
                what = f'"{step.set}" is a {kind} already; name the flag otherwise'
                self.faults.append(((*at, "set"), what))
            elif step.set == TIMED_OUT:
                what = f'"{TIMED_OUT}" is set by wait_until alone; name the flag otherwise'
                self.faults.append(((*at, "set"), what))
        return found

    def _steps(self, steps: Sequence[Step], at: Place, after: int) -> None:
        """Lay steps one behind the other; the last goes on at `after`."""
        for index, step in enumerate(steps):
            follows = len(self.nodes) + _size([step])
            onward = after if index == len(steps) - 1 else follows
            if isinstance(step, Choose):
                self._choose(step, (*at, index), onward)
            elif isinstance(step, Split):
                self._split(step, (*at, index), onward)
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

    def _split(self, step: Split, at: Place, after: int) -> None:
        place = len(self.nodes)
        self.nodes.append(Node(self._id(step), NodeKind.SPLIT, after, step))
        shares: list[tuple[str, float, int]] = []
        bounds = upper_bounds(way.weight for way in step.split)
        for index, (way, bound) in enumerate(zip(step.split, bounds, strict=True)):
            start = len(self.nodes) if way.steps else after
            shares.append((way.variant, bound, start))
            self._steps(way.steps, (*at, "split", index, "steps"), after)
        self.nodes[place] = replace(self.nodes[place], shares=tuple(shares))

    def _rule(self, text: str | None, at: Place) -> Rule | None:
        if text is None:
            return None
        if text not in self.rules:
            try:
                self.rules[text] = compile_rule(text, self.columns, self.segments)
            except RuleError as error:
                self.rules[text] = error.faults
        rule = self.rules[text]
        if isinstance(rule, Rule):
            return rule
        self.faults += [(at, fault) for fault in rule]
        return None

    def _claim_given_ids(self) -> None:
        for step, at in _walk(self.journey.steps, ("steps",)):
            if step.id in self.taken:
                self.faults.append(((*at, "id"), f'the id "{step.id}" stands twice'))
            if step.id is not None:
                self.taken.add(step.id)

    def _id(self, step: Step) -> str:
        """The id given, or one from what the step does, numbered where that repeats."""
        if step.id is not None:
            return step.id
        stem = name = _stem(step)
        self.numbers[stem] += 1
        if self.numbers[stem] > 1:
            name = f"{stem}_{self.numbers[stem]}"
        while name in self.taken:
            self.numbers[stem] += 1
            name = f"{stem}_{self.numbers[stem]}"
        self.taken.add(name)
        return name


def upper_bounds(weights: Iterable[int]) -> list[float]:
    """Where each share ends, if weights one behind the other fill the way from 0 to 1."""
    ends = list(accumulate(weights))
    return [end / ends[-1] for end in ends]


def _stem(step: Step) -> str:
    match step:
        case Wait():
            return re.sub(r"[^a-z0-9]+", "_", f"wait_{step.wait}")
        case WaitUntil():
            return f"until_{step.wait_until.event or step.wait_until.date}"
        case Send():
            return step.send
        case Task():
            return step.task.kind
        case Set():
            return f"set_{step.set}"
        case End():
            return "end"
        case Split():
            return "split"
        case _:
            return "choose"


def _ways(step: Step, at: Place) -> Iterator[tuple[When | Else | Variant, Place]]:
    """The ways that lead out of a step, each with the place of its steps."""
    if isinstance(step, Choose):
        for index, way in enumerate(step.choose):
            yield way, (*at, "choose", index, _steps_key(way))
    elif isinstance(step, Split):
        for index, variant in enumerate(step.split):
            yield variant, (*at, "split", index, "steps")


def _walk(steps: Sequence[Step], at: Place) -> Iterator[tuple[Step, Place]]:
    """Every step with its place, those inside others included."""
    for index, step in enumerate(steps):
        place = (*at, index)
        yield step, place
        for way, inside in _ways(step, place):
            yield from _walk(way.steps, inside)


def _steps_key(way: When | Else) -> str:
    return "else" if isinstance(way, Else) else "steps"


def _size(steps: Sequence[Step]) -> int:
    """How many nodes these steps become."""
    return sum(1 + sum(_size(way.steps) for way, _ in _ways(step, ())) for step in steps)

"""What a compiled journey is made of: nodes with stable ids, every one leading forward."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cached_property

from segments.frames import PROFILE, TRIGGERED, Table
from segments.rules import Rule
from segments.spec import Journey, Send, Step

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
    WAIT_UNTIL = auto()
    SEND = auto()
    TASK = auto()
    SET = auto()
    CHOOSE = auto()
    SPLIT = auto()
    END = auto()


KINDS = tuple(NodeKind)
"""Every kind; its place here is its number in `Program.kinds`."""


@dataclass(frozen=True)
class Node:
    """One stop. `next` is where to go on.

    A choose tries its `ways` first, in order: (rule, where to). A split takes the first of its
    `shares` above the customer's number between 0 and 1: (variant, upper bound, where to).
    """

    id: str
    kind: NodeKind
    next: int
    step: Step | None = None
    ways: tuple[tuple[Rule, int], ...] = ()
    shares: tuple[tuple[str, float, int], ...] = ()


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

    @cached_property
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
    exclude = dict.fromkeys(NOT_CONTENT, True) | {"enter": {"backfill": True}}
    content = journey.model_dump(mode="json", by_alias=True, exclude=exclude)
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(canonical.encode(), digest_size=6).hexdigest()


def columns_for(journey: Journey) -> Table:
    """The columns rules of this journey may use, flags apart."""
    return PROFILE | TRIGGERED.get(journey.enter.on, {})

"""Everybody at one node moves in one operation; programs run forward, so one pass does."""

from datetime import datetime, timedelta
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Any

import numpy as np
import pandas as pd

from segments.journey.calendar import local_day
from segments.journey.happenings import Happenings
from segments.journey.holdout import position
from segments.journey.moments import NEVER, day_begins, moment, never, zoned
from segments.journey.nodes import Node, NodeKind, Program
from segments.journey.permission import objecting
from segments.journey.program import TIMED_OUT
from segments.journey.standing import EXITED, FINISHED, Standing
from segments.journey.waiting import happened, marked
from segments.names import Arm, JourneyStatus, LeaveReason, Purpose
from segments.spans import Span, Until
from segments.spec import Set, Task, Wait, WaitUntil
from segments.state import Specs, State


class Journeying:
    """Moves people along their programs as of one moment, and gathers the tasks they meet.

    They stop at a wait that is not over and at a send, which is for the candidates' gates to
    decide. A wait until an hour later today is passed by today's run: what follows is due then.
    """

    def __init__(
        self,
        standing: Standing,
        state: State,
        specs: Specs,
        now: datetime,
        events: Happenings | None = None,
    ) -> None:
        self.standing = standing
        self.specs = specs
        self.now = moment(now)
        zone = specs.policy.zone
        self.tomorrow = day_begins(local_day(now, zone) + timedelta(days=1), zone)
        self.events = events or Happenings(state.events, self.now)
        self.keys = state.profiles["customer_key"].array
        self.contacts = state.contacts
        self._tasks: list[tuple[np.ndarray, dict[str, Any]]] = []

    def move(self, at: np.ndarray, fresh: np.ndarray) -> None:
        """Move the rows at these places; `fresh` are those who have just come to their node."""
        standing = self.standing
        standing.due[fresh] = NEVER
        open_ = np.isnat(standing.due[at]) | (standing.due[at] < self.tomorrow)
        rests = standing.at_kind(at, NodeKind.SEND) & ~np.isnat(standing.due[at])
        open_ |= standing.at_kind(at, NodeKind.WAIT_UNTIL)
        going = at[open_ & ~rests]
        stops: dict[int, list[np.ndarray]] = {}
        for stop, those in _groups(standing.stop(going), going):
            stops[stop] = [those]
        waiting = list(stops)
        heapify(waiting)
        while waiting:
            stop = heappop(waiting)
            those = np.concatenate(stops.pop(stop))
            program, place = standing.place(stop)
            on, where = self._visit(program, program.nodes[place], those)
            if not len(on):
                continue
            standing.position[on] = where
            standing.due[on] = NEVER
            for target, came in _groups(stop - place + where, on):
                if target not in stops:
                    stops[target] = []
                    heappush(waiting, target)
                stops[target].append(came)

    def tasks(self) -> pd.DataFrame:
        """The tasks met so far: see `segments.state.Plan.tasks`."""
        counts = [len(here) for here, _ in self._tasks]
        here = np.concatenate([np.zeros(0, dtype="int64"), *(here for here, _ in self._tasks)])
        columns: dict[str, Any] = {"ref": here, "customer_id": self.standing.customer[here]}
        for name in _TASKS:
            told = [one[name] for _, one in self._tasks if name in one]
            if name.endswith("_at"):
                columns[name] = zoned(np.concatenate([never(0), *told])).array
            elif name not in columns:
                each = np.repeat(np.array(told, dtype=object), counts)
                columns[name] = pd.array(each, dtype="str")
        return pd.DataFrame(columns)[list(_TASKS)]

    @cached_property
    def _objecting(self) -> np.ndarray:
        return objecting(self.contacts)

    def _visit(
        self, program: Program, node: Node, here: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Who goes on from a node, and to which place each."""
        standing, step = self.standing, node.step
        if node.kind == NodeKind.CHOOSE:
            return here, self._chosen(node, here)
        if node.kind == NodeKind.SPLIT:
            return here, self._split(program, node, here)
        if isinstance(step, Wait):
            here = self._waited(step, here)
        elif isinstance(step, WaitUntil):
            here = self._awaited(step, here)
        elif isinstance(step, Task):
            self._met(program, node, step, here)
        elif isinstance(step, Set):
            standing.flags.add(step.set, here)
        elif node.kind == NodeKind.SEND:
            standing.due[here] = standing.arrived[here]
            return here[:0], here[:0]
        else:
            standing.due[here] = standing.arrived[here]
            standing.leave(here, FINISHED, LeaveReason.COMPLETED, self.now)
            return here[:0], here[:0]
        return here, np.full(len(here), node.next)

    def _waited(self, step: Wait, here: np.ndarray) -> np.ndarray:
        standing = self.standing
        fresh = here[np.isnat(standing.due[here])]
        if len(fresh):
            standing.due[fresh] = self._end(step.wait, fresh)
        due = standing.due[here]
        over = due < self.tomorrow if isinstance(step.wait, Until) else due <= self.now
        standing.arrived[here[over]] = due[over]
        through: np.ndarray = here[over]
        return through

    def _awaited(self, step: WaitUntil, here: np.ndarray) -> np.ndarray:
        """Whatever comes first: what is awaited, or the end of waiting."""
        standing, awaited = self.standing, step.wait_until
        fresh = here[np.isnat(standing.due[here])]
        if len(fresh):
            standing.due[fresh] = self._end(awaited.timeout, fresh)
        due = standing.due[here]
        found = happened(standing, here, awaited, self.events, self.specs)
        came = (found <= due) & (found <= self.now)
        passed: np.ndarray = here[came]
        when = found[came]
        standing.arrived[passed] = np.maximum(standing.arrived[passed], when)
        standing.marked[passed] = np.maximum(marked(standing, passed), when)
        standing.flags.drop(TIMED_OUT, passed)
        vain = ~came & (due <= self.now)
        late = here[vain]
        standing.arrived[late] = due[vain]
        standing.flags.add(TIMED_OUT, late)
        if awaited.on_timeout == "go_on":
            passed = here[came | vain]
        else:
            status = FINISHED if awaited.on_timeout == "end" else EXITED
            standing.leave(late, status, LeaveReason.TIMED_OUT, self.now)
        return passed

    def _end(self, pause: Span | Until, here: np.ndarray) -> np.ndarray:
        """When what these began at their arrival is over."""
        arrived, calendar = self.standing.arrived[here], self.specs.calendar
        if isinstance(pause, Until):
            return calendar.until(arrived, pause)
        return calendar.later(arrived, pause, self.standing.regions(here))

    def _chosen(self, node: Node, here: np.ndarray) -> np.ndarray:
        target = np.full(len(here), -1)
        for rule, way in node.ways:
            open_ = np.flatnonzero(target < 0)
            if not len(open_):
                break
            target[open_[self.standing.facts.holds(rule, here[open_])]] = way
        return np.where(target < 0, node.next, target)

    def _split(self, program: Program, node: Node, here: np.ndarray) -> np.ndarray:
        standing = self.standing
        keys = self.keys.take(standing.facts.places(here))
        drawn = position(f"{program.name}/{node.id}", keys)
        bounds = np.array([bound for _, bound, _ in node.shares])
        variant = np.searchsorted(bounds, drawn, side="right")
        for number in np.unique(variant):
            name = f"{node.id}={node.shares[number][0]}"
            standing.flags.add(name, here[variant == number])
        return np.array([way for _, _, way in node.shares])[variant]

    def _met(self, program: Program, node: Node, step: Task, here: np.ndarray) -> None:
        """Note a task for each of these, but not in shadow, nor for anybody held out.

        Nor, where it is to sell something, for those who object to that.
        """
        standing, task = self.standing, step.task
        standing.marked[here] = self.now
        if program.journey.status == JourneyStatus.SHADOW:
            return
        here = here[(standing.rows["arm"].array.take(here) != Arm.HELD_OUT.value).astype(bool)]
        if program.journey.purpose == Purpose.ADVERTISING:
            here = here[~np.isin(standing.customer[here], self._objecting)]
        if not len(here):
            return
        regions = standing.regions(here)
        calendar = self.specs.calendar
        begin = np.maximum(standing.arrived[here], self.now)
        due = calendar.later(begin, task.due, regions)
        escalate = never(len(here))
        if task.escalate_after is not None:
            escalate = calendar.later(due, task.escalate_after, regions)
        told = {
            "node": node.id,
            "kind": task.kind.value,
            "about": task.about,
            "assignee": task.assignee,
            "fallback": task.fallback,
            "due_at": due,
            "escalate_at": escalate,
        }
        self._tasks.append((here, told))


_TASKS = (
    "ref",
    "customer_id",
    "node",
    "kind",
    "about",
    "assignee",
    "fallback",
    "due_at",
    "escalate_at",
)


def _groups(numbers: np.ndarray, at: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """The places that share a number, number by number."""
    if not len(at):
        return []
    order = np.argsort(numbers, kind="stable")
    ordered = numbers[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=ordered[0] - 1))
    parts = np.split(at[order], begins[1:])
    return [(int(ordered[begin]), part) for begin, part in zip(begins, parts, strict=True)]

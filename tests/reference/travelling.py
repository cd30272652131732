"""How one enrollment leaves, begins anew, and goes from step to step."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from segments.frames import ORDER
from segments.journey.holdout import position
from segments.names import JourneyStatus, Migrate, Purpose
from segments.spans import Span, Until
from segments.spec import Choose, Send, Set, Split, Task, Wait, WaitUntil
from tests.reference.house import House
from tests.reference.path import Path, Stop
from tests.reference.people import Customer, Enrollment, Row
from tests.reference.rules import holds


def leaves(each: Enrollment, customer: Customer, path: Path, house: House) -> None:
    """Hard stops and exits first, then the goal, which counts after the end as well."""
    if each.status == "active":
        if each.order_returned:
            each.leave("exited", "order_returned", house.now)
        elif holds(path.journey.exit_when, facts(each, customer, path), house.specs.segments):
            each.leave("exited", "exit_when", house.now)
    goal, bought = path.journey.goal, each.next_order_at
    if goal is None or bought is None or each.goal_at is not None or each.status == "exited":
        return
    until = house.clock.later(each.anchor_at, goal.within, customer.region)
    if bought <= until and bought <= house.now:
        each.goal_at = bought
        if each.status == "active":
            each.leave("finished", "goal", house.now)


def migrates(each: Enrollment, house: House) -> bool:
    """What a new version does to whoever is in an earlier one; whether they begin anew."""
    newest = next((path for path in house.running if path.journey.journey == each.journey), None)
    if newest is None or each.version == newest.version or each.status != "active":
        return False
    if newest.journey.migrate == Migrate.EXIT:
        each.leave("exited", "new_version", house.now)
    if newest.journey.migrate != Migrate.RESTART:
        return False
    each.version, each.node = newest.version, newest.first.id
    each.arrived_at = each.marked_at = house.now
    each.due_at = None
    each.flags.clear()
    return True


def facts(each: Enrollment, customer: Customer, path: Path) -> Row:
    """What rules may ask: the profile, the order that started it, and flags."""
    own = {name: getattr(each, name) for name in ORDER}
    return customer.profile | own | {flag: flag in each.flags for flag in path.flags}


@dataclass
class Traveller:
    """One enrollment on its path as of a moment; `now` is later than the run in foresight."""

    each: Enrollment
    customer: Customer
    path: Path
    house: House
    now: datetime

    @classmethod
    def ahead(
        cls, each: Enrollment, customer: Customer, path: Path, house: House, now: datetime
    ) -> "Traveller":
        """Somebody who is only thought of."""
        alike = replace(each, flags=set(each.flags))
        return cls(alike, customer, path, house, now)

    @property
    def stop(self) -> Stop:
        """Where they stand."""
        return self.path.stops[self.each.node]

    def go(self) -> list[Row]:
        """Go on as far as today allows; the tasks met on the way."""
        tasks: list[Row] = []
        while self.each.status == "active":
            onward = self._visit(tasks)
            if onward is None:
                break
            self.each.node, self.each.due_at = onward.id, None
        return tasks

    def _visit(self, tasks: list[Row]) -> Stop | None:
        """Where to go on, or None."""
        each, step = self.each, self.stop.step
        match step:
            case Wait():
                return self._wait(step.wait)
            case WaitUntil():
                return self._wait_until(step)
            case Send():
                each.due_at = each.due_at or each.arrived_at
                return None
            case Task():
                tasks += self._task(step)
            case Set():
                each.flags.add(step.set)
            case Choose():
                known = facts(each, self.customer, self.path)
                for rule, way in self.stop.ways:
                    if holds(rule, known, self.house.specs.segments):
                        return way
            case Split():
                name, way = self._drawn()
                each.flags.add(f"{self.stop.id}={name}")
                return way
            case _:
                each.due_at = each.arrived_at
                each.leave("finished", "completed", self.now)
                return None
        return self.stop.onward

    def _wait(self, pause: Span | Until) -> Stop | None:
        each = self.each
        each.due_at = each.due_at or self._end(pause)
        # An hour of today is waited for by what follows, for there is one run a day.
        tomorrow = self.house.clock.begins(self.house.clock.day(self.now) + timedelta(days=1))
        over = each.due_at < tomorrow if isinstance(pause, Until) else each.due_at <= self.now
        if not over:
            return None
        each.arrived_at = each.due_at
        return self.stop.onward

    def _wait_until(self, step: WaitUntil) -> Stop | None:
        each, awaited = self.each, step.wait_until
        each.due_at = each.due_at or self._end(awaited.timeout)
        came = self._came(step)
        if came is not None and came <= min(each.due_at, self.now):
            each.arrived_at = max(each.arrived_at, came)
            each.marked_at = max(each.since, came)
            each.flags.discard("timed_out")
            return self.stop.onward
        if each.due_at > self.now:
            return None
        each.arrived_at = each.due_at
        each.flags.add("timed_out")
        if awaited.on_timeout == "go_on":
            return self.stop.onward
        each.leave("finished" if awaited.on_timeout == "end" else "exited", "timed_out", self.now)
        return None

    def _came(self, step: WaitUntil) -> datetime | None:
        """When what is awaited happened first."""
        awaited, clock = step.wait_until, self.house.clock
        if awaited.date is not None:
            value = self.customer.profile[awaited.date]
            return None if value is None else clock.begins(clock.day(value))
        found = [
            event["at"]
            for event in self.customer.events
            if event["kind"] == awaited.event
            and event["at"] <= self.house.now
            and self._counts(event)
        ]
        return min(found, default=None)

    def _counts(self, event: Row) -> bool:
        each = self.each
        match event["kind"]:
            case "delivered" if each.purchase_id is not None:
                return bool(event["purchase_id"] == each.purchase_id)
            case "delivered" | "complaint_closed":
                return bool(event["at"] > each.anchor_at)
            case "order" | "nps":
                return bool(event["at"] > each.since)
        own = each.enrollment_id is not None and event["enrollment_id"] == each.enrollment_id
        return own and bool(event["at"] > each.since)

    def _task(self, step: Task) -> list[Row]:
        each, task, journey = self.each, step.task, self.path.journey
        each.marked_at = self.now
        if journey.status == JourneyStatus.SHADOW or each.arm == "held_out":
            return []
        if journey.purpose == Purpose.ADVERTISING and self.customer.objects:
            return []
        later, region = self.house.clock.later, self.customer.region
        due = later(max(each.arrived_at, self.now), task.due, region)
        escalate = task.escalate_after and later(due, task.escalate_after, region)
        told: dict[str, Any] = {
            "customer_id": self.customer.number,
            "journey": each.journey,
            "entry_key": each.entry_key,
            "node": self.stop.id,
            "kind": task.kind.value,
            "about": task.about,
            "assignee": task.assignee,
            "fallback": task.fallback,
            "due_at": due,
            "escalate_at": escalate,
        }
        return [told]

    def _drawn(self) -> tuple[str, Stop]:
        weights = [(name, weight) for name, weight, _ in self.stop.variants]
        name = drawn(f"{self.each.journey}/{self.stop.id}", weights, self.customer)
        return name, next(way for other, _, way in self.stop.variants if other == name)

    def _end(self, pause: Span | Until) -> datetime:
        clock = self.house.clock
        if isinstance(pause, Until):
            return clock.until(self.each.arrived_at, pause)
        return clock.later(self.each.arrived_at, pause, self.customer.region)


def drawn(salt: str, weights: list[tuple[str, int]], customer: Customer) -> str:
    """What falls to this customer, the same every time."""
    lot = position(salt, [customer.key])[0]
    total, reached = sum(weight for _, weight in weights), 0
    for name, weight in weights:
        reached += weight
        if lot < reached / total:
            return name
    raise AssertionError(salt)

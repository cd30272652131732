"""What to do about every customer, one after the other."""

from dataclasses import dataclass, field
from datetime import datetime

from segments.spec import Send
from segments.state import Specs
from tests.reference.attention import Attention
from tests.reference.entering import enters
from tests.reference.gates import Candidate, candidates, held_back
from tests.reference.house import House
from tests.reference.path import Path
from tests.reference.people import Base, Customer, Enrollment, Row
from tests.reference.travelling import Traveller, leaves, migrates

_GONE = ("queued", "ghost")


@dataclass
class Plan:
    """What to write; where everybody stands is noted in the base itself."""

    sends: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    phases: list[Row] = field(default_factory=list)
    joined: list[tuple[str, int]] = field(default_factory=list)
    left: list[tuple[str, int]] = field(default_factory=list)
    backfilled: dict[str, int] = field(default_factory=dict)


def decide(base: Base, specs: Specs, now: datetime) -> Plan:
    """Live one run with everybody; enrollments of the base are changed in place."""
    house, plan = House(base, specs, now), Plan()
    for customer in base.customers:
        _live(customer, house, plan)
        _note(customer, house, plan)
    plan.backfilled = house.backfilled
    return plan


def _live(customer: Customer, house: House, plan: Plan) -> None:
    """Stops and exits, goals, new versions, entries, steps, and then message by message."""
    entering = [each for path in house.running for each in enters(customer, path, house)]
    fresh = []
    for each in customer.enrollments:
        path = _known(each, house)
        if path is not None:
            leaves(each, customer, path, house)
        if migrates(each, house):
            fresh.append(each)
    customer.enrollments += entering
    for each in customer.enrollments:
        if (path := _known(each, house)) is not None:
            plan.tasks += Traveller(each, customer, path, house, house.now).go()
    waiting: list[Enrollment] = []
    while asking := _at_sends(customer, waiting, house):
        _decide_messages(asking, customer, house)
        plan.sends += [one.told() for one in asking]
        for each in {id(one.each): one.each for one in asking}.values():
            mine = [one for one in asking if one.each is each]
            if any(one.outcome in _GONE for one in mine):
                _touched(each, mine, customer, house)
            if any(one.outcome == "deferred" for one in mine):
                waiting.append(each)
                continue
            path = mine[0].path
            onward = mine[0].stop.onward
            assert onward is not None
            assert each.due_at is not None
            each.arrived_at, each.due_at = max(each.due_at, house.now), None
            each.node = onward.id
            plan.tasks += Traveller(each, customer, path, house, house.now).go()


def _known(each: Enrollment, house: House) -> Path | None:
    """The path of an enrollment, if its journey runs and it has a place in it."""
    path = house.path(each.journey, each.version)
    return path if path is not None and each.node in path.stops else None


def _at_sends(customer: Customer, waiting: list[Enrollment], house: House) -> list[Candidate]:
    found = []
    for each in customer.enrollments:
        path = _known(each, house)
        if path is None or each.status != "active" or any(each is one for one in waiting):
            continue
        if isinstance(path.stops[each.node].step, Send):
            found += candidates(each, customer, path, house)
    return found


def _decide_messages(asking: list[Candidate], customer: Customer, house: House) -> None:
    free = [one for one in asking if not held_back(one, house)]
    Attention(customer, house).decide(free)


def _touched(each: Enrollment, mine: list[Candidate], customer: Customer, house: House) -> None:
    each.marked_at = house.now
    each.first_touch_at = each.first_touch_at or house.now
    gone = [one for one in mine if one.outcome in _GONE]
    touch = {
        "at": max(one.not_before for one in gone),
        "purpose": mine[0].journey.purpose.value,
        "journey": each.journey,
        "enrollment_id": each.enrollment_id,
        "node": mine[0].stop.id,
    }
    customer.touches.append(touch)


def _note(customer: Customer, house: House, plan: Plan) -> None:
    """What changed about the customer since the last run."""
    profile = customer.profile
    changed = [name for name in ("phase", "quadrant") if profile[name] != profile[f"{name}_before"]]
    if changed:
        names = ("customer_id", "phase_before", "phase", "quadrant")
        plan.phases.append({name: profile[name] for name in names})
    for name in {path.journey.enter.segment for path in house.running} - {None}:
        inside, was = house.is_in(customer, name), name in customer.segments
        if inside != was:
            (plan.joined if inside else plan.left).append((str(name), customer.number))

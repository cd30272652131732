"""How worlds for the laws of deciding are drawn: people, what happens to them, days, journeys.

A world is drawn from one number, so that it can be told by that number, and the same number draws
the same world again.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from segments.names import Abc, Phase, Quadrant, Reassurance
from tests.builders import NOW
from tests.lawbook import World
from tests.reference.drawn import DAYS, edited, journeys, policy

Row = dict[str, Any]

_STARTS = [
    NOW,
    NOW,
    NOW,
    datetime(2026, 3, 27, 6, 0, tzinfo=UTC),
    datetime(2026, 10, 23, 5, 0, tzinfo=UTC),
    datetime(2026, 12, 22, 6, 0, tzinfo=UTC),
]
"""An ordinary Monday, days before the clocks change, days before Christmas."""

_ZONES = ["Europe/Berlin", "Europe/Berlin", "Europe/Vienna", "America/New_York", "Asia/Tokyo"]
_REGIONS = ["DE", "DE-BY", "AT", "US"]


def worlds(*, runs: int = 4, people: int = 8) -> st.SearchStrategy[World]:
    """Any world with so many runs and people at most."""
    seeds = st.integers(0, 2**32 - 1)
    return seeds.map(lambda seed: draw_world(seed, runs=runs, people=people))


def draw_world(seed: int, *, runs: int = 5, people: int = 8, least: int = 1) -> World:
    """The world of this number: customers, up to five journeys, and up to `runs` runs."""
    lot = Random(seed)  # noqa: S311 - worlds are drawn again, not kept secret
    start = lot.choice(_STARTS)
    numbers = range(1, lot.randint(least, people) + 1)
    contacts = [
        _contact(lot, 100 + 10 * number + place, number)
        for number in numbers
        for place in range(lot.choice([0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 3]))
    ]
    _wish(Random(f"{seed} wishes"), contacts, start)  # noqa: S311
    rules = policy(lot)
    written = journeys(lot)
    moments = [start]
    for _ in range(lot.randint(min(1, runs - 1), runs - 1)):
        moments.append(moments[-1] + timedelta(hours=lot.choice([3, 24, 24, 25, 48, 72])))
    return World(
        drawn=f"draw_world({seed}, runs={runs}, people={people}, least={least})",
        start=start,
        customers=[_customer(lot, start) for _ in numbers],
        contacts=contacts,
        orders=[
            _order(lot, start, numbers, contacts) for _ in range(lot.randint(0, 3 * len(numbers)))
        ],
        events=[_event(lot, start, numbers) for _ in range(lot.randint(0, 3 * len(numbers)))],
        talks=[_talk(lot, start, numbers) for _ in range(lot.randint(0, len(numbers) // 3))],
        grounds=[
            {"contact_id": person["contact_id"], "category": lot.choice(["chairs", "lamps"])}
            for person in contacts
            if lot.random() < 0.3
        ],
        holidays={
            region: [(start + timedelta(days=lot.randint(-2, DAYS))).date() for _ in range(2)]
            for region in ("DE", "DE-BY", "AT")
        },
        answers=[
            (lot.choice([None, None, "reply", "click", "done"]), lot.randint(1, 60))
            for _ in range(7)
        ],
        journeys=written,
        edited=edited(lot, written),
        edited_from=lot.randint(1, 4),
        started={each["journey"]: _started(lot, start) for each in written},
        backfill={each["journey"]: lot.randint(1, 4) for each in written if lot.random() < 0.3},
        runs=moments,
        policy=rules,
    )


def _started(lot: Random, start: datetime) -> datetime:
    return start - timedelta(days=lot.choice([400, 400, 400, 3, 0]))


def _daily(lot: Random, *values: Any) -> list[Any]:
    """Mostly the same every day, changing once at most."""
    first, then, at = lot.choice(values), lot.choice(values), lot.randint(0, DAYS)
    return [first if day < at else then for day in range(DAYS)]


def _customer(lot: Random, start: datetime) -> Row:
    """What the profile says day by day."""
    day = start.replace(hour=0)
    dates = [
        None,
        *(day + timedelta(days=lot.randint(-3, 9), hours=lot.choice([0, 12, 23])) for _ in "ab"),
    ]
    return {
        "orders": _daily(lot, 0, 1, 2, 3),
        "net_revenue_12m": _daily(lot, None, 0, 50_000, 500_000),
        "last_order_value": _daily(lot, None, 10_000, 120_000),
        "open_complaints": _daily(lot, 0, 0, 0, 0, 0, 0, 1, None),
        "days_since_complaint": _daily(lot, None, None, None, None, None, 3, 40),
        "sales_lock": _daily(lot, False, False, False, True, None),
        "phase": _daily(lot, "expansion", "at_risk", "maturity", *map(str, Phase)),
        "quadrant": _daily(lot, *map(str, Quadrant)),
        "abc": _daily(lot, *map(str, Abc)),
        "reassurance": _daily(lot, *map(str, Reassurance)),
        "days_since_last_order": _daily(lot, None, 1, 30),
        "last_nps": _daily(lot, None, 3, 9),
        "emails_30d": _daily(lot, 0, 3),
        "responses_90d": _daily(lot, 0, 2),
        "contract_end": _daily(lot, *dates),
        "since": _daily(lot, None, day - timedelta(days=365 * 3 - lot.randint(0, 5))),
        "region": [lot.choice(_REGIONS)] * DAYS,
    }


def _contact(lot: Random, contact_id: int, customer_id: int) -> Row:
    def often(share: float = 0.8) -> bool:
        return lot.random() < share

    def used() -> datetime | None:
        return lot.choice([None, NOW - timedelta(days=20), NOW - timedelta(days=900)])

    return {
        "contact_id": contact_id,
        "customer_id": customer_id,
        "role": lot.choice(["buyer", "user", "decision_maker", "billing", None]),
        "has_address": often(0.95),
        "suppressed": often(0.03),
        "suppressed_advertising": often(0.03),
        "suppressed_survey": often(0.03),
        "consent_advertising": often(0.85),
        "consent_survey": often(0.8),
        "unconfirmed_advertising": often(0.3),
        "unconfirmed_survey": often(0.3),
        "used_advertising": used(),
        "used_survey": used(),
        "objected": often(0.04),
        "objects_on": lot.randint(0, 12 * DAYS),
        "bounces_on": lot.randint(0, 12 * DAYS),
        "zone": lot.choice(_ZONES),
        "region": lot.choice(_REGIONS),
    }


def _wish(lot: Random, contacts: list[Row], start: datetime) -> None:
    """What few ask for: advertising less often, or nothing even of what performs the contract."""
    if lot.random() < 0.3:
        for person in contacts:
            days = lot.choice([None, None, None, lot.randint(0, 9)])
            person["rests_until"] = None if days is None else start + timedelta(days=days)
    for purpose in ("service", "legal"):
        if lot.random() < 0.2:
            for person in contacts:
                person[f"suppressed_{purpose}"] = lot.random() < 0.1


def _order(lot: Random, start: datetime, numbers: range, contacts: list[Row]) -> Row:
    """Bought then, known then or days later."""
    at = start + timedelta(hours=lot.randint(-70, 24 * 5), minutes=lot.choice([0, 30]))
    return {
        "customer_id": lot.choice(numbers),
        "contact_id": lot.choice([None, *(person["contact_id"] for person in contacts)]),
        "at": at,
        "known_at": at + timedelta(days=lot.choice([0, 0, 0, 1, 3])),
        "order_value": lot.choice([10_000, 300_000]),
        "order_category": lot.choice(["chairs", "lamps", None]),
        "order_discounted": lot.choice([True, False]),
        "categories": lot.choice(["chairs", "chairs\nlamps", "lamps", ""]),
        "products": lot.choice(["", "P1", "P1\nP2"]),
        "returned_at": at + timedelta(days=lot.choice([2, 5, 99, 99])),
        "delivered_at": at + timedelta(days=lot.choice([1, 2, 99])),
    }


def _event(lot: Random, start: datetime, numbers: range) -> Row:
    at = start + timedelta(hours=lot.randint(-70, 24 * 5))
    return {
        "kind": lot.choice(["complaint_opened", "complaint_closed", "nps", "manual"]),
        "customer_id": lot.choice(numbers),
        "at": at,
        "known_at": at + timedelta(days=lot.choice([0, 0, 1, 3])),
        "journey": f"j{lot.randint(0, 3)}",
        "score": lot.choice([None, 0, 4, 9, 10]),
    }


def _talk(lot: Random, start: datetime, numbers: range) -> Row:
    at = start + timedelta(hours=lot.randint(-70, 24 * 5))
    return {"customer_id": lot.choice(numbers), "at": at}


def steady(world: World) -> World:
    """The same world with nothing changing but the time: what happens is known when it happens,
    nobody is taken out, and a message waits for no other but those of the same day."""
    journeys = [
        {name: value for name, value in each.items() if name not in ("goal", "exit_when")}
        | {"steps": _without_tasks(each["steps"]), "enter": _once(each["enter"])}
        for each in world.journeys
        if each["enter"]["on"] != "schedule"
    ]
    attention = {"caps": [], "min_gap": "0 days", "look_ahead": "0 days"}
    return replace(
        world,
        customers=[
            {name: values[:1] * DAYS for name, values in person.items()}
            for person in world.customers
        ],
        contacts=[row | {"objects_on": 9 * DAYS, "bounces_on": 9 * DAYS} for row in world.contacts],
        orders=[
            row | {"known_at": row["at"], "returned_at": row["at"] + timedelta(days=99)}
            for row in world.orders
        ],
        events=[row | {"known_at": row["at"]} for row in world.events],
        talks=[],
        journeys=journeys,
        edited_from=99,
        started={each["journey"]: world.start - timedelta(days=400) for each in journeys},
        backfill={},
        policy=world.policy | {"attention": attention, "late_data": "14 days"},
    )


def _once(enter: Row) -> Row:
    return enter | ({"again": "never"} if enter["again"].startswith("after") else {})


def _without_tasks(steps: list[Row]) -> list[Row]:
    """What counts as an answer depends on the run that made a task."""
    found = []
    for step in steps:
        each = {"wait": "0 days"} if "task" in step else step
        for key in ("choose", "split"):
            if key in each:
                each = each | {key: [_way(way) for way in each[key]]}
        found.append(each)
    return found


def _way(way: Row) -> Row:
    key = "else" if "else" in way else "steps"
    return way | {key: _without_tasks(way[key])}

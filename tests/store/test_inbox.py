"""Orders told together with the message before them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from flows.store.attribution import attribute_orders
from flows.store.models import Enrollment, JourneyVersion, Purchase, Response
from flows.store.session import writing
from tests.delivery.rows import DAY, NOW, enrollment, furnish, put, send


def buy(engine: Engine, number: int, **changes: Any) -> None:
    row = {
        "id": number,
        "key": f"O{number}",
        "customer_id": 1,
        "ordered_at": NOW - DAY,
        "kind": "sale",
        "currency": "EUR",
        "total": 9_000,
    }
    with engine.begin() as connection:
        connection.execute(insert(Purchase).values(row | changes))


def attribute(engine: Engine) -> list[tuple[Any, ...]]:
    with writing(engine) as connection:
        before = len(connection.execute(select(Response.id)).all())
        count = attribute_orders(connection, NOW)
        assert len(connection.execute(select(Response.id)).all()) == before + count
        rows = connection.execute(
            select(Response.key, Response.send_id, Response.purchase_id, Response.at)
        )
        return sorted(map(tuple, rows))


def handed_over(number: int, days_ago: float, **changes: Any) -> dict[str, Any]:
    return send(number, outcome="accepted", handed_over_at=NOW - days_ago * DAY, **changes)


def test_an_order_goes_with_the_latest_message_before_it_once(engine: Engine) -> None:
    furnish(engine)
    put(engine, handed_over(1, 4), handed_over(2, 3), handed_over(3, 0.5))
    buy(engine, 2)
    expected = [("order:2:1", 2, 2, NOW - DAY)]
    assert attribute(engine) == expected
    assert attribute(engine) == expected


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ({}, True),
        ({"kind": "credit", "total": -9_000}, False),
        ({"cancelled_at": NOW - DAY / 2}, False),
        ({"cancelled_at": NOW + DAY}, True),
        ({"ordered_at": NOW + timedelta(seconds=1)}, False),
        ({"ordered_at": NOW}, True),
        ({"ordered_at": NOW - 4 * DAY}, False),
    ],
)
def test_only_orders_that_stand_count(engine: Engine, order: dict[str, Any], found: bool) -> None:
    furnish(engine)
    put(engine, handed_over(1, 3))
    buy(engine, 2, **order)
    assert bool(attribute(engine)) is found


def test_the_order_that_started_a_journey_is_not_its_success(engine: Engine) -> None:
    furnish(engine)
    put(engine, handed_over(1, 4))
    with engine.begin() as connection:
        connection.execute(update(Purchase).values(ordered_at=NOW - DAY))
    assert attribute(engine) == []


@pytest.mark.parametrize(
    ("entered", "sent", "within", "found"),
    [
        (30, 29, "30 days", True),
        (31.1, 29, "30 days", False),
        (85, 84, "12 weeks", True),
        (200, 91.1, "300 days", False),
        (200, 90.9, "300 days", True),
    ],
    ids=["inside", "after the goal", "weeks", "long after the message", "late in a long goal"],
)
def test_goal_and_distance_limit_what_is_told_together(
    engine: Engine, entered: float, sent: float, within: str, found: bool
) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(update(Enrollment).values(entered_at=NOW - entered * DAY))
        connection.execute(update(JourneyVersion).values(spec={"goal": {"within": within}}))
    put(engine, handed_over(1, sent))
    buy(engine, 2)
    assert bool(attribute(engine)) is found


def test_a_journey_without_a_goal_claims_no_orders(engine: Engine) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(update(JourneyVersion).values(spec={"goal": None}))
    put(engine, handed_over(1, 3))
    buy(engine, 2)
    assert attribute(engine) == []


def test_ghosts_and_doubtful_sends_claim_no_orders(engine: Engine) -> None:
    furnish(engine)
    put(
        engine,
        send(1, outcome="ghost"),
        handed_over(2, 3) | {"outcome": "in_doubt"},
        handed_over(3, 3) | {"outcome": "bounced"},
    )
    buy(engine, 2)
    assert attribute(engine) == []


def test_each_enrollment_is_told_for_itself(engine: Engine) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(insert(Enrollment).values(enrollment(2, entry_key="order:x")))
    put(engine, handed_over(1, 4), handed_over(2, 3, enrollment_id=2))
    buy(engine, 2)
    assert [row[:2] for row in attribute(engine)] == [("order:2:1", 1), ("order:2:2", 2)]

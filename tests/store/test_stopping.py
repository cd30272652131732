"""What speaks against a send, seen in the transaction that takes it: one case at a time."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, update

from flows.store import outbox
from flows.store.models import (
    Complaint,
    Contact,
    Enrollment,
    Purchase,
    SalesLock,
    Suppression,
)
from flows.store.stops import hold_back
from segments.names import Outcome, SkipReason
from tests.delivery.rows import DAY, LIVE, NOW, column, furnish, object_to, outcomes, put, send
from tests.store.claiming import line


def suppress(**values: Any) -> Any:
    row = {"email": "ada@example.com", "reason": "manual", "at": NOW - DAY, "source": "test"}
    return insert(Suppression).values(row | values)


def complain(**values: Any) -> Any:
    row = {"key": "B1", "customer_id": 1, "opened_at": NOW - DAY}
    return insert(Complaint).values(row | values)


def lock(**values: Any) -> Any:
    row = {"customer_id": 1, "since": NOW - DAY, "until": NOW + 9 * DAY, "source": "hand"}
    return insert(SalesLock).values(row | values)


def credit(total: int, **values: Any) -> Any:
    row = {
        "id": 2,
        "key": "G1",
        "customer_id": 1,
        "ordered_at": NOW - DAY,
        "kind": "credit",
        "credit_of_id": 1,
        "currency": "EUR",
        "total": total,
    }
    return insert(Purchase).values(row | values)


HOLD = timedelta(days=2, hours=1)
STOPS = {
    "nothing speaks against it": ([], {}, None),
    "its journey is not live": ([], {"journey": "other"}, SkipReason.JOURNEY_NOT_LIVE),
    "it is stale": ([], {"valid_until": NOW - DAY}, SkipReason.EXPIRED),
    "it is valid to this moment": ([], {"valid_until": NOW}, None),
    "nobody to write to": ([], {"contact_id": None}, SkipReason.NO_CONTACT),
    "no address": ([update(Contact).values(email=None)], {}, SkipReason.NO_ADDRESS),
    "an empty address": ([update(Contact).values(email="")], {}, SkipReason.NO_ADDRESS),
    "suppressed for everything": ([suppress()], {"purpose": "service"}, SkipReason.SUPPRESSED),
    "suppressed for its purpose": (
        [suppress(purpose="survey")],
        {"purpose": "survey"},
        "suppressed",
    ),
    "suppressed for another purpose": ([suppress(purpose="survey")], {}, None),
    "suppressed only tomorrow": ([suppress(at=NOW + DAY)], {}, None),
    "another address suppressed": ([suppress(email="eve@example.com")], {}, None),
    "complaint open": ([complain()], {}, SkipReason.COMPLAINT_OPEN),
    "complaint open, survey": ([complain()], {"purpose": "survey"}, SkipReason.COMPLAINT_OPEN),
    "complaint open, service": ([complain()], {"purpose": "service"}, None),
    "complaint closed long ago": ([complain(closed_at=NOW - 3 * DAY)], {}, None),
    "complaint closed now": ([complain(closed_at=NOW)], {}, SkipReason.COMPLAINT_HOLD),
    "complaint closed lately": (
        [complain(opened_at=NOW - 9 * DAY, closed_at=NOW - 2 * DAY)],
        {"purpose": "survey"},
        SkipReason.COMPLAINT_HOLD,
    ),
    "complaint closed lately, service": ([complain(closed_at=NOW)], {"purpose": "service"}, None),
    "negotiation under way": ([lock()], {}, SkipReason.SALES_LOCK),
    "negotiation under way, survey": ([lock()], {"purpose": "survey"}, None),
    "negotiation begins tomorrow": ([lock(since=NOW + DAY)], {}, None),
    "negotiation is over": ([lock(until=NOW)], {}, None),
    "goal reached": (
        [update(Enrollment).values(status="finished", goal_at=NOW)],
        {"purpose": "service"},
        SkipReason.GOAL_REACHED,
    ),
    "complaint closes later": ([complain(closed_at=NOW + DAY)], {}, SkipReason.COMPLAINT_OPEN),
    "complaint opens later": ([complain(opened_at=NOW + DAY)], {}, None),
    "order cancelled": ([update(Purchase).values(cancelled_at=NOW)], {}, SkipReason.ORDER_RETURNED),
    "order cancelled later": ([update(Purchase).values(cancelled_at=NOW + DAY)], {}, None),
    "order given back": ([credit(-50_000)], {"purpose": "service"}, SkipReason.ORDER_RETURNED),
    "order given back in part": ([credit(-49_999)], {}, None),
    "order given back later": ([credit(-50_000, ordered_at=NOW + DAY)], {}, None),
    "credit note withdrawn": ([credit(-50_000, cancelled_at=NOW - DAY)], {}, None),
    "enrollment taken out": ([update(Enrollment).values(status="exited")], {}, SkipReason.EXITED),
    "enrollment came to its end": ([update(Enrollment).values(status="finished")], {}, None),
}


@pytest.mark.parametrize("case", STOPS)
def test_what_speaks_against_a_send_is_seen_before_it_is_claimed(engine: Engine, case: str) -> None:
    statements, changes, reason = STOPS[case]
    furnish(engine)
    put(engine, send(1, **changes))
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)
    with outbox.side_by_side(engine) as connection:
        found = line(connection, hold=HOLD)
        noted = column(connection, "reason")[1]
    assert list(found.sends) == ([] if reason else [1])
    assert found.held_back == (Counter({reason: 1}) if reason else Counter())
    assert noted == reason
    stopped = "expired" if reason == SkipReason.EXPIRED else "cancelled"
    assert outcomes(engine) == {1: stopped if reason else "queued"}


@pytest.mark.parametrize(
    ("purpose", "changes", "stopped"),
    [
        ("advertising", {}, True),
        ("survey", {}, True),
        ("service", {}, False),
        ("legal", {}, False),
        ("advertising", {"kind": "consent"}, False),
        ("advertising", {"at": NOW + DAY}, False),
        ("advertising", {"ended_at": NOW}, False),
        ("advertising", {"ended_at": NOW + DAY}, True),
    ],
)
def test_an_objection_stops_advertising_and_surveys(
    engine: Engine, purpose: str, changes: dict[str, Any], stopped: bool
) -> None:
    furnish(engine)
    object_to(engine, **changes)
    put(engine, send(1, purpose=purpose))
    with engine.begin() as connection:
        counts = hold_back(connection, NOW, LIVE)
    assert counts == (Counter({SkipReason.OBJECTED: 1}) if stopped else Counter())


def test_holding_back_leaves_what_is_not_queued_alone(engine: Engine) -> None:
    furnish(engine)
    put(engine, *(send(n, outcome=word) for n, word in enumerate(Outcome, 1) if word != "queued"))
    before = outcomes(engine)
    with engine.begin() as connection:
        assert not hold_back(connection, NOW, live=set())
    assert outcomes(engine) == before

"""The law once more, in the transaction that takes a send: what was allowed may not be any more."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, update

from flows.store import outbox
from flows.store.models import Contact, Permission, Purchase, Suppression
from flows.store.outbox import Foremost
from flows.store.session import writing
from flows.store.stops import hold_back
from segments.names import SkipReason
from tests.delivery.rows import DAY, LIVE, NOW, column, furnish, object_to, outcomes, put, send
from tests.store.claiming import line, take

EARLY = NOW - 9 * DAY
SINCE = NOW - DAY / 2
"""Later than the decision, which is a day old."""

CONSENT = {"kind": "consent", "at": EARLY}
ASKED = {**CONSENT, "requested_at": EARLY}
SURVEYS = {**CONSENT, "purpose": "survey"}
GROUND = {
    "kind": "existing_customer",
    "at": EARLY,
    "purchase_id": 7,
    "category": "chairs",
    "notice": "order form V7",
    "collected_at": EARLY,
}
SECOND = {**GROUND, "at": SINCE, "purchase_id": 8}
ON_CONSENT = {"basis": "consent"}
ON_PURCHASE = {"basis": "existing_customer"}
SURVEY = {"purpose": "survey", "basis": "consent"}


def permit(connection: Connection, *rows: dict[str, Any]) -> None:
    """Write permissions of contact 1, for advertising unless a row says otherwise."""
    for row in rows:
        values = {"contact_id": 1, "purpose": "advertising", **row}
        connection.execute(insert(Permission).values(values))


def buy(connection: Connection, number: int, **values: Any) -> None:
    """An order beside the one that started the enrollment."""
    row = {"id": number, "key": f"O{number}", "customer_id": 1, "kind": "sale", "currency": "EUR"}
    connection.execute(
        insert(Purchase).values(row | {"ordered_at": EARLY, "total": 10_000} | values)
    )


@pytest.mark.parametrize(
    ("permissions", "changes", "stopped"),
    [
        ([CONSENT], ON_CONSENT, False),
        ([], ON_CONSENT, True),
        ([{**CONSENT, "ended_at": NOW}], ON_CONSENT, True),
        ([{**CONSENT, "ended_at": NOW + DAY}], ON_CONSENT, False),
        ([{**CONSENT, "ended_at": SINCE}, {**CONSENT, "at": SINCE}], ON_CONSENT, False),
        ([{**CONSENT, "ended_at": SINCE}, {**ASKED, "at": SINCE}], ON_CONSENT, True),
        ([ASKED], ON_CONSENT, False),
        ([{**ASKED, "confirmed_at": EARLY}], ON_CONSENT, False),
        ([{**CONSENT, "contact_id": 2}], ON_CONSENT, True),
        ([SURVEYS], ON_CONSENT, True),
        ([{**CONSENT, "kind": "tracking"}], ON_CONSENT, True),
        ([SURVEYS], SURVEY, False),
        ([CONSENT], SURVEY, False),
        ([{**SURVEYS, "ended_at": NOW}], SURVEY, True),
        ([], {"purpose": "service", "basis": "contract"}, False),
    ],
    ids=[
        "consent",
        "consent gone",
        "consent withdrawn",
        "withdrawn tomorrow",
        "withdrawn and given again",
        "withdrawn and only asked for again",
        "asked for, where that is enough",
        "confirmed",
        "consent of somebody else",
        "consent to surveys only",
        "leave to see what is opened",
        "a survey on its consent",
        "a survey on that to advertising",
        "consent to surveys withdrawn",
        "service needs none",
    ],
)
def test_a_message_that_rests_on_consent_stops_with_it(
    engine: Engine, permissions: list[dict[str, Any]], changes: dict[str, Any], stopped: bool
) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(insert(Contact).values(id=2, key="K2", customer_id=1))
        permit(connection, *permissions)
    put(engine, send(1, **changes))
    with engine.begin() as connection:
        counts = hold_back(connection, NOW, LIVE)
    assert counts == (Counter({SkipReason.NO_PERMISSION: 1}) if stopped else Counter())


@pytest.mark.parametrize(
    ("permissions", "orders", "stopped"),
    [
        ([GROUND], {7: {}}, False),
        ([], {7: {}}, True),
        ([{**GROUND, "ended_at": NOW}], {7: {}}, True),
        ([{**GROUND, "notice": None}], {7: {}}, True),
        ([GROUND], {7: {"cancelled_at": NOW}}, True),
        ([GROUND], {7: {"cancelled_at": NOW + DAY}}, False),
        ([GROUND], {7: {}, 8: {"kind": "credit", "credit_of_id": 7, "total": -10_000}}, True),
        ([GROUND], {7: {}, 8: {"kind": "credit", "credit_of_id": 7, "total": -9_999}}, False),
        ([GROUND, SECOND], {7: {"cancelled_at": EARLY}, 8: {}}, False),
        ([GROUND, SECOND], {7: {"cancelled_at": SINCE}, 8: {}}, True),
    ],
    ids=[
        "a purchase",
        "no purchase",
        "the ground ended",
        "the notice is missing",
        "cancelled",
        "cancelled tomorrow",
        "given back",
        "given back in part",
        "one of two cancelled long ago",
        "one of two cancelled since it was decided",
    ],
)
def test_a_message_that_rests_on_a_purchase_stops_with_it(
    engine: Engine,
    permissions: list[dict[str, Any]],
    orders: dict[int, dict[str, Any]],
    stopped: bool,
) -> None:
    furnish(engine)
    with engine.begin() as connection:
        for number, values in orders.items():
            buy(connection, number, **values)
        permit(connection, *permissions)
    put(engine, send(1, **ON_PURCHASE))
    with engine.begin() as connection:
        counts = hold_back(connection, NOW, LIVE)
    assert counts == (Counter({SkipReason.NO_PERMISSION: 1}) if stopped else Counter())


@pytest.mark.parametrize(("agreed", "stopped"), [(CONSENT, True), (SURVEYS, False)])
def test_unsubscribing_from_advertising_stops_surveys_nobody_agreed_to(
    engine: Engine, agreed: dict[str, Any], stopped: bool
) -> None:
    furnish(engine)
    with engine.begin() as connection:
        permit(connection, agreed)
        row = {"email": "ada@example.com", "reason": "unsubscribe", "purpose": "advertising"}
        connection.execute(insert(Suppression).values(row | {"at": SINCE, "source": "test"}))
    put(engine, send(1, **SURVEY))
    with engine.begin() as connection:
        counts = hold_back(connection, NOW, LIVE)
    assert counts == (Counter({SkipReason.SUPPRESSED: 1}) if stopped else Counter())


def test_somebody_elses_consent_to_surveys_does_not_help(engine: Engine) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(insert(Contact).values(id=2, key="K2", customer_id=1))
        permit(connection, CONSENT, {**SURVEYS, "contact_id": 2})
        row = {"email": "ada@example.com", "reason": "unsubscribe", "purpose": "advertising"}
        connection.execute(insert(Suppression).values(row | {"at": SINCE, "source": "test"}))
    put(engine, send(1, **SURVEY), send(2, contact_id=2, outcome="accepted"))
    with outbox.side_by_side(engine) as connection:
        assert line(connection) == Foremost({}, Counter({SkipReason.SUPPRESSED: 1}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("objection", SkipReason.OBJECTED),
        ("withdrawal", SkipReason.NO_PERMISSION),
    ],
)
def test_whoever_says_stop_while_a_run_goes_on_gets_nothing_that_is_not_handed_over(
    engine: Engine, change: str, reason: SkipReason
) -> None:
    """Two transactions: one delivers block by block, between two of which the other commits."""
    furnish(engine)
    with engine.begin() as connection:
        permit(connection, CONSENT)
    put(engine, send(1, priority=90, **ON_CONSENT), send(2, **ON_CONSENT))
    with writing(engine) as connection:
        assert not hold_back(connection, NOW, LIVE)
    with outbox.side_by_side(engine) as delivering:
        assert take(delivering, 1, "c1") == [1]
    if change == "objection":
        object_to(engine, at=NOW)
    else:
        with engine.begin() as connection:
            connection.execute(update(Permission).values(ended_at=NOW))
    with outbox.side_by_side(engine) as delivering:
        second = line(delivering, 1)
        noted = column(delivering, "reason")
    assert second == Foremost({}, Counter({reason: 1}))
    assert noted[2] == reason
    assert outcomes(engine) == {1: "claimed", 2: "cancelled"}


def test_an_objection_committed_while_another_waits_to_claim_is_seen(engine: Engine) -> None:
    """The claim reads when it is made, not when its connection was opened."""
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    furnish(engine)
    put(engine, send(1))
    with outbox.side_by_side(engine) as delivering:
        assert outbox.waiting(delivering, NOW) == 1
        object_to(engine, at=NOW)
        found = line(delivering)
    assert found == Foremost({}, Counter({SkipReason.OBJECTED: 1}))
    assert outcomes(engine) == {1: "cancelled"}

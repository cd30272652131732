"""From what somebody asked for and what they got to when the next advertising may come."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, insert

from flows.store.models import Contact, Preference
from flows.store.reading_contacts import read_contacts
from segments.policy import Policy
from tests.delivery.rows import DAY, NOW, furnish, put, send

MONTH = timedelta(days=30)


def rests(engine: Engine, now: datetime = NOW) -> list[Any]:
    with engine.connect() as connection:
        people = read_contacts(connection, Policy(), now, 1, 1)
    assert people["contact_id"].tolist() == [1, 2]
    if "rests_until" not in people:
        return []
    return [None if pd.isna(each) else each.to_pydatetime() for each in people["rests_until"]]


def asks(engine: Engine, days: int | None, at: datetime = NOW - 5 * DAY) -> None:
    furnish(engine)
    with engine.begin() as connection:
        connection.execute(insert(Contact).values(id=2, key="K2", customer_id=1, email="b@c.de"))
        connection.execute(insert(Preference).values(contact_id=1, apart_days=days, at=at))


@pytest.mark.parametrize("outcome", ["delivered", "ghost", "queued"])
def test_it_counts_from_the_last_advertising_that_was_decided(engine: Engine, outcome: str):
    asks(engine, 30)
    put(engine, send(1, outcome=outcome, decided_at=NOW - 9 * DAY, not_before=NOW - 9 * DAY))
    put(engine, send(2, outcome=outcome, decided_at=NOW - 3 * DAY, not_before=NOW - 3 * DAY))
    assert rests(engine) == [NOW - 3 * DAY + MONTH, None]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "skipped"},
        {"outcome": "deferred"},
        {"purpose": "service"},
        {"purpose": "survey"},
        {"contact_id": 2},
        {"decided_at": NOW + DAY},
    ],
    ids=str,
)
def test_what_did_not_come_or_was_no_advertising_does_not_count(
    engine: Engine, changes: dict[str, Any]
):
    asks(engine, 30)
    put(engine, send(1, **({"outcome": "delivered"} | changes)))
    assert rests(engine) == []


def test_without_a_wish_or_before_it_was_said_nobody_rests(engine: Engine):
    asks(engine, 30, at=NOW + DAY)
    put(engine, send(1, outcome="delivered"))
    assert rests(engine) == []
    assert rests(engine, NOW + 2 * DAY) == [NOW - DAY + MONTH, None]

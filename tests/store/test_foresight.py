"""What a change of the YAML would meet, from a few rows."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from flows.store import foresight
from flows.store.models import Enrollment, JourneyVersion, Purchase
from tests.store.rows import NOW, ago, people, put


def test_those_under_way_are_counted_by_version_and_node(engine: Engine):
    people(engine, 3)
    put(
        engine,
        Enrollment,
        *({"id": number, "customer_id": number} for number in (1, 2)),
        {"id": 3, "customer_id": 3, "status": "exited"},
        {"id": 4, "customer_id": 3, "version": "v2", "node": "call", "entry_key": "again"},
    )
    with engine.connect() as connection:
        found = foresight.under_way(connection).to_dict("split")["data"]
    assert found == [["care", "v1", "thanks", 2], ["care", "v2", "call", 1]]


def test_customers_in_two_journeys_count_once_however_often_they_are_in(engine: Engine):
    people(engine, 2)
    put(
        engine,
        Enrollment,
        {"id": 1, "customer_id": 1},
        {"id": 2, "customer_id": 1, "entry_key": "second order"},
        {"id": 3, "customer_id": 1, "journey": "letter"},
        {"id": 4, "customer_id": 2, "journey": "letter"},
        {"id": 5, "customer_id": 2, "status": "finished"},
    )
    with engine.connect() as connection:
        found = foresight.in_two(connection).to_dict("split")["data"]
    assert found == [["care", "letter", 1]]


def test_entries_a_day_count_from_the_journeys_start_if_that_is_later(engine: Engine):
    people(engine, 3)
    version = {"journey": "care", "version": "v1", "spec": {}, "started_at": ago(10)}
    put(engine, JourneyVersion, {"id": 1, **version})
    put(
        engine,
        Enrollment,
        *({"id": number, "customer_id": number, "entered_at": ago(4)} for number in (1, 2)),
        {"id": 3, "customer_id": 3, "entered_at": ago(200)},
        {"id": 4, "customer_id": 3, "journey": "old", "entered_at": ago(30)},
    )
    with engine.connect() as connection:
        daily = foresight.entries(connection, ago(90), NOW)
    assert daily == {"care": pytest.approx(2 / 10), "old": pytest.approx(1 / 90)}


def test_the_spread_of_revenue_counts_those_who_bought_nothing_lately(engine: Engine):
    people(engine, 4)
    put(
        engine,
        Purchase,
        {"id": 1, "customer_id": 1, "ordered_at": ago(5), "total": 30_000},
        {"id": 2, "customer_id": 1, "ordered_at": ago(2), "kind": "credit", "total": -10_000},
        {"id": 3, "customer_id": 2, "ordered_at": ago(5), "total": 40_000},
        {"id": 4, "customer_id": 2, "ordered_at": ago(3), "total": 9, "cancelled_at": ago(2)},
        {"id": 5, "customer_id": 3, "ordered_at": ago(50), "total": 70_000},
    )
    with engine.connect() as connection:
        spread = foresight.revenue_spread(connection, timedelta(days=30), NOW)
        assert foresight.revenue_spread(connection, timedelta(days=30), ago(60)) is None
    # 20,000, 40,000 and nothing; the fourth never bought.
    assert spread == pytest.approx(20_000)


def test_revenue_is_summed_beside_that_of_the_period_before(engine: Engine):
    people(engine, 3)
    put(
        engine,
        Purchase,
        {"id": 1, "customer_id": 1, "ordered_at": ago(5), "total": 300},
        {"id": 2, "customer_id": 1, "ordered_at": ago(40), "total": 200},
        {"id": 3, "customer_id": 2, "ordered_at": ago(45), "total": 100},
        {"id": 4, "customer_id": 2, "ordered_at": ago(90), "total": 9_999},
    )
    with engine.connect() as connection:
        sums = foresight.revenue_sums(connection, timedelta(days=30), NOW)
        nobody = foresight.revenue_sums(connection, timedelta(days=30), ago(900))
    assert sums == {
        "complete": 2,
        "total": 300,
        "squares": 90_000,
        "before": 300,
        "before_squares": 50_000,
        "product": 60_000,
    }
    assert set(nobody.values()) == {0}

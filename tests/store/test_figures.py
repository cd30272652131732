"""What the store knows about customers as of a moment, on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert

from flows.store.figures import base_figures, customer_figures, everybody_figures
from flows.store.models import (
    Base,
    Complaint,
    Contact,
    Customer,
    Enrollment,
    Interaction,
    Purchase,
    Run,
    Send,
    Suppression,
)
from segments.customer.profile import base, profiles
from segments.policy import Policy

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
POLICY = Policy()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def put(connection: Connection, model: type[Base], *rows: dict[str, Any]) -> None:
    """Insert rows one by one, each with what it names and ordinary values for the rest."""
    ordinary: dict[type[Base], dict[str, Any]] = {
        Purchase: {"customer_id": 1, "kind": "sale", "currency": "EUR", "total": 10_000},
        Contact: {"customer_id": 1},
        Complaint: {"customer_id": 1},
        Interaction: {"customer_id": 1, "channel": "call"},
        Send: {
            "enrollment_id": 1,
            "customer_id": 1,
            "journey": "j",
            "version": "v",
            "message": "m",
            "purpose": "service",
            "priority": 50,
            "outcome": "delivered",
            "due_at": ago(1),
            "valid_until": ago(-1),
            "not_before": ago(40),
            "decided_at": ago(40),
            "occurrence": 0,
            "run_id": 1,
        },
        Suppression: {"reason": "manual", "source": "test"},
        Customer: {},
    }
    for row in rows:
        connection.execute(insert(model).values({**ordinary.get(model, {}), **row}))


def sale(number: int, at: datetime, **more: Any) -> dict[str, Any]:
    return {"id": number, "key": f"O{number}", "ordered_at": at, **more}


def credit(number: int, at: datetime, of: int, total: int) -> dict[str, Any]:
    return sale(number, at, kind="credit", credit_of_id=of, total=total)


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """Two customers; the first has bought twice, complained, talked to us and got mail."""
    with engine.begin() as connection:
        put(
            connection,
            Customer,
            {"id": 1, "key": "K1", "country": "DE", "locale": "de", "owner": "anna"},
            {"id": 2, "key": "K2"},
        )
        put(
            connection,
            Purchase,
            sale(1, ago(50), total=20_000, list_total=25_000, cost=9_000, category="desks"),
            sale(2, ago(10), total=30_000, list_total=30_000, cost=9_000, category="chairs"),
            credit(3, ago(5), 2, -10_000) | {"cost": -3_000},
        )
        put(
            connection,
            Contact,
            {"id": 1, "key": "P1", "email": "One@example.com"},
            {"id": 2, "key": "P2", "email": "two@example.com"},
            {"id": 3, "key": "P3", "email": "three@example.com"},
            {"id": 4, "key": "P4"},
        )
        put(
            connection,
            Suppression,
            {"email": "one@example.com", "at": ago(3)},
            {"email": "two@example.com", "at": ago(3), "purpose": "advertising"},
        )
        put(
            connection,
            Complaint,
            {"id": 1, "key": "B1", "opened_at": ago(9)},
            {"id": 2, "key": "B2", "opened_at": ago(9), "closed_at": ago(2)},
        )
        put(
            connection,
            Interaction,
            {"id": 1, "key": "I1", "at": ago(30), "mood": "angry"},
            {"id": 2, "key": "I2", "at": ago(20), "mood": "content"},
            {"id": 3, "key": "I3", "at": ago(4)},
        )
        put(connection, Run, {"id": 1, "kind": "plan", "as_of": NOW, "started_at": NOW})
        moments = dict.fromkeys(["arrived_at", "due_at", "anchor_at", "entered_at"], ago(60))
        put(
            connection,
            Enrollment,
            {
                "id": 1,
                "customer_id": 1,
                "journey": "j",
                "version": "v",
                "entry_key": "e",
                "arm": "treated",
                "status": "active",
                "node": "n",
                "run_id": 1,
                **moments,
            },
        )
        put(
            connection,
            Send,
            {"id": 1, "step": "a", "contact_id": 3, "handed_over_at": ago(31)},
            {"id": 2, "step": "b", "contact_id": 3, "handed_over_at": ago(29)},
            {"id": 3, "step": "c", "contact_id": 3, "handed_over_at": None, "outcome": "queued"},
        )
    return engine


def figures(engine: Engine, now: datetime = NOW, first: int = 1, last: int = 9) -> pd.DataFrame:
    with engine.connect() as connection:
        return customer_figures(connection, now, first, last)


def test_the_figures_of_a_customer_with_a_history(shop: Engine):
    found = figures(shop).set_index("customer_id").loc[1]
    expected = {
        "customer_key": "K1",
        "country": "DE",
        "owner": "anna",
        "orders": 2,
        "order_value_total": 40_000,
        "net_revenue_12m": 40_000,
        "net_revenue_total": 40_000,
        "margin_12m": 25_000,
        "first_order_at": ago(50),
        "last_order_at": ago(10),
        "last_order_value": 20_000,
        "discounted_orders": 1,
        "priced_orders": 2,
        "last_category": "chairs",
        "first_in_category": True,
        "last_order_returned": False,
        "gap_days": 40.0,
        "gaps": 1,
        "open_complaints": 1,
        "last_mood": "content",
        "last_contact_at": ago(4),
        "emails_30d": 1,
        "contacts": 2,
    }
    assert {name: found[name] for name in expected} == expected


def test_a_customer_without_orders_has_figures_too(shop: Engine):
    found = figures(shop).set_index("customer_id").loc[2]
    nothing = ["orders", "net_revenue_total", "margin_12m", "emails_30d", "contacts", "gaps"]
    assert [found[name] for name in nothing] == [0] * 6
    assert found[["last_order_at", "last_order_value", "gap_days", "last_mood"]].isna().all()


def test_only_the_customers_asked_for_come(shop: Engine):
    assert figures(shop, first=2, last=2)["customer_id"].tolist() == [2]
    assert figures(shop, first=3, last=9).empty
    pd.testing.assert_series_equal(figures(shop, first=3).dtypes, figures(shop).dtypes)


def test_an_empty_store_has_an_empty_base(engine: Engine):
    with engine.connect() as connection:
        assert base_figures(connection, NOW, POLICY).gap_days is None


def test_everybody_at_once_is_the_same_as_a_range(shop: Engine):
    with shop.connect() as connection:
        pd.testing.assert_frame_equal(everybody_figures(connection, NOW), figures(shop))


def test_an_empty_store_has_nobody(engine: Engine):
    with engine.connect() as connection:
        assert everybody_figures(connection, NOW).empty


def test_the_base_from_the_store_is_the_base_of_all_figures(shop: Engine):
    with shop.connect() as connection:
        assert base_figures(connection, NOW, POLICY) == base(figures(shop), POLICY, NOW)


def test_how_a_customer_stood_later_is_not_known_before(shop: Engine):
    with shop.begin() as connection:
        stored = {"phase": "expansion", "phase_since": ago(3), "quadrant": "top"}
        connection.execute(Customer.__table__.update().where(Customer.id == 1).values(**stored))
    now, before = figures(shop).iloc[0], figures(shop, ago(4)).iloc[0]
    assert (now["phase_before"], now["phase_since"], now["quadrant_before"]) == (
        "expansion",
        ago(3),
        "top",
    )
    assert before[["phase_before", "phase_since", "quadrant_before"]].isna().all()


def test_looking_back_shows_the_customer_as_they_were(shop: Engine):
    found = figures(shop, ago(7)).iloc[0]
    assert (found["orders"], found["last_order_value"], found["net_revenue_total"]) == (
        2,
        30_000,
        50_000,
    )
    assert (found["open_complaints"], found["contacts"], found["emails_30d"]) == (2, 3, 2)
    assert found["last_contact_at"] == ago(20)


_LATER = st.floats(0.00001, 900).map(lambda days: NOW + timedelta(days=days))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=_LATER, back=st.integers(1, 60_000), cancel=st.sampled_from([1, 2]))
def test_nothing_after_now_is_seen(shop: Engine, at: datetime, back: int, cancel: int):
    """Whatever happens later, on this day it was not known."""
    before = figures(shop)
    with shop.connect() as connection, connection.begin() as never:
        purchase, complaint = Purchase.__table__, Complaint.__table__
        put(
            connection,
            Purchase,
            sale(11, at, category="chairs"),
            sale(12, at, customer_id=2),
            credit(13, at, 1, -back),
        )
        connection.execute(purchase.update().where(purchase.c.id == cancel).values(cancelled_at=at))
        put(connection, Complaint, {"id": 11, "key": "B11", "opened_at": at})
        connection.execute(complaint.update().where(complaint.c.id == 1).values(closed_at=at))
        put(connection, Interaction, {"id": 11, "key": "I11", "at": at, "mood": "angry"})
        put(connection, Suppression, {"email": "three@example.com", "at": at})
        put(connection, Send, {"id": 11, "step": "d", "contact_id": 3, "handed_over_at": at})
        after = customer_figures(connection, NOW, 1, 9)
        base_after = base_figures(connection, NOW, POLICY)
        never.rollback()
    pd.testing.assert_frame_equal(after, before)
    assert base_after == base(before, POLICY, NOW)


def test_many_customers_in_shards_are_the_same_as_in_one_piece(engine: Engine):
    chance = np.random.default_rng(5)
    with engine.begin() as connection:
        connection.execute(
            insert(Customer), [{"id": number, "key": f"K{number}"} for number in range(1, 61)]
        )
        buyers = chance.integers(1, 61, 400).tolist()
        rows = [
            sale(number, ago(age), customer_id=buyer, total=total, category=category)
            for number, (buyer, age, total, category) in enumerate(
                zip(
                    buyers,
                    chance.random(400) * 900,
                    chance.integers(1, 90_000, 400).tolist(),
                    chance.choice(["a", "b", "c"], 400).tolist(),
                    strict=True,
                ),
                start=1,
            )
        ]
        connection.execute(
            insert(Purchase), [{"kind": "sale", "currency": "EUR", **row} for row in rows]
        )
    with engine.connect() as connection:
        whole_base = base_figures(connection, NOW, POLICY)
    whole = profiles(figures(engine, last=60), whole_base, POLICY, NOW)
    shards = [
        profiles(figures(engine, NOW, first, first + 16), whole_base, POLICY, NOW)
        for first in range(1, 61, 17)
    ]
    pd.testing.assert_frame_equal(pd.concat(shards, ignore_index=True), whole)


def online_retail(path: Path) -> tuple[pd.DataFrame, pd.Series]:
    """Purchases of UCI Online Retail in pennies, credits matched by customer and sum.

    And what each customer's net revenue looks like where money is summed in floats.
    """
    lines = pd.read_csv(path, dtype={"InvoiceNo": "str"}).dropna(subset=["CustomerID"])
    pennies = (lines["Quantity"] * (lines["UnitPrice"] * 100).round()).astype("int64")
    floats = (lines["Quantity"] * lines["UnitPrice"]).groupby(lines["CustomerID"]).sum()
    orders = (
        lines.assign(total=pennies)
        .groupby("InvoiceNo", as_index=False)
        .agg(customer=("CustomerID", "first"), at=("InvoiceDate", "min"), total=("total", "sum"))
        .assign(
            id=lambda table: range(1, len(table) + 1),
            kind=lambda table: np.where(table["InvoiceNo"].str.startswith("C"), "credit", "sale"),
        )
    )
    is_credit = orders["kind"] == "credit"
    given_back = orders[is_credit].assign(total=lambda table: -table["total"])
    matched = given_back.merge(orders[~is_credit], on=["customer", "total"], suffixes=("", "_of"))
    matched = matched[matched["at_of"] <= matched["at"]].drop_duplicates("id").set_index("id")
    return orders.assign(credit_of_id=orders["id"].map(matched["id_of"]).astype("Int64")), floats


def test_real_orders_cancelled_in_full_and_customers_who_net_to_nothing(
    engine: Engine, shared_data: Path
):
    now = datetime(2011, 12, 10, tzinfo=UTC)
    orders, floats = online_retail(shared_data / "online_retail.csv.gz")
    numbers = {key: int(key) for key in orders["customer"].unique()}
    columns = {
        "id": orders["id"],
        "key": orders["InvoiceNo"],
        "customer_id": orders["customer"].map(numbers),
        "ordered_at": pd.to_datetime(orders["at"], utc=True).dt.to_pydatetime(),
        "kind": orders["kind"],
        "total": orders["total"],
        "credit_of_id": orders["credit_of_id"].astype(object).where(lambda ids: ids.notna(), None),
    }
    rows = [
        dict(zip(columns, values, strict=True), currency="GBP")
        for values in zip(*(list(column) for column in columns.values()), strict=True)
    ]
    with engine.begin() as connection:
        connection.execute(
            insert(Customer), [{"id": n, "key": str(n)} for n in sorted(numbers.values())]
        )
        connection.execute(insert(Purchase), rows)
    with engine.connect() as connection:
        whole_base = base_figures(connection, now, POLICY)
        found = profiles(customer_figures(connection, now, 1, 99_999), whole_base, POLICY, now)
    found = found.set_index("customer_id")
    assert len(found) == 4_372
    assert found["net_revenue_total"].sum() == orders["total"].sum()
    assert set(found.loc[found["net_revenue_total"] == 0, "abc"]) == {"D"}
    # Five customers whose net is exactly nothing look positive when money is summed in floats.
    deceived = found.loc[floats[floats > 0].index.astype("int64")]
    assert (deceived["net_revenue_total"] == 0).sum() == 5
    largest = found.loc[16446]  # 581483 over 168,469.60, given back in full by C581484
    assert (largest["net_revenue_total"], largest["last_order_returned"]) == (290, True)
    assert (largest["orders"], largest["abc"], largest["last_order_value"]) == (1, "C", 290)

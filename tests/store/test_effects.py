"""Sums and counts from stores written by hand, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, insert

from flows.store.counts import day_counts, journey_counts
from flows.store.effects import effect_sums
from flows.store.models import (
    Contact,
    Customer,
    Enrollment,
    JourneyVersion,
    PhaseChange,
    Purchase,
    Reject,
    Response,
    Run,
    Send,
    Task,
)
from segments.effect.uplift import SUMS, uplift

START = datetime(2026, 3, 1, 6, 0, 0, 123_456, tzinfo=UTC)
WINDOWS = {"again": 30.0}


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def write(connection: Connection, table: type, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


@pytest.fixture
def store(engine: Engine):
    """Six customers, two runs and one version of one journey."""
    with engine.begin() as connection:
        runs = [
            {"id": at + 1, "kind": "plan", "as_of": day(at), "started_at": day(at), "counts": {}}
            for at in range(2)
        ]
        write(connection, Run, runs)
        write(connection, Customer, [{"id": at, "key": f"C{at}"} for at in range(1, 7)])
        write(
            connection, Contact, [{"id": at, "key": f"P{at}", "customer_id": at} for at in (1, 2)]
        )
        write(
            connection,
            JourneyVersion,
            [
                {
                    "journey": "again",
                    "version": "v1",
                    "started_at": START,
                    "spec": {"holdout": 0.5, "purpose": "advertising"},
                }
            ],
        )
        yield connection


def enrolled(customer: int, **given: Any) -> dict[str, Any]:
    return {
        "customer_id": customer,
        "journey": "again",
        "version": "v1",
        "entry_key": "first",
        "arm": "treated",
        "status": "active",
        "reason": None,
        "node": "n",
        "arrived_at": START,
        "due_at": START,
        "anchor_at": START,
        "entered_at": START,
        "left_at": None,
        "first_touch_at": START,
        "goal_at": None,
        "run_id": 1,
    } | given


def bought(customer: int, at: datetime, total: int, **given: Any) -> dict[str, Any]:
    bought.number += 1
    return {
        "key": f"O{bought.number}",
        "customer_id": customer,
        "ordered_at": at,
        "kind": "sale" if total >= 0 else "credit",
        "cancelled_at": None,
        "currency": "EUR",
        "total": total,
    } | given


bought.number = 0


def owed(enrollment: int, **given: Any) -> dict[str, Any]:
    return {
        "enrollment_id": enrollment,
        "customer_id": 1,
        "contact_id": 1,
        "journey": "again",
        "version": "v1",
        "step": "one",
        "message": "hello",
        "purpose": "advertising",
        "priority": 50,
        "outcome": "queued",
        "reason": None,
        "due_at": START,
        "not_before": START,
        "valid_until": day(7),
        "decided_at": START,
        "run_id": 1,
        "claimed_at": None,
        "handed_over_at": None,
    } | given


def sums_at(connection: Connection, now: datetime, **given: Any) -> dict[str, dict[str, float]]:
    sums = effect_sums(connection, WINDOWS, now, **given)
    assert list(sums.columns) == list(SUMS)
    return sums.set_index("arm").drop(columns="journey").astype(float).to_dict("index")


def test_revenue_of_the_window_is_added_up_per_arm(store: Connection):
    held = {"arm": "held_out"}
    write(store, Enrollment, [enrolled(1), enrolled(2), enrolled(3, **held), enrolled(4, **held)])
    write(
        store,
        Purchase,
        [
            bought(1, day(1), 10_000),
            bought(1, day(2), 5_000),
            bought(1, day(3), -4_000),
            bought(2, day(9), 700, cancelled_at=day(10)),
            bought(3, day(5), 2_000),
            bought(6, day(5), 99_999),
        ],
    )
    found = sums_at(store, day(40))
    assert found == {
        "treated": {
            "customers": 2,
            "complete": 2,
            "reached": 1,
            "nonzero": 1,
            "total": 11_000,
            "total_squares": 121_000_000,
            "expected": 1.0,
            "expected_variance": 0.5,
        },
        "held_out": {
            "customers": 2,
            "complete": 2,
            "reached": 1,
            "nonzero": 1,
            "total": 2_000,
            "total_squares": 4_000_000,
            "expected": 1.0,
            "expected_variance": 0.5,
        },
    }
    row = uplift(effect_sums(store, WINDOWS, day(40))).iloc[0]
    assert row["difference"] == 4_500
    assert row["verdict"] == "too_few"


def test_the_window_ends_to_the_microsecond(store: Connection):
    tick = timedelta(microseconds=1)
    write(store, Enrollment, [enrolled(at) for at in range(1, 5)])
    write(
        store,
        Purchase,
        [
            bought(1, START - tick, 1),
            bought(2, START, 10),
            bought(3, day(30) - tick, 100),
            bought(4, day(30), 1_000),
        ],
    )
    assert sums_at(store, day(60))["treated"]["total"] == 110
    assert sums_at(store, day(30))["treated"]["complete"] == 4
    assert sums_at(store, day(30) - tick)["treated"]["complete"] == 0


def test_nothing_after_now_is_seen(store: Connection):
    write(store, Enrollment, [enrolled(1), enrolled(2, first_touch_at=day(9)), enrolled(3)])
    write(
        store,
        Purchase,
        [
            bought(1, day(3), 100),
            bought(1, day(6), 900),
            bought(3, day(2), 50, cancelled_at=day(6)),
        ],
    )
    early = sums_at(store, day(5))["treated"]
    assert (early["customers"], early["total"], early["complete"]) == (2, 150, 0)
    late = sums_at(store, day(9))["treated"]
    assert (late["customers"], late["total"]) == (3, 1_000)


def test_a_customer_counts_once_by_the_first_touch(store: Connection):
    write(
        store,
        Enrollment,
        [
            enrolled(1, entry_key="late", first_touch_at=day(10)),
            enrolled(1, entry_key="early", first_touch_at=day(2), arm="held_out"),
            enrolled(1, entry_key="never", first_touch_at=None),
        ],
    )
    write(store, Purchase, [bought(1, day(5), 100), bought(1, day(35), 1_000)])
    found = sums_at(store, day(60))
    assert set(found) == {"held_out"}
    assert (found["held_out"]["customers"], found["held_out"]["total"]) == (1, 100)


def test_credit_alone_is_a_value_but_no_sale(store: Connection):
    write(store, Enrollment, [enrolled(1)])
    write(store, Purchase, [bought(1, day(2), -300)])
    found = sums_at(store, day(60))["treated"]
    assert (found["reached"], found["nonzero"], found["total"]) == (0, 1, -300)


def test_journeys_without_a_goal_are_followed_for_ninety_days(store: Connection):
    write(store, Enrollment, [enrolled(1, journey="other")])
    write(store, Purchase, [bought(1, day(89), 1), bought(1, day(90), 2)])
    for windows in (WINDOWS, {}):
        assert effect_sums(store, windows, day(200))["total"].tolist() == [1]


def test_the_share_held_out_is_that_of_each_version(store: Connection):
    version = {"journey": "again", "started_at": START}
    write(
        store,
        JourneyVersion,
        [
            version | {"version": "v2", "spec": {"holdout": "10%", "purpose": "service"}},
            version | {"version": "v3", "spec": {"purpose": "service"}},
        ],
    )
    write(store, Enrollment, [enrolled(1), enrolled(2, version="v2"), enrolled(3, version="v3")])
    assert sums_at(store, day(1))["treated"]["expected"] == pytest.approx(0.6)
    assert sums_at(store, day(1), holdout=0.2)["treated"]["expected"] == pytest.approx(0.7)
    write(store, Enrollment, [enrolled(4, version="gone")])
    unknown = effect_sums(store, WINDOWS, day(1))
    assert unknown["expected"].isna().all()
    assert unknown["customers"].tolist() == [4]


def test_revenue_of_billions_does_not_overflow(store: Connection):
    write(store, Enrollment, [enrolled(1), enrolled(2)])
    write(store, Purchase, [bought(1, day(1), 9 * 10**12), bought(2, day(1), 9 * 10**12)])
    found = sums_at(store, day(1))["treated"]
    assert found["total"] == 18 * 10**12
    assert found["total_squares"] == pytest.approx(162 * 10**24)


def test_an_empty_store_has_no_effects(engine: Engine):
    with engine.connect() as connection:
        sums = effect_sums(connection, WINDOWS, START)
        assert list(sums.columns) == list(SUMS)
        assert uplift(sums).empty
        assert journey_counts(connection, START).empty
        counts = day_counts(connection, START, day(1))
        assert all(len(found) == 0 for found in vars(counts).values())


@pytest.fixture
def lived(store: Connection) -> Connection:
    """Two runs that entered, sent, skipped, assigned, moved and refused."""
    write(
        store,
        Enrollment,
        [
            enrolled(1, id=1),
            enrolled(2, id=2, arm="held_out", status="exited", reason="goal", left_at=day(1),
                     goal_at=day(0.5)),
            enrolled(3, id=3, entered_at=day(1), run_id=2, first_touch_at=None),
        ],
    )  # fmt: skip
    late = {"decided_at": day(1), "run_id": 2}
    write(
        store,
        Send,
        [
            owed(1, id=1, outcome="delivered", claimed_at=day(0.1), handed_over_at=day(0.2)),
            owed(2, id=2, outcome="ghost", contact_id=2, customer_id=2),
            owed(1, id=3, step="two", outcome="skipped", reason="no_permission", **late),
            owed(3, id=4, step="two", outcome="skipped", reason="no_permission", **late),
        ],
    )
    write(
        store,
        Response,
        [
            {"key": "a", "send_id": 1, "kind": "delivered", "at": day(0.3)},
            {"key": "b", "send_id": 1, "kind": "click", "at": day(3)},
            {"key": "c", "send_id": None, "kind": "reply", "at": day(0.3)},
        ],
    )
    write(
        store,
        Task,
        [
            {"enrollment_id": 1, "customer_id": 1, "step": "ring", "kind": "call", "about": "x",
             "due_at": day(2), "status": "open", "run_id": 2},
        ],
    )  # fmt: skip
    write(
        store,
        PhaseChange,
        [
            {"customer_id": 1, "at": START, "before": None, "after": "exploration", "run_id": 1},
            {"customer_id": 2, "at": START, "before": None, "after": "exploration", "run_id": 1},
            {"customer_id": 1, "at": day(1), "before": "exploration", "after": "expansion",
             "run_id": 2},
        ],
    )  # fmt: skip
    write(
        store,
        Reject,
        [
            {"run_id": 1, "source": "orders", "place": "o.csv", "row": row, "column": "ordered_at",
             "value": "Erika", "reason": "no date"}
            for row in range(5)
        ]
        + [
            {"run_id": 1, "source": "orders", "place": "o.csv", "row": 4, "column": "customer",
             "value": None, "reason": "missing"}
        ],
    )  # fmt: skip
    return store


def listed(counts: pd.DataFrame) -> list[tuple[Any, ...]]:
    plain = counts.astype(object).where(counts.notna(), None)
    return [tuple(row) for row in plain.to_numpy()]


def test_where_journeys_stand(lived: Connection):
    assert listed(journey_counts(lived, day(2))) == [
        ("again", "enrollment", "active", 2),
        ("again", "enrollment", "exited", 1),
        ("again", "goal", "order", 1),
        ("again", "response", "delivered", 1),
        ("again", "send", "delivered", 1),
        ("again", "send", "ghost", 1),
        ("again", "send", "skipped", 2),
        ("again", "skip", "no_permission", 2),
        ("again", "task", "call", 1),
    ]


def test_where_journeys_stood_earlier(lived: Connection):
    assert listed(journey_counts(lived, day(0.15))) == [
        ("again", "enrollment", "active", 2),
        ("again", "send", "claimed", 1),
        ("again", "send", "ghost", 1),
    ]
    assert ("again", "send", "queued", 1) in listed(journey_counts(lived, START))


def test_what_one_day_brought(lived: Connection):
    first, second = day_counts(lived, START, day(0.9)), day_counts(lived, day(1), day(9))
    assert listed(first.entered) == [("again", "held_out", 1), ("again", "treated", 1)]
    assert listed(first.sends) == [
        ("again", "hello", "delivered", None, 1, 1),
        ("again", "hello", "ghost", None, 1, 2),
    ]
    assert listed(first.phases) == [(None, "exploration", 2)]
    assert len(first.left) == len(first.tasks) == len(second.rejects) == 0
    assert listed(second.entered) == [("again", "treated", 1)]
    assert listed(second.left) == [("again", "goal", 1)]
    assert listed(second.sends) == [("again", "hello", "skipped", "no_permission", 2, 3)]
    assert listed(second.tasks) == [("again", "call", 1)]
    assert listed(second.phases) == [("exploration", "expansion", 1)]


def test_rejects_are_all_counted_and_some_shown_without_their_values(lived: Connection):
    rejects = day_counts(lived, START, day(0.9)).rejects
    assert listed(rejects) == [
        ("orders", 5, "o.csv", row, "ordered_at", "no date") for row in range(3)
    ]
    assert not rejects.isin(["Erika"]).any().any()


def test_a_day_counts_what_was_handed_over_in_it(lived: Connection):
    assert len(day_counts(lived, day(1), day(1)).rejects) == 0
    handed_over = day_counts(lived, day(0.2), day(0.5)).sends
    assert listed(handed_over) == [("again", "hello", "delivered", None, 1, 1)]
    assert listed(day_counts(lived, day(1), day(1)).entered) == [("again", "treated", 1)]

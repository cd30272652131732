"""Sums and counts from stores written by hand, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine, insert, update

from flows.store.counts import day_counts, journey_counts
from flows.store.effects import HOUSE, effect_windows
from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Enrollment,
    JourneyVersion,
    PhaseChange,
    Purchase,
    PurchaseCorrection,
    Reject,
    Response,
    Run,
    Send,
    Task,
)
from flows.store.terms import Term
from segments.costs import CostPolicy
from segments.effect.sums import SUMS
from segments.names import TaskKind, Yardstick

START = datetime(2026, 3, 1, 6, 0, 0, 123_456, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def write(connection: Connection, table: type, rows: list[dict[str, Any]]) -> None:
    missing = dict.fromkeys(name for row in rows for name in row)
    connection.execute(insert(table), [missing | row for row in rows])


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
        "outcome_seconds": 30 * 86_400,
        "drawn_share": 0.5,
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


TERMS = [Term(START, CostPolicy.model_validate({"margin": 0.5, "message": 0}), 0.0)]


def sums_at(connection: Connection, now: datetime, terms=TERMS) -> pd.DataFrame:
    """The sums by journey, part, arm and outcome."""
    sums = effect_windows(connection, terms, now).sums(now)
    assert list(sums.columns) == list(SUMS)
    return sums.assign(part=sums["part"].astype(object).where(sums["part"].notna(), "")).set_index(
        ["journey", "part", "arm", "outcome"]
    )


def of(sums: pd.DataFrame, arm: str, outcome: str, part: str = "", journey: str = "again"):
    return sums.loc[(journey, part, arm, outcome)].to_dict()


def test_what_happens_in_the_window_is_added_up_per_arm(store: Connection):
    held = {"arm": "held_out"}
    write(store, Enrollment, [enrolled(1), enrolled(2), enrolled(3, **held), enrolled(4, **held)])
    write(
        store,
        Purchase,
        [
            bought(1, day(-29), 1_000),
            bought(1, day(-31), 77_000),
            bought(1, day(1), 10_000),
            bought(1, day(2), 5_000),
            bought(1, day(3), -4_000),
            bought(2, day(9), 700, cancelled_at=day(10)),
            bought(3, day(5), 2_000),
            bought(6, day(5), 99_999),
        ],
    )
    sums = sums_at(store, day(40))
    assert of(sums, "treated", "revenue") == {
        "customers": 2,
        "complete": 2,
        "nonzero": 1,
        "total": 11_000,
        "squares": 121_000_000,
        "before": 1_000,
        "before_squares": 1_000_000,
        "product": 11_000_000,
        "expected": pytest.approx(1.0),
        "expected_variance": pytest.approx(0.5),
    }
    assert of(sums, "held_out", "revenue")["total"] == 2_000
    totals = {name: of(sums, "treated", name)["total"] for name in Yardstick}
    assert totals == {
        "goal": 1,
        "orders": 2,
        "revenue": 11_000,
        "margin": 5_500,
        "returns": 1,
        "complaints": 0,
        "unsubscribes": 0,
    }


def test_margin_is_what_is_left_of_what_was_paid(store: Connection):
    costs = CostPolicy.model_validate(
        {"margin": 0.4, "order": 2, "return": 7, "message": 0.5, "task": {"call": 10}}
    )
    terms = [Term(START, costs, 0.0)]
    write(store, Enrollment, [enrolled(at, id=at) for at in range(1, 7)])
    write(
        store,
        Purchase,
        [
            bought(1, day(1), 10_000, cost=3_000),
            bought(2, day(1), 8_000, list_total=10_000),
            bought(3, day(1), 10_000),
            bought(4, day(1), -5_000),
        ],
    )
    write(
        store,
        Send,
        [owed(5, id=1, customer_id=5, outcome="delivered", handed_over_at=day(1)),
         owed(5, id=2, customer_id=5, step="two", outcome="ghost")],
    )  # fmt: skip
    done = {"kind": "call", "about": "x", "due_at": day(2), "run_id": 1, "status": "done"}
    write(
        store,
        Task,
        [
            {"enrollment_id": 6, "customer_id": 6, "step": "ring", "done_at": day(3), **done},
            {"enrollment_id": 6, "customer_id": 6, "step": "late", "done_at": day(33), **done},
        ],
    )
    by_customer = {}
    for customer in range(1, 7):
        store.execute(update(Enrollment).values(quadrant=None))
        store.execute(update(Enrollment).where(Enrollment.id == customer).values(quadrant="top"))
        found = sums_at(store, day(40), terms)
        by_customer[customer] = of(found, "treated", "margin", "quadrant:top")["total"]
    assert by_customer == {
        1: 10_000 - 3_000 - 200,
        2: 8_000 - 6_000 - 200,
        3: 10_000 - 6_000 - 200,
        4: -5_000 + 3_000 - 700,
        5: -50,
        6: -1_000,
    }


def test_costs_are_those_of_the_day(store: Connection):
    dear = CostPolicy.model_validate({"margin": 0.5, "message": 3})
    write(store, Enrollment, [enrolled(1, id=1)])
    write(
        store,
        Send,
        [owed(1, id=at, step=f"s{at}", handed_over_at=day(at)) for at in (1, 5, 9)],
    )
    terms = [TERMS[0], Term(day(4), dear, 0.0), Term(day(8), TERMS[0].costs, 0.0)]
    assert of(sums_at(store, day(40), terms), "treated", "margin")["total"] == -300


def test_anger_counts(store: Connection):
    write(store, Enrollment, [enrolled(1, id=1), enrolled(2, id=2)])
    write(store, Send, [owed(1, id=1)])
    write(
        store,
        Response,
        [
            {"key": "a", "send_id": 1, "kind": "unsubscribe", "at": day(3)},
            {"key": "b", "send_id": 1, "kind": "complaint", "at": day(3)},
            {"key": "c", "send_id": 1, "kind": "click", "at": day(3)},
        ],
    )
    write(store, Complaint, [{"key": "B1", "customer_id": 2, "opened_at": day(4)}])
    sums = sums_at(store, day(40))
    assert of(sums, "treated", "unsubscribes")["total"] == 1
    assert of(sums, "treated", "complaints")["total"] == 2


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
    found = of(sums_at(store, day(60)), "treated", "revenue")
    assert (found["total"], found["before"]) == (110, 1)


def test_a_window_is_complete_three_days_after_its_end(store: Connection):
    write(store, Enrollment, [enrolled(1), enrolled(2, first_touch_at=day(9))])
    write(store, Purchase, [bought(1, day(3), 100)])
    before = of(sums_at(store, day(33) - timedelta(microseconds=1)), "treated", "revenue")
    after = of(sums_at(store, day(33)), "treated", "revenue")
    assert (before["customers"], before["complete"], before["total"]) == (2, 0, 0)
    assert (after["customers"], after["complete"], after["total"]) == (2, 1, 100)
    assert of(sums_at(store, day(8)), "treated", "revenue")["customers"] == 1


def test_what_becomes_known_too_late_never_counts(store: Connection):
    write(store, Enrollment, [enrolled(at) for at in range(1, 5)])
    write(
        store,
        Purchase,
        [
            bought(1, day(3), 1, seen_at=day(33)),
            bought(2, day(3), 10, seen_at=day(33.1)),
            bought(3, day(3), 100, cancelled_at=day(33.1)),
            bought(4, day(3), 1_000, cancelled_at=day(33)),
        ],
    )
    for now in (33, 34, 400):
        assert of(sums_at(store, day(now)), "treated", "revenue")["total"] == 101


def test_an_answer_told_too_late_never_counts(store: Connection):
    write(store, Enrollment, [enrolled(1, id=1)])
    write(store, Send, [owed(1, id=1)])
    told = {"at-once": None, "in-time": day(33), "late": day(33.1)}
    write(
        store,
        Response,
        [
            {"key": key, "send_id": 1, "kind": "unsubscribe", "at": day(3), "seen_at": seen}
            for key, seen in told.items()
        ],
    )
    for now in (33, 34, 400):
        assert of(sums_at(store, day(now)), "treated", "unsubscribes")["total"] == 2


def test_a_measure_told_too_late_never_costs(store: Connection):
    write(store, Enrollment, [enrolled(1, id=1)])
    write(
        store,
        Task,
        [
            {"enrollment_id": 1, "customer_id": 1, "step": step, "kind": "call", "about": "x",
             "due_at": day(2), "done_at": day(3), "changed_at": told, "status": "done"}
            for step, told in (("in-time", day(33)), ("late", day(33.1)))
        ],
    )  # fmt: skip
    cost = TERMS[0].costs.task.of(TaskKind.CALL) * 100
    for now in (33, 34, 400):
        assert of(sums_at(store, day(now)), "treated", "margin")["total"] == -cost


def test_an_order_corrected_later_counts_as_it_was_known(store: Connection):
    write(store, Enrollment, [enrolled(1), enrolled(2)])
    write(
        store,
        Purchase,
        [bought(1, day(3), 900, id=1, seen_at=day(3)), bought(2, day(3), 50, id=2)],
    )
    was = {"customer_id": 1, "kind": "sale", "seen_at": day(3), "purchase_id": 1}
    write(
        store,
        PurchaseCorrection,
        [
            {**was, "sign": 1, "corrected_at": day(10), "ordered_at": day(3), "total": 500},
            {**was, "sign": -1, "corrected_at": day(10), "ordered_at": day(3), "total": 700},
            {**was, "sign": 1, "corrected_at": day(50), "ordered_at": day(3), "total": 700},
            {**was, "sign": -1, "corrected_at": day(50), "ordered_at": day(3), "total": 900},
        ],
    )
    sums = sums_at(store, day(60))
    assert of(sums, "treated", "revenue")["total"] == 750
    assert of(sums, "treated", "orders")["total"] == 2
    assert of(sums, "treated", "goal")["total"] == 2


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
    sums = sums_at(store, day(60))
    assert set(sums.index.get_level_values("arm")) == {"held_out"}
    found = of(sums, "held_out", "revenue")
    assert (found["customers"], found["total"]) == (1, 100)


def test_without_a_window_of_its_own_ninety_days_are_followed(store: Connection):
    write(store, Enrollment, [enrolled(1, outcome_seconds=None)])
    write(store, Purchase, [bought(1, day(89), 1), bought(1, day(90), 2)])
    assert of(sums_at(store, day(200)), "treated", "revenue")["total"] == 1


def test_parts_are_those_of_the_day_of_entry(store: Connection):
    write(
        store,
        Enrollment,
        [
            enrolled(1, phase="maturity", quadrant="top", variants="which=a then=x"),
            enrolled(2, phase="maturity", quadrant=None, variants="which=b"),
        ],
    )
    write(store, Purchase, [bought(1, day(5), 100), bought(2, day(5), 10)])
    sums = sums_at(store, day(60)).xs("revenue", level="outcome")["total"]
    assert sums.droplevel(["journey", "arm"]).to_dict() == {
        "": 110,
        "phase:maturity": 110,
        "quadrant:top": 100,
        "variant:which/a": 100,
        "variant:then/x": 100,
        "variant:which/b": 10,
    }


def test_all_advertising_together_is_compared_with_those_kept_out_of_it(store: Connection):
    terms = [Term(START, TERMS[0].costs, 0.2), Term(day(2), TERMS[0].costs, 0.4)]
    write(
        store,
        Enrollment,
        [
            enrolled(1, kept_out=True, arm="held_out", first_touch_at=day(3)),
            enrolled(1, kept_out=True, arm="held_out", journey="other", first_touch_at=day(1)),
            enrolled(2, kept_out=False, arm="held_out"),
            enrolled(3, kept_out=False, entered_at=day(2)),
            enrolled(4, kept_out=None),
        ],
    )
    write(store, Purchase, [bought(1, day(2), 5), bought(1, day(89), 50), bought(2, day(89), 7)])
    assert HOUSE not in sums_at(store, day(100)).index.get_level_values("journey")
    sums = sums_at(store, day(100), terms)
    out = of(sums, "held_out", "revenue", journey=HOUSE)
    rest = of(sums, "treated", "revenue", journey=HOUSE)
    assert (out["customers"], out["total"], out["expected"]) == (1, 55, pytest.approx(0.2))
    assert (rest["customers"], rest["total"], rest["expected"]) == (2, 7, pytest.approx(0.6))


def test_one_unknown_share_leaves_the_expectation_unknown(store: Connection):
    write(store, Enrollment, [enrolled(1), enrolled(4, drawn_share=None)])
    found = of(sums_at(store, day(1)), "treated", "goal")
    assert pd.isna(found["expected"])
    assert found["customers"] == 2


def test_revenue_of_billions_does_not_overflow(store: Connection):
    write(store, Enrollment, [enrolled(1), enrolled(2)])
    write(store, Purchase, [bought(1, day(1), 9 * 10**12), bought(2, day(1), 9 * 10**12)])
    found = of(sums_at(store, day(40)), "treated", "revenue")
    assert found["total"] == 18 * 10**12
    assert found["squares"] == pytest.approx(162 * 10**24)


def test_an_empty_store_has_no_effects(engine: Engine):
    with engine.begin() as connection:
        sums = effect_windows(connection, TERMS, START).sums(START)
        assert list(sums.columns) == list(SUMS)
        assert sums.empty
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

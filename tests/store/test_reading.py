"""The state as of a moment, read from tiny stores on both databases."""

from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from flows.store.models import (
    Enrollment,
    Interaction,
    Permission,
    Purchase,
    SegmentFill,
    SegmentMember,
    Send,
    Suppression,
)
from flows.store.reading import customer_range, enrollments, read_state
from segments.frames import ORDER
from segments.journey.standing import DTYPES
from segments.policy import Policy
from segments.state import FRAMES, Specs, State
from tests.builders import profiles, specs
from tests.store.rows import NOW, ago, people, put

FLAGS = [
    "has_address",
    "suppressed",
    "suppressed_advertising",
    "suppressed_survey",
    "consent_advertising",
    "consent_survey",
    "objected",
]
MOMENT = "datetime64[us, UTC]"
CONTRACT: dict[str, dict[str, str]] = {
    "contacts": {"contact_id": "Int64", "customer_id": "int64", "role": "str"}
    | dict.fromkeys(FLAGS, "bool"),
    "orders": {
        "customer_id": "int64",
        "purchase_id": "Int64",
        "contact_id": "Int64",
        "order_key": "str",
        "ordered_at": MOMENT,
        "order_value": "Int64",
        "order_category": "str",
        "order_discounted": "boolean",
        "order_returned": "boolean",
        "products": "str",
        "categories": "str",
    },
    "enrollments": DTYPES,
    "past": {
        "customer_id": "int64",
        "journey": "str",
        "entry_key": "str",
        "entered_at": MOMENT,
        "left_at": MOMENT,
    },
    "deferred": {
        "send_id": "Int64",
        "enrollment_id": "Int64",
        "node": "str",
        "contact_id": "Int64",
    },
    **FRAMES,
    "members": {"segment": "str", "customer_id": "int64"},
}


def state(engine: Engine, first: int = 1, last: int = 99, spec: Specs | None = None) -> State:
    """What the store says as of now."""
    with engine.connect() as connection:
        return read_state(connection, profiles({}), spec or specs({}), NOW, first, last, ago(1))


@pytest.mark.parametrize("filled", [False, True], ids=["empty", "filled"])
def test_frames_have_the_columns_deciding_counts_on(engine: Engine, filled: bool):
    if filled:
        people(engine)
        put(engine, Purchase, {"id": 1})
        put(engine, Enrollment, {"id": 1, "purchase_id": 1}, {"id": 2})
        put(engine, Send, {"id": 1}, {"id": 2, "enrollment_id": 2, "outcome": "ghost"})
        put(engine, Send, {"id": 3, "step": "more", "outcome": "queued", "decided_at": ago(0.01)})
        put(engine, SegmentMember, {"segment": "regulars", "customer_id": 1})
    found = state(engine)
    for name, columns in CONTRACT.items():
        frame = getattr(found, name)
        rows = {"sent": 0, "events": 0, "grounds": 0, "enrollments": 2, "past": 2, "touches": 2}
        assert len(frame) == (rows.get(name, 1) if filled else 0), name
        assert {column: str(frame[column].dtype) for column in columns} == columns, name
    assert found.previous_run == ago(1)


def test_nothing_later_than_now_is_seen(engine: Engine):
    people(engine)
    put(
        engine,
        Purchase,
        {"id": 1, "ordered_at": ago(3), "cancelled_at": ago(-1)},
        {"id": 2, "ordered_at": ago(-0.1)},
        {"id": 3, "ordered_at": ago(-1), "kind": "credit", "credit_of_id": 1, "total": -10_000},
    )
    put(
        engine,
        Permission,
        {"id": 1, "at": ago(-1)},
        {"id": 2, "kind": "objection", "at": ago(-1)},
        {"id": 3, "purpose": "survey", "ended_at": ago(-1)},
    )
    put(engine, Suppression, {"id": 1, "at": ago(-1)})
    put(engine, Enrollment, {"id": 1, "purchase_id": 1, "anchor_at": ago(3)})
    put(engine, Send, {"id": 1, "outcome": "queued", "decided_at": ago(-0.01)})
    found = state(engine)
    assert list(found.orders["order_key"]) == ["P1"]
    assert list(found.orders["order_value"]) == [10_000]
    assert not found.orders["order_returned"].any()
    assert not found.enrollments["order_returned"].any()
    assert found.enrollments["next_order_at"].isna().all()
    assert found.touches.empty
    person = found.contacts.iloc[0]
    assert [name for name in FLAGS if person[name]] == ["has_address", "consent_survey"]


@pytest.mark.parametrize(
    ("order", "credits", "value", "returned"),
    [
        ({}, [], 10_000, False),
        ({"cancelled_at": ago(0.5)}, [], 10_000, True),
        ({}, [{"total": -4_000}], 6_000, False),
        ({}, [{"total": -4_000}, {"total": -6_000}], 0, True),
        ({}, [{"total": -10_000, "ordered_at": ago(-1)}], 10_000, False),
        ({}, [{"total": -10_000, "cancelled_at": ago(0.2)}], 10_000, False),
    ],
    ids=["kept", "cancelled", "in part", "in full", "tomorrow", "the credit note was cancelled"],
)
def test_an_order_is_returned_once_it_is_cancelled_or_given_back_in_full(
    engine: Engine,
    order: dict[str, Any],
    credits: list[dict[str, Any]],
    value: int,
    returned: bool,
):
    people(engine)
    put(engine, Purchase, {"id": 1, "ordered_at": ago(2), **order})
    for number, row in enumerate(credits, start=2):
        base = {"id": number, "kind": "credit", "credit_of_id": 1, "ordered_at": ago(1)}
        put(engine, Purchase, {**base, **row})
    put(engine, Enrollment, {"id": 1, "purchase_id": 1})
    found = state(engine)
    for rows in (found.orders, found.enrollments):
        assert list(rows["order_value"]) == [value]
        assert list(rows["order_returned"]) == [returned]


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([{"ordered_at": ago(5)}], None),
        ([{"ordered_at": ago(4)}], None),
        ([{"ordered_at": ago(2)}, {"ordered_at": ago(3)}], ago(3)),
        ([{"ordered_at": ago(3), "cancelled_at": ago(1)}, {"ordered_at": ago(2)}], ago(2)),
        ([{"ordered_at": ago(3), "kind": "credit", "total": -5}], None),
        ([{"ordered_at": ago(3), "total": 0}], None),
        ([{"ordered_at": ago(3), "customer_id": 2}], None),
    ],
    ids=["before", "the same", "the first of two", "cancelled", "credit", "free", "somebody else"],
)
def test_the_goal_is_the_first_order_after_the_anchor_that_stood(
    engine: Engine, orders: list[dict[str, Any]], expected: Any
):
    people(engine, 2)
    put(engine, Purchase, *({"id": number, **row} for number, row in enumerate(orders, start=1)))
    put(engine, Enrollment, {"id": 1, "anchor_at": ago(4)})
    found = state(engine).enrollments["next_order_at"]
    assert list(found.dropna()) == ([] if expected is None else [pd.Timestamp(expected)])


def test_discount_and_category_come_with_the_order(engine: Engine):
    people(engine)
    put(
        engine,
        Purchase,
        {"id": 1, "list_total": 12_000, "category": "chairs"},
        {"id": 2, "list_total": 10_000},
        {"id": 3},
    )
    rows = state(engine).orders.sort_values("purchase_id")
    assert list(rows["order_discounted"]) == [True, False, False]
    assert list(rows["order_category"].fillna("-")) == ["chairs", "-", "-"]


def test_only_recent_sales_start_journeys(engine: Engine):
    people(engine)
    put(
        engine,
        Purchase,
        {"id": 1, "ordered_at": ago(13)},
        {"id": 2, "ordered_at": ago(15)},
        {"id": 3, "total": 0},
        {"id": 4, "kind": "credit", "total": -1},
    )
    assert list(state(engine).orders["order_key"]) == ["P1"]


def test_enrollments_are_those_under_way_and_those_whose_goal_is_open(engine: Engine):
    people(engine)
    put(engine, Purchase, {"id": 1, "ordered_at": ago(3)})
    done = {"status": "finished", "reason": "completed", "left_at": ago(1)}
    put(
        engine,
        Enrollment,
        {"id": 1},
        {"id": 2, **done, "anchor_at": ago(4)},
        {"id": 3, **done, "anchor_at": ago(4), "goal_at": ago(1)},
        {"id": 4, **done, "anchor_at": ago(500)},
        {"id": 5, "status": "exited", "reason": "exit_when", "left_at": ago(1)},
        {"id": 6, "journey": "paused"},
        {"id": 7, **done, "anchor_at": ago(2)},
    )
    found = state(engine)
    assert sorted(found.enrollments["enrollment_id"]) == [1, 2]
    assert sorted(found.past["entry_key"]) == ["E1", "E2", "E3", "E4", "E5", "E7"]
    with engine.connect() as connection:
        everyone = enrollments(connection, ["care"], NOW, 1, 1)
    assert sorted(everyone["enrollment_id"]) == [1, 2, 7]


@pytest.mark.parametrize(
    ("outcome", "decided_at", "counts"),
    [
        ("queued", ago(0.1), True),
        ("ghost", ago(29), True),
        ("delivered", ago(0.1), True),
        ("bounced", ago(0.1), True),
        ("in_doubt", ago(0.1), True),
        ("queued", ago(31), False),
        ("deferred", ago(0.1), False),
        ("skipped", ago(0.1), False),
        ("cancelled", ago(0.1), False),
        ("render_failed", ago(0.1), False),
    ],
)
def test_what_took_attention_lately(engine: Engine, outcome: str, decided_at: Any, counts: bool):
    people(engine)
    put(engine, Enrollment, {"id": 1})
    send = {"outcome": outcome, "decided_at": decided_at, "not_before": ago(40)}
    put(engine, Send, {"id": 1, **send})
    found = state(engine).touches
    assert list(found["at"]) == ([decided_at] if counts else [])
    assert list(found["node"]) == (["thanks"] if counts else [])


@pytest.mark.parametrize(
    ("send", "at"),
    [
        ({"decided_at": ago(1.5), "handed_over_at": ago(0.05)}, ago(0.05)),
        ({"decided_at": ago(1.5), "handed_over_at": ago(-0.05)}, ago(1.5)),
        ({"decided_at": ago(1.5), "not_before": ago(1)}, ago(1)),
        ({"decided_at": ago(0.1), "not_before": ago(-2)}, ago(-2)),
        ({"decided_at": ago(45), "handed_over_at": ago(3)}, ago(3)),
    ],
    ids=["handed over", "handed over later", "planned", "planned for later", "waited long"],
)
def test_a_message_takes_attention_when_it_goes(engine: Engine, send: dict[str, Any], at: Any):
    people(engine)
    put(engine, Enrollment, {"id": 1})
    put(engine, Send, {"id": 1, "outcome": "queued", "not_before": ago(50), **send})
    assert list(state(engine).touches["at"]) == [at]


@pytest.mark.parametrize(
    ("talk", "counts"),
    [
        ({}, True),
        ({"channel": "visit", "direction": "out"}, True),
        ({"channel": "mail"}, False),
        ({"direction": "in"}, False),
        ({"at": ago(40)}, False),
        ({"at": ago(-1)}, False),
    ],
    ids=["call", "visit", "mail", "they called us", "long ago", "tomorrow"],
)
def test_what_colleagues_do_takes_attention_too(engine: Engine, talk: dict[str, Any], counts: bool):
    people(engine)
    put(engine, Interaction, {"id": 1, "customer_id": 1, "at": ago(1), "channel": "call", **talk})
    found = state(engine).touches
    assert found["purpose"].tolist() == ([""] if counts else [])
    assert {name: str(dtype) for name, dtype in found.dtypes.items()} == FRAMES["touches"]


def test_a_shard_sees_its_own_customers_only(engine: Engine):
    people(engine, 3)
    for number in (1, 2, 3):
        mine = {"customer_id": number}
        put(engine, Purchase, {"id": number, **mine})
        put(engine, Enrollment, {"id": number, **mine})
        put(engine, Send, {"id": number, "enrollment_id": number, "contact_id": number, **mine})
        put(
            engine,
            Send,
            {"id": 10 + number, "enrollment_id": number, "step": "more", **mine}
            | {"outcome": "queued", "decided_at": ago(0.1)},
        )
        put(engine, SegmentMember, {"segment": "regulars", **mine})
    found = state(engine, 2, 3)
    for name in CONTRACT.keys() - {"sent", "events", "grounds"}:
        column = "send_id" if name == "deferred" else "customer_id"
        assert sorted(getattr(found, name)[column]) == [2, 3], name


def test_members_are_known_under_the_rule_they_were_noted_with(engine: Engine):
    for segment, rule in [("regulars", "orders >= 3"), ("dear", "orders >= 9"), ("gone", "x")]:
        put(engine, SegmentFill, {"segment": segment, "rule": rule, "filled_at": ago(1)})
    rules = {"regulars": "orders >= 3", "dear": "orders >= 5", "new": "orders > 1"}
    spec = specs({}, segments=rules)
    assert state(engine, spec=spec).filled == {"regulars"}


def test_the_range_of_customers(engine: Engine):
    with engine.connect() as connection:
        assert customer_range(connection) == (1, 0)
    people(engine, 3)
    with engine.connect() as connection:
        assert customer_range(connection) == (1, 3)


def test_an_order_brings_all_columns_rules_may_use():
    assert set(ORDER) <= set(CONTRACT["orders"])
    assert Policy().late_data.days == 14

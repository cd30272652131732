"""A plan becomes rows, on both databases: what decide says is what the store holds."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from flows.store.models import (
    Customer,
    Enrollment,
    PhaseChange,
    Purchase,
    Run,
    SegmentMember,
    Send,
    Task,
)
from flows.store.reading import read_state
from flows.store.session import writing
from flows.store.writes import apply_plan, records
from segments.decide import decide
from segments.state import Plan, Specs
from tests.builders import profiles, specs
from tests.store.rows import NOW, ago, people, put, rows_of


def live_a_day(
    engine: Engine, spec: Specs, base: pd.DataFrame, now: datetime = NOW, run: int = 1
) -> Plan:
    """Read, decide and write, as planning does."""
    with writing(engine) as connection:
        state = read_state(connection, base, spec, now, 1, 99, None)
        plan = decide(state, spec, now)
        apply_plan(connection, plan, state.enrollments, run, now)
    return plan


def bought(engine: Engine, *rows: dict[str, Any]) -> None:
    """People who have bought today."""
    people(engine, max(row["customer_id"] for row in rows))
    put(engine, Run, {"id": 2})
    for number, row in enumerate(rows, start=1):
        put(engine, Purchase, {"id": number, "ordered_at": ago(0.1), **row})


def test_whoever_enters_is_written_with_send_and_contact(engine: Engine):
    bought(engine, {"customer_id": 1}, {"customer_id": 2})
    live_a_day(engine, specs({}), profiles({}, {}))
    assert rows_of(engine, Enrollment, "customer_id", "entry_key", "status", "purchase_id") == [
        (1, "P1", "finished", 1),
        (2, "P2", "finished", 2),
    ]
    sends = rows_of(engine, Send, "customer_id", "contact_id", "step", "outcome", "basis", "run_id")
    assert sends == [
        (1, 1, "thanks", "queued", "contract", 1),
        (2, 2, "thanks", "queued", "contract", 1),
    ]
    owners = dict(rows_of(engine, Enrollment, "id", "customer_id"))
    assert [owners[number] for number in rows_of(engine, Send, "enrollment_id")] == [1, 2]


def test_whoever_is_under_way_moves_on_and_keeps_the_number(engine: Engine):
    bought(engine, {"customer_id": 1})
    spec = specs({"steps": [{"wait": "2 days"}, {"send": "thanks"}, {"wait": "1 day"}]})
    live_a_day(engine, spec, profiles({}))
    assert rows_of(engine, Enrollment, "id", "node", "first_touch_at") == [(1, "wait_2_days", None)]
    live_a_day(engine, spec, profiles({}), NOW + timedelta(days=2), run=2)
    touched = NOW + timedelta(days=2)
    assert rows_of(engine, Enrollment, "id", "node", "first_touch_at", "run_id") == [
        (1, "wait_1_day", touched, 1)
    ]
    assert rows_of(engine, Send, "enrollment_id", "decided_at", "run_id") == [(1, touched, 2)]


def test_a_send_that_waits_is_decided_again_in_its_row(engine: Engine):
    bought(engine, {"customer_id": 1})
    spec = specs({"name": "low", "priority": 10}, {"name": "high", "priority": 90})
    live_a_day(engine, spec, profiles({}))
    first = rows_of(engine, Send, "id", "journey", "outcome", "reason", "outranked_by")
    assert sorted(row[1:] for row in first) == [
        ("high", "queued", None, None),
        ("low", "deferred", "outranked", "high"),
    ]
    live_a_day(engine, spec, profiles({}), NOW + timedelta(days=1), run=2)
    again = rows_of(engine, Send, "id", "journey", "outcome", "reason", "outranked_by")
    assert [row[0] for row in again] == [row[0] for row in first]
    assert {row[2:] for row in again} == {("queued", None, None)}
    assert sorted(rows_of(engine, Send, "run_id")) == [1, 2]


def test_what_waited_for_somebody_who_left_is_closed(engine: Engine):
    bought(engine, {"customer_id": 1})
    spec = specs(
        {"name": "low", "priority": 1, "exit_when": "open_complaints > 0"},
        {"name": "high", "priority": 9},
    )
    live_a_day(engine, spec, profiles({}))
    angry = profiles({"open_complaints": 1})
    live_a_day(engine, spec, angry, NOW + timedelta(days=1), run=2)
    assert ("low", "skipped", "exited") in rows_of(engine, Send, "journey", "outcome", "reason")


def test_a_send_without_contact_is_written_as_skipped(engine: Engine):
    people(engine, 0)
    put(engine, Customer, {"id": 1})
    put(engine, Purchase, {"id": 1, "ordered_at": ago(0.1)})
    live_a_day(engine, specs({}), profiles({}))
    assert rows_of(engine, Send, "contact_id", "outcome", "reason") == [
        (None, "skipped", "no_contact")
    ]


def test_a_task_goes_to_the_owner_of_the_customer(engine: Engine):
    bought(engine, {"customer_id": 2})
    put(engine, Customer, {"id": 3, "owner": "ada"})
    put(engine, Purchase, {"id": 3, "customer_id": 3, "ordered_at": ago(0.1)})
    spec = specs({"steps": [{"task": {"call": "owner", "about": "Hello"}}]})
    live_a_day(engine, spec, profiles({}, {}, {}))
    assert rows_of(engine, Task, "customer_id", "owner", "step", "about", "status") == [
        (2, None, "call", "Hello", "open"),
        (3, "ada", "call", "Hello", "open"),
    ]
    owners = dict(rows_of(engine, Enrollment, "id", "customer_id"))
    assert [owners[number] for number in rows_of(engine, Task, "enrollment_id")] == [2, 3]


def test_a_change_of_phase_is_kept_and_a_first_sight_is_none(engine: Engine):
    people(engine, 3)
    base = profiles(
        {"phase": "at_risk", "phase_before": "maturity"},
        {"phase": "at_risk", "phase_before": None},
        {"quadrant": "top"},
    )
    live_a_day(engine, specs({}), base)
    assert rows_of(engine, Customer, "id", "phase", "phase_since", "quadrant") == [
        (1, "at_risk", NOW, "small"),
        (2, "at_risk", NOW, "small"),
        (3, "exploration", None, "top"),
    ]
    assert rows_of(engine, PhaseChange, "customer_id", "before", "after", "at", "run_id") == [
        (1, "maturity", "at_risk", NOW, 1)
    ]


def test_members_come_and_go(engine: Engine):
    people(engine, 3)
    put(
        engine,
        SegmentMember,
        {"segment": "regulars", "customer_id": 1},
        {"segment": "regulars", "customer_id": 2},
    )
    enter = {"on": "segment", "segment": "regulars"}
    spec = specs({"enter": enter}, segments={"regulars": "orders >= 3"})
    live_a_day(engine, spec, profiles({"orders": 3}, {"orders": 1}, {"orders": 5}))
    assert sorted(rows_of(engine, SegmentMember, "customer_id")) == [1, 3]


def test_nothing_to_write_writes_nothing(engine: Engine):
    people(engine)
    live_a_day(engine, specs({}), profiles({}))
    for table in (Enrollment, Send, Task, PhaseChange, SegmentMember):
        assert rows_of(engine, table, next(iter(table.__table__.c)).name) == []


def test_a_plan_written_twice_is_refused_and_leaves_nothing_behind(engine: Engine):
    bought(engine, {"customer_id": 1})
    with writing(engine) as connection:
        state = read_state(connection, profiles({}), specs({}), NOW, 1, 99, None)
        plan = decide(state, specs({}), NOW)
        apply_plan(connection, plan, state.enrollments, 1, NOW)
    with pytest.raises(Exception, match="(?i)unique"), writing(engine) as connection:
        apply_plan(connection, plan, state.enrollments, 2, NOW)
    assert len(rows_of(engine, Enrollment, "id")) == 1
    assert rows_of(engine, Send, "run_id") == [1]


def test_rows_hold_plain_values_and_nothing_where_something_is_missing():
    frame = pd.DataFrame(
        {
            "number": pd.array([1, None], dtype="Int64"),
            "word": pd.array(["a", None], dtype="str"),
            "moment": pd.Series([NOW, None]).astype("datetime64[us, UTC]"),
        }
    )
    plain = list(records(frame))
    assert plain == [
        {"number": 1, "word": "a", "moment": NOW},
        {"number": None, "word": None, "moment": None},
    ]
    assert type(plain[0]["number"]) is int

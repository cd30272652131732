"""A plan becomes rows, on both databases: what decide says is what the store holds."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from flows.store.ledger import read_ledger
from flows.store.models import (
    Customer,
    Enrollment,
    PhaseChange,
    Purchase,
    QuadrantChange,
    Run,
    SegmentMember,
    Send,
    Task,
)
from flows.store.reading import read_state
from flows.store.reading_events import restarting
from flows.store.session import writing
from flows.store.staffing import Staff, escalate
from flows.store.writes import apply_plan, records
from segments.decide import decide
from segments.state import Plan, Specs
from tests.builders import profiles, specs
from tests.store.rows import NOW, ago, people, put, rows_of

STAFF = Staff(
    frozenset({"ada", "bob", "cem", "dora"}),
    "dora",
    {"service": ("bob", "cem")},
    {"service": "dora", "ada": "bob"},
)


def live_a_day(
    engine: Engine,
    spec: Specs,
    base: pd.DataFrame,
    now: datetime = NOW,
    run: int = 1,
    staff: Staff = STAFF,
) -> Plan:
    """Read, decide and write, as planning does."""
    with writing(engine) as connection:
        state = read_state(connection, base, spec, now, 1, 99, None)
        plan = decide(state, spec, now)
        again = restarting(spec.programs)
        apply_plan(connection, plan, state.enrollments, run, now, staff=staff, restarting=again)
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
    live_a_day(engine, spec, profiles({}), NOW + timedelta(days=2), run=2)
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
    live_a_day(engine, spec, profiles({}, {}, {}), staff=replace(STAFF, default=None))
    assert rows_of(engine, Task, "customer_id", "owner", "step", "about", "status") == [
        (2, None, "call", "Hello", "open"),
        (3, "ada", "call", "Hello", "open"),
    ]
    owners = dict(rows_of(engine, Enrollment, "id", "customer_id"))
    assert [owners[number] for number in rows_of(engine, Task, "enrollment_id")] == [2, 3]


@pytest.mark.parametrize(
    ("task", "owner", "taken"),
    [
        ({"call": "owner"}, "ada", "ada"),
        ({"call": "owner"}, "gone", "dora"),
        ({"call": "owner", "fallback": "cem"}, None, "cem"),
        ({"call": "owner", "fallback": "service"}, None, "team"),
        ({"visit": "bob"}, "ada", "bob"),
        ({"write": "service"}, "ada", "team"),
    ],
    ids=["owner", "owner who left", "fallback", "fallback team", "named", "team"],
)
def test_who_takes_a_task(engine: Engine, task: dict[str, Any], owner: str | None, taken: str):
    people(engine, 0)
    put(engine, Customer, *({"id": n, "owner": owner} for n in range(1, 41)))
    put(engine, Purchase, *({"id": n, "customer_id": n} for n in range(1, 41)))
    spec = specs({"steps": [{"task": {"about": "Hello", **task}}]})
    live_a_day(engine, spec, profiles(*[{}] * 40))
    owners = rows_of(engine, Task, "owner")
    if taken == "team":
        assert set(owners) == {"bob", "cem"}
        assert 10 <= owners.count("bob") <= 30
    else:
        assert set(owners) == {taken}


@pytest.mark.parametrize(
    ("task", "owner"),
    [
        ({"owner": "ada"}, "bob"),
        ({"owner": "cem"}, "dora"),
        ({"owner": "x"}, "dora"),
        ({"owner": None}, "dora"),
        ({"owner": "ada", "status": "done"}, "ada"),
        ({"owner": "ada", "escalate_at": None}, "ada"),
        ({"owner": "ada", "escalate_at": ago(-1)}, "ada"),
        ({"owner": "ada", "escalated_at": ago(1)}, "ada"),
    ],
    ids=[
        "own lead",
        "lead of the team",
        "unknown",
        "nobody's",
        "done",
        "never",
        "not yet",
        "again",
    ],
)
def test_what_is_not_done_in_time_goes_to_the_lead(
    engine: Engine, task: dict[str, Any], owner: str
):
    people(engine)
    put(engine, Enrollment, {"id": 1})
    plain = {"id": 1, "enrollment_id": 1, "customer_id": 1, "step": "call", "kind": "call"}
    plain |= {"about": "x", "due_at": ago(3), "escalate_at": ago(1), "status": "open", "run_id": 1}
    put(engine, Task, {**plain, **task})
    for number in (int(owner != task["owner"]), 0):
        with writing(engine) as connection:
            assert escalate(connection, STAFF, NOW) == number
    assert rows_of(engine, Task, "owner") == [owner]


def test_every_decision_stands_in_the_ledger(engine: Engine):
    bought(engine, {"customer_id": 1}, {"customer_id": 2})
    spec = specs({"name": "low", "priority": 1}, {"name": "high", "priority": 9})
    live_a_day(engine, spec, profiles({}, {}))
    with engine.connect() as connection:
        found = read_ledger(connection, 2)
    outcomes = dict(zip(found["journey"], found["outcome"], strict=True))
    assert outcomes == {"high": "queued", "low": "deferred"}
    numbers = dict(rows_of(engine, Enrollment, "id", "customer_id"))
    assert {numbers[number] for number in found["enrollment_id"]} == {2}
    assert set(found["contact_id"]) == {2}


def test_whoever_begins_anew_gets_no_message_twice_and_those_held_back_after_all(engine: Engine):
    bought(engine, {"customer_id": 1})
    steps = [{"send": "thanks"}, {"wait": "5 days"}]
    old = specs({"steps": steps, "migrate": "restart"}, started=ago(9))
    new = specs({"steps": [*steps, {"send": "more"}], "migrate": "restart"}, started=ago(9))
    live_a_day(engine, old, profiles({}))
    before = rows_of(engine, Send, "id", "outcome", "decided_at", "version")
    spec = replace(new, earlier={("care", p.version): p for p in old.programs})
    live_a_day(engine, spec, profiles({}), NOW + timedelta(days=1), run=2)
    assert rows_of(engine, Send, "id", "outcome", "decided_at", "version") == before
    assert rows_of(engine, Enrollment, "version", "node") == [
        (new.programs[0].version, "wait_5_days")
    ]
    with engine.connect() as connection:
        assert list(read_ledger(connection, 1)["reason"].fillna("")) == ["", "already_sent"]


def test_what_was_held_back_before_beginning_anew_is_decided_in_its_row(engine: Engine):
    people(engine)
    put(engine, Run, {"id": 2})
    put(engine, Enrollment, {"id": 7, "version": "old", "node": "gone", "flags": "vip"})
    put(engine, Send, {"id": 5, "enrollment_id": 7, "outcome": "skipped", "reason": "expired"})
    spec = specs({"migrate": "restart"}, started=ago(9))
    old = replace(spec.programs[0], version="old")
    live_a_day(engine, replace(spec, earlier={("care", "old"): old}), profiles({}), run=2)
    assert rows_of(engine, Send, "id", "enrollment_id", "outcome", "reason", "run_id") == [
        (5, 7, "queued", None, 2)
    ]


def test_whoever_begins_anew_gives_no_colleague_the_same_task_twice(engine: Engine):
    bought(engine, {"customer_id": 1})
    steps = [{"task": {"call": "owner", "about": "?"}}, {"wait": "5 days"}]
    old = specs({"steps": steps, "migrate": "restart"}, started=ago(9))
    new = specs({"steps": [*steps, {"send": "more"}], "migrate": "restart"}, started=ago(9))
    live_a_day(engine, old, profiles({}))
    spec = replace(new, earlier={("care", p.version): p for p in old.programs})
    live_a_day(engine, spec, profiles({}), NOW + timedelta(days=1), run=2)
    assert rows_of(engine, Task, "step", "run_id") == [("call", 1)]


def test_what_waited_at_a_step_that_is_gone_is_closed_when_its_enrollment_begins_anew(
    engine: Engine,
):
    people(engine)
    put(engine, Run, {"id": 2})
    put(engine, Enrollment, {"id": 7, "version": "old"})
    put(engine, Send, {"id": 5, "enrollment_id": 7}, {"id": 6, "enrollment_id": 7, "step": "gone"})
    spec = specs({"migrate": "restart"}, started=ago(9))
    old = replace(spec.programs[0], version="old")
    live_a_day(engine, replace(spec, earlier={("care", "old"): old}), profiles({}), run=2)
    assert rows_of(engine, Send, "id", "outcome", "reason") == [
        (5, "queued", None),
        (6, "skipped", "exited"),
    ]


def test_what_became_stale_while_another_went_first_says_which(engine: Engine):
    people(engine)
    put(engine, Run, {"id": 2})
    spec = specs({}, started=ago(9))
    put(engine, Enrollment, {"id": 7, "version": spec.programs[0].version, "due_at": ago(8)})
    waited = {"outranked_by": "big", "reason": "outranked", "due_at": ago(8)}
    put(engine, Send, {"id": 5, "enrollment_id": 7, **waited})
    live_a_day(engine, spec, profiles({}), run=2)
    assert rows_of(engine, Send, "id", "outcome", "reason", "outranked_by") == [
        (5, "skipped", "expired", "big")
    ]


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


def test_a_move_in_the_matrix_is_kept_and_a_first_sight_is_none(engine: Engine):
    people(engine, 4)
    base = profiles(
        {"quadrant": "top"},
        {"quadrant": "top", "phase_before": None, "quadrant_before": None},
        {"phase": "at_risk", "phase_before": "maturity"},
        {"quadrant": "development", "phase_before": "prospect", "quadrant_before": None},
    )
    live_a_day(engine, specs({}), base)
    assert rows_of(engine, QuadrantChange, "customer_id", "before", "after", "at", "run_id") == [
        (1, "small", "top", NOW, 1),
        (4, None, "development", NOW, 1),
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
    with pytest.raises(Exception, match=r"(?i)unique"), writing(engine) as connection:
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

"""Runs and journey versions, on both databases."""

from typing import Any

import pytest
from sqlalchemy import Engine

from flows.config import compile_earlier
from flows.store import runs
from flows.store.models import (
    Enrollment,
    JourneyVersion,
    Owner,
    Purchase,
    Run,
    SegmentFill,
    SegmentMember,
    Send,
)
from flows.store.session import writing
from segments.journey.program import Program
from tests.builders import program
from tests.store.rows import NOW, ago, people, put, rows_of

ENTRIES: dict[str, dict[str, Any]] = {
    "order": {"enter": {"on": "order", "again": "after 90 days"}},
    "phase": {"enter": {"on": "phase", "phase": "at_risk"}},
    "schedule": {"enter": {"on": "schedule", "every": "month", "day": 5, "when": "orders > 1"}},
}


def noted(engine: Engine, *programs: Program, now: Any = NOW) -> dict[str, Any]:
    """Note these versions as running."""
    with writing(engine) as connection:
        return runs.note_versions(connection, programs, now)


def earlier(engine: Engine, *programs: Program) -> dict[tuple[str, str], dict[str, Any]]:
    """The other versions somebody still travels."""
    with engine.connect() as connection:
        return runs.earlier_versions(connection, programs)


def test_a_run_is_noted_from_its_beginning_to_its_end(engine: Engine):
    with writing(engine) as connection:
        number = runs.begin_run(connection, "plan", NOW, NOW)
    assert rows_of(engine, Run, "id", "ended_at", "counts") == [(number, None, {})]
    with writing(engine) as connection:
        runs.end_run(connection, number, NOW, {"entered": 3})
    assert rows_of(engine, Run, "id", "counts", "failed") == [(number, {"entered": 3}, None)]


def test_the_previous_run_is_the_latest_that_went_well_up_to_now(engine: Engine):
    put(
        engine,
        Run,
        {"id": 1, "as_of": ago(5), "ended_at": ago(5)},
        {"id": 2, "as_of": ago(4), "ended_at": ago(4)},
        {"id": 3, "as_of": ago(3), "ended_at": ago(3), "failed": "no"},
        {"id": 4, "as_of": ago(2)},
        {"id": 5, "as_of": ago(1), "ended_at": ago(1), "kind": "pull"},
        {"id": 6, "as_of": ago(-1), "ended_at": ago(-1)},
    )
    with engine.connect() as connection:
        assert runs.previous_run(connection, "plan", NOW) == ago(4)
        assert runs.previous_run(connection, "plan", ago(9)) is None
        assert runs.latest_run(connection, "plan") == ago(-1)


def test_a_version_is_stored_once_and_the_first_one_says_since_when(engine: Engine):
    first = program(steps=[{"send": "thanks"}])
    second = program(steps=[{"send": "hello"}])
    assert noted(engine, first, now=ago(9)) == {"care": ago(9)}
    assert noted(engine, first) == {"care": ago(9)}
    assert noted(engine, second) == {"care": ago(9)}
    assert len(rows_of(engine, JourneyVersion, "version")) == 2


@pytest.mark.parametrize("enter", ENTRIES.values(), ids=ENTRIES)
def test_a_version_read_back_is_the_journey_as_it_was(engine: Engine, enter: dict[str, Any]):
    people(engine)
    then = program(**enter, goal={"event": "order", "within": "30 days"}, holdout="10%")
    now = program(**enter, steps=[{"send": "hello"}])
    noted(engine, then, now)
    put(engine, Enrollment, {"id": 1, "version": then.version})
    found = earlier(engine, now)
    assert list(found) == [("care", then.version)]
    assert compile_earlier(found["care", then.version], {}) == then


@pytest.mark.parametrize(
    ("enrollment", "travels"),
    [
        ({}, True),
        ({"status": "finished", "reason": "completed"}, True),
        ({"status": "finished", "reason": "completed", "goal_at": ago(1)}, False),
        ({"status": "finished", "reason": "goal", "goal_at": ago(1)}, False),
        ({"status": "exited", "reason": "exit_when"}, False),
        ({"journey": "other"}, False),
    ],
    ids=["under way", "goal open", "goal noted", "goal reached", "exited", "not running"],
)
def test_earlier_versions_are_those_somebody_still_travels(
    engine: Engine, enrollment: dict[str, Any], travels: bool
):
    people(engine)
    then, now = program(), program(steps=[{"send": "hello"}])
    noted(engine, then, now)
    put(engine, Enrollment, {"id": 1, "version": then.version, **enrollment})
    put(engine, Enrollment, {"id": 2, "version": now.version})
    assert bool(earlier(engine, now)) == travels


def test_segments_are_filled_under_their_present_rule(engine: Engine):
    with writing(engine) as connection:
        runs.note_fills(connection, {"regulars": "orders >= 3", "dear": "orders >= 9"}, ago(1))
    with writing(engine) as connection:
        runs.note_fills(connection, {"regulars": "orders >= 4"}, NOW)
    assert rows_of(engine, SegmentFill, "segment", "rule", "filled_at") == [
        ("dear", "orders >= 9", ago(1)),
        ("regulars", "orders >= 4", NOW),
    ]


def test_members_of_segments_nobody_watches_are_forgotten(engine: Engine):
    people(engine)
    put(
        engine,
        SegmentMember,
        {"segment": "dear", "customer_id": 1},
        {"segment": "regulars", "customer_id": 1},
    )
    with writing(engine) as connection:
        runs.keep_members_of(connection, {"regulars"})
    assert rows_of(engine, SegmentMember, "segment") == ["regulars"]


def test_the_owner_table_says_what_the_yaml_says(engine: Engine):
    ada = {"key": "ada", "name": "Ada", "position": None, "email": "ada@x.de", "phone": None}
    with writing(engine) as connection:
        runs.mirror_owners(connection, [ada, {**ada, "key": "bob"}])
    with writing(engine) as connection:
        runs.mirror_owners(connection, [{**ada, "name": "Ada L."}, {**ada, "key": "eve"}])
    assert rows_of(engine, Owner, "key", "name") == [("ada", "Ada L."), ("eve", "Ada")]


def test_the_newest_order_is_the_latest_up_to_now(engine: Engine):
    with engine.connect() as connection:
        assert runs.newest_order(connection, NOW) is None
    people(engine)
    put(engine, Purchase, {"id": 1, "ordered_at": ago(3)}, {"id": 2, "ordered_at": ago(-1)})
    with engine.connect() as connection:
        assert runs.newest_order(connection, NOW) == ago(3)
        assert runs.totals(connection) == (1, 2)


def test_what_was_handed_over_is_told_by_key(engine: Engine):
    people(engine)
    put(engine, Enrollment, {"id": 1})
    put(
        engine,
        Send,
        {"id": 1, "outcome": "delivered", "handed_over_at": ago(1)},
        {"id": 2, "step": "more", "outcome": "accepted", "handed_over_at": NOW},
        {"id": 3, "step": "last", "outcome": "queued"},
    )
    with engine.connect() as connection:
        rows = runs.handed_over(connection, ago(2), NOW)
    assert rows.to_dict("records") == [
        {
            "send_id": 1,
            "customer": "C1",
            "contact": "C1",
            "message": "thanks",
            "journey": "care",
            "sent_at": ago(1),
        }
    ]


ASKS = {"on": "order", "again": "per_order", "backfill": {"max": 5}}


def left(engine: Engine, each: Program, previous: Any = None) -> dict[str, int]:
    """How many of before its time a journey may take in still."""
    with engine.connect() as connection:
        return runs.backfills(connection, [each], previous)


def test_a_new_journey_takes_in_those_before_it_until_a_plan_went_well(engine: Engine):
    people(engine)
    asks = program(enter=ASKS)
    assert left(engine, program()) == {}
    assert left(engine, asks) == left(engine, asks, ago(9)) == {"care": 5}
    noted(engine, asks)
    assert left(engine, asks) == left(engine, asks, ago(1)) == {"care": 5}
    put(engine, Enrollment, {"id": 1, "version": asks.version}, {"id": 2, "version": "other"})
    assert left(engine, asks, ago(1)) == {"care": 4}
    assert left(engine, asks, NOW) == {}


def test_a_change_takes_in_nobody_else_once_a_version_had_its_turn(engine: Engine):
    asks = program(enter=ASKS)
    noted(engine, program(steps=[{"send": "old"}]), now=ago(9))
    assert left(engine, asks, ago(8)) == {"care": 5}
    noted(engine, asks, now=ago(7))
    changed = program(enter=ASKS, steps=[{"send": "hello"}])
    assert left(engine, changed, ago(6)) == {}


def test_a_journey_runs_since_its_first_version_or_from_now_on(engine: Engine):
    noted(engine, program(), now=ago(9))
    with engine.connect() as connection:
        since = runs.running_since(connection, [program(), program(name="news")], NOW)
    assert since == {"care": ago(9), "news": NOW}

"""Tasks of colleagues: listed by urgency, closed once, told in the history of contacts."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from flows.store import tasks
from flows.store.models import Contact, Enrollment, Interaction, Run, Task
from flows.store.tasks import TaskResult, finish
from segments.names import Mood, TaskOutcome
from tests.store.rows import NOW, ago, people, put, rows_of

PLAIN = {"enrollment_id": 1, "customer_id": 1, "kind": "call", "about": "x", "run_id": 1}
OPEN = {**PLAIN, "due_at": ago(3), "status": "open"}


@pytest.fixture
def company(engine: Engine) -> Engine:
    people(engine)
    put(engine, Enrollment, {"id": 1})
    return engine


def test_a_task_that_is_done_is_closed_once_by_the_earliest_word(company: Engine):
    put(
        company,
        Task,
        {"id": 1, "step": "a", **OPEN},
        {"id": 2, "step": "b", **OPEN, "status": "cancelled"},
        {"id": 3, "step": "c", **OPEN},
    )
    said = [TaskResult(number, ago(day)) for number, day in ((1, 1), (1, 2), (2, 1), (99, 1))]
    with company.begin() as connection:
        strange = [TaskResult(-1, ago(1)), TaskResult(2**70, ago(1))]
        assert finish(connection, [*said, *strange], ago(0)) == 1
        assert finish(connection, said, ago(0)) == 0
    assert rows_of(company, Task, "id", "status", "done_at") == [
        (1, "done", ago(2)),
        (2, "cancelled", None),
        (3, "open", None),
    ]


def test_whoever_was_reached_has_that_in_their_history_and_nobody_else(company: Engine):
    put(
        company,
        Task,
        {"id": 1, "step": "a", **OPEN},
        {"id": 2, "step": "b", **OPEN, "kind": "visit"},
        {"id": 3, "step": "c", **OPEN},
        {"id": 4, "step": "d", **OPEN, "kind": "write"},
        {"id": 5, "step": "e", **OPEN, "kind": "check", "customer_id": None, "enrollment_id": None},
    )
    said = [
        TaskResult(1, ago(1), mood=Mood.CONTENT, note="all well"),
        TaskResult(2, ago(1)),
        TaskResult(3, ago(1), TaskOutcome.NOT_REACHED, note="on holiday"),
        TaskResult(4, ago(1), TaskOutcome.NOT_NEEDED),
        TaskResult(5, ago(1), note="key renewed"),
    ]
    for _ in range(2):
        with company.begin() as connection:
            finish(connection, said, ago(0.5))
    assert rows_of(company, Interaction, "key", "channel", "direction", "mood", "note") == [
        ("task:1", "call", "out", "content", "all well"),
        ("task:2", "visit", "out", None, None),
    ]
    assert rows_of(company, Task, "id", "outcome", "note", "changed_at") == [
        (1, "reached", "all well", ago(0.5)),
        (2, "reached", None, ago(0.5)),
        (3, "not_reached", "on holiday", ago(0.5)),
        (4, "not_needed", None, ago(0.5)),
        (5, "reached", "key renewed", ago(0.5)),
    ]


def test_a_task_is_taken_and_cancelled_while_it_is_open(company: Engine):
    put(company, Task, {"id": 1, "step": "a", **OPEN, "owner": "ann"})
    with company.begin() as connection:
        assert tasks.take(connection, 1, "ben", ago(2))
        assert not tasks.take(connection, 1, "ben", ago(1))
        assert not tasks.take(connection, 7, "ben", ago(1))
        assert tasks.cancel(connection, 1, "settled", ago(1))
        assert not tasks.cancel(connection, 1, "again", ago(0))
        assert not tasks.take(connection, 1, "ann", ago(0))
        assert finish(connection, [TaskResult(1, ago(0))], ago(0)) == 0
        found = tasks.facts(connection, 1)
    assert found is not None
    assert (found.owner, found.status, found.changed_at) == ("ben", "cancelled", ago(1))
    assert rows_of(company, Task, "note") == ["settled"]


def test_tasks_are_listed_by_urgency_checks_included_and_what_changed_since(company: Engine):
    put(company, Run, {"id": 7, "as_of": ago(2)})
    put(
        company,
        Task,
        {"id": 1, "step": "a", **OPEN, "owner": "ann", "due_at": ago(1), "run_id": 7},
        {"id": 2, "step": "b", **OPEN, "owner": "ben", "due_at": ago(5), "run_id": 7},
        {"id": 3, "step": "halt", "kind": "check", "about": "stopped", "due_at": ago(4)}
        | {"status": "open", "owner": "ann"},
        {"id": 4, "step": "d", **OPEN, "owner": "ann", "due_at": ago(9), "run_id": 7},
    )
    with company.begin() as connection:
        finish(connection, [TaskResult(4, ago(1))], ago(1))
        asked = [
            {},
            {"owner": "ann"},
            {"everything": True},
            {"due_until": ago(4)},
            {"everything": True, "since": ago(1)},
            {"everything": True, "since": ago(2)},
        ]
        found = [list(tasks.listed(connection, NOW, **each)["task"]) for each in asked]
        assert list(tasks.listed(connection, ago(3))["task"]) == [3]
    assert found == [[2, 3, 1], [3, 1], [2, 3, 1, 4], [2, 3], [4], [2, 1, 4]]


def test_a_day_without_an_hour_counts_as_a_whole(company: Engine):
    midnight = NOW.replace(hour=22, minute=0, second=0, microsecond=0) - timedelta(days=1)
    put(
        company,
        Task,
        {"id": 1, "step": "a", **OPEN, "due_at": midnight},
        {"id": 2, "step": "b", **OPEN, "due_at": midnight + timedelta(hours=3)},
    )
    with company.begin() as connection:
        found = tasks.listed(connection, NOW)
    ends = tasks.deadlines(found, "Etc/GMT-2")
    assert [each.to_pydatetime() for each in ends] == [
        midnight + timedelta(days=1),
        midnight + timedelta(hours=3),
    ]


def test_a_contact_is_known_by_the_customer_it_belongs_to(company: Engine):
    put(company, Contact, {"id": 50, "key": "K50", "customer_id": 1})
    with company.begin() as connection:
        assert tasks.contact_of(connection, 1, "K50") == 50
        assert tasks.contact_of(connection, 2, "K50") is None
        assert tasks.facts(connection, 2**70) is None

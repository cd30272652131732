"""A CRM says what became of tasks: each is closed once, and what makes no sense is kept."""

from datetime import UTC, datetime

import pytest

from flows.store.models import Customer, Interaction, Reject, Task
from tests.intake.puller import Project
from tests.store.rows import put

DUE = datetime(2026, 2, 20, tzinfo=UTC)
RESULTS = """task;done_at;outcome;mood;note
1;25.02.2026 10:30;erreicht;zufrieden;alles gut
2,0;26.02.2026;nicht erreicht;wütend;
3;27.02.2026;;;
4;28.02.2026;vielleicht;;
99;28.02.2026;erreicht;;
zwölf;28.02.2026;erreicht;;
5;28.03.2026;erreicht;;kommt erst noch
"""


@pytest.fixture
def asked(project: Project) -> Project:
    """A store with five open tasks, and a CRM that answers."""
    project.csv("order_lines", "order,customer,ordered_at,unit_price\nA,C1,2026-02-01,5\n")
    project.pull()
    ((customer,),) = project.rows(Customer, "id")
    put(
        project.engine,
        Task,
        *(
            {"id": number, "step": f"s{number}", "customer_id": customer, "kind": "call"}
            | {"about": "x", "due_at": DUE, "status": "open"}
            for number in range(1, 6)
        ),
    )
    project.csv("task_results", RESULTS, separator=";", dates="german")
    return project


def test_results_close_tasks_once_and_tell_whom_they_reached(asked: Project):
    for again in range(3):
        if again:
            asked.csv("task_results", RESULTS + "\n" * again, separator=";", dates="german")
        asked.pull()
        assert asked.rows(Task, "id", "status", "outcome", "note") == [
            (1, "done", "reached", "alles gut"),
            (2, "done", "not_reached", None),
            (3, "done", "reached", None),
            (4, "open", None, None),
            (5, "open", None, None),
        ]
        assert asked.rows(Interaction, "key", "mood", "note", "at") == [
            ("task:1", "content", "alles gut", datetime(2026, 2, 25, 9, 30, tzinfo=UTC)),
            ("task:3", None, None, datetime(2026, 2, 26, 23, tzinfo=UTC)),
        ]


def test_what_makes_no_sense_is_kept_with_its_reason_and_the_future_waits(asked: Project):
    report = asked.pull()
    assert asked.rows(Reject, "row", "column", "value", "reason") == [
        (5, "outcome", "vielleicht", "is none of reached, not_reached, message_left, not_needed"),
        (6, "task", "99", "there is no such task"),
        (7, "task", "zwölf", "is not a number we gave"),
    ]
    (found,) = (each for each in report.tables if each.table == "task_results")
    assert (found.new, found.rejected, found.not_yet) == (3, 3, 1)

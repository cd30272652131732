"""Tasks that colleagues have taken care of."""

from sqlalchemy import Engine

from flows.store.inbox import TaskDone, keep_done
from flows.store.models import Enrollment, Task
from tests.store.rows import ago, people, put, rows_of


def test_a_task_that_is_done_is_closed_once_by_the_earliest_word(engine: Engine):
    people(engine)
    put(engine, Enrollment, {"id": 1})
    plain = {"enrollment_id": 1, "customer_id": 1, "kind": "call", "about": "x", "run_id": 1}
    plain |= {"due_at": ago(3), "status": "open"}
    put(
        engine,
        Task,
        {"id": 1, "step": "a", **plain},
        {"id": 2, "step": "b", **plain, "status": "cancelled"},
        {"id": 3, "step": "c", **plain},
    )
    said = [TaskDone(1, ago(1)), TaskDone(1, ago(2)), TaskDone(2, ago(1)), TaskDone(99, ago(1))]
    with engine.begin() as connection:
        assert keep_done(connection, [*said, TaskDone(-1, ago(1)), TaskDone(2**70, ago(1))]) == 1
        assert keep_done(connection, said) == 0
    assert rows_of(engine, Task, "id", "status", "done_at") == [
        (1, "done", ago(2)),
        (2, "cancelled", None),
        (3, "open", None),
    ]

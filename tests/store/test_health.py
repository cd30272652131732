"""What the store knows of how things stand: what waits, what ran, what stands still."""

from datetime import datetime

from sqlalchemy import Engine

from flows.store import health
from flows.store.health import Batches, Doubts, Queue, Tasks
from flows.store.looking import Question, T, ask, ask_all, looking
from flows.store.models import (
    Alert,
    Doubt,
    Enrollment,
    EventBatch,
    Halt,
    Purchase,
    Run,
    Send,
    Task,
)
from segments.names import HaltCause
from tests.store.rows import NOW, ago, people, put


def answer(engine: Engine, question: Question[T]) -> T:
    with looking(engine.url.render_as_string(hide_password=False)) as look:
        return ask(look, question)


def test_what_ran_last_and_what_went_well(engine: Engine) -> None:
    def run(days: float, failed: str | None, ended: datetime | None) -> dict[str, object]:
        moments = {"as_of": ago(days), "started_at": ago(days), "ended_at": ended}
        return {**moments, "failed": failed}

    put(engine, Run, run(3, None, ago(3)), run(2, "boom: why", ago(2)), run(1, None, None))
    found = answer(engine, health.runs(("plan", "respond")))
    assert set(found) == {"plan"}
    assert (found["plan"].as_of, found["plan"].ended_at) == (ago(1), None)
    assert found["plan"].went_well == ago(3)
    assert answer(engine, health.runs(())) == {}


def test_what_waits_what_is_taken_and_what_is_in_doubt(engine: Engine) -> None:
    people(engine)
    put(engine, Enrollment, {"id": 1, "customer_id": 1})
    taken = {"outcome": "claimed", "claim_id": "x", "claimed_at": ago(1), "outlet": "folder"}
    sends = [
        {"outcome": "queued"},
        {"outcome": "queued", "not_before": ago(-1)},
        {"outcome": "queued", "review": "pending"},
        {"outcome": "queued", "review": "approved"},
        {"outcome": "deferred"},
        {**taken, "lease_until": ago(-1)},
        {**taken, "lease_until": ago(0.5)},
        {"outcome": "in_doubt"},
    ]
    put(engine, Send, *({"id": n, "step": f"s{n}", **each} for n, each in enumerate(sends, 1)))
    put(engine, Doubt, {"id": 1, "send_id": 8, "since": ago(2), "why": "no answer"})
    put(
        engine,
        Doubt,
        {"id": 2, "send_id": 5, "since": ago(9), "why": "no answer", "settled_at": ago(8)},
    )
    assert answer(engine, health.queue(NOW)) == Queue(2, 1, 1, 2, 1)
    assert answer(engine, health.doubts()) == Doubts(1, ago(2))


def test_what_stands_still_what_is_to_be_done_and_what_came_in(engine: Engine) -> None:
    people(engine)
    why = {"cause": "provider", "why": "five errors"}
    put(
        engine,
        Halt,
        {"id": 1, "cause": "hand", "why": "inventory", "since": ago(1)},
        {"id": 2, "outlet": "smtp", **why, "since": ago(2), "until": ago(1)},
        {"id": 3, "journey": "care", **why, "since": ago(3), "ended_at": ago(2)},
        {"id": 4, "outlet": "smtp", **why, "since": ago(0.5), "until": ago(-1)},
    )
    task = {"customer_id": 1, "kind": "call", "about": "?", "status": "open", "owner": "ada"}
    put(
        engine,
        Task,
        {"id": 1, "step": "a", **task, "due_at": ago(1)},
        {"id": 2, "step": "b", **task, "due_at": ago(1), "escalated_at": ago(0.5)},
        {"id": 3, "step": "c", **task, "due_at": ago(-1)},
        {"id": 4, "step": "d", **task, "due_at": ago(1), "status": "done"},
    )
    put(engine, Purchase, {"id": 1, "ordered_at": ago(2)}, {"id": 2, "ordered_at": ago(-1)})
    batch = {"source": "sendgrid", "body": b"[]"}
    put(
        engine,
        EventBatch,
        {"id": 1, **batch, "received_at": ago(2)},
        {"id": 2, **batch, "received_at": ago(2), "applied_at": ago(1), "problem": "odd"},
        {"id": 3, **batch, "received_at": ago(30), "applied_at": ago(30), "problem": "odd"},
    )
    put(
        engine,
        Alert,
        {"id": 1, "kind": "run_failed", "subject": "a", "said": "it stands", "since": ago(1)},
        {
            "id": 2,
            "kind": "run_failed",
            "subject": "b",
            "said": "it is over",
            "since": ago(2),
            "ended_at": ago(1),
        },
    )
    still = answer(engine, health.standing_still(NOW))
    assert [(each.outlet, each.cause) for each in still] == [
        (None, HaltCause.HAND),
        ("smtp", HaltCause.PROVIDER),
    ]
    tasks = answer(engine, health.tasks(NOW))
    assert (tasks.open, tasks.handed_on, tasks.due) == (3, 1, ((ago(1), 2),))
    assert answer(engine, health.newest_order(NOW)) == ago(2)
    assert answer(engine, health.batches(ago(7))) == Batches(1, ago(2), 1)
    assert [each.said for each in answer(engine, health.alerts())] == ["it stands"]


def test_of_an_empty_store_everything_can_be_asked_at_once(store_url: str) -> None:
    with looking(store_url) as look:
        answers = ask_all(
            look,
            health.runs(("plan",)),
            health.queue(NOW),
            health.doubts(),
            health.tasks(NOW),
            health.newest_order(NOW),
            health.batches(NOW),
            health.polls(),
        )
    assert answers == [{}, Queue(), Doubts(), Tasks(0, 0, ()), None, Batches(), {}]

"""A look into the store: what waits, what ran, what stands still, and that it only reads."""

import time
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from flows.store import health
from flows.store.health import Batches, Doubts, Queue
from flows.store.models import (
    Alert,
    Base,
    Doubt,
    Enrollment,
    EventBatch,
    Halt,
    Purchase,
    Run,
    Send,
    Task,
)
from flows.store.types import Utc
from segments.names import HaltCause
from tests.store.rows import NOW, ago, people, put


def test_the_columns_looked_at_are_those_of_the_tables() -> None:
    for looked_at in health.TABLES:
        table = Base.metadata.tables[looked_at.name]
        for column in looked_at.columns:
            moment = isinstance(table.c[column.name].type, Utc)
            assert isinstance(column.type, Utc) == moment, f"{looked_at.name}.{column.name}"


def test_what_ran_last_and_what_went_well(engine: Engine) -> None:
    def run(days: float, failed: str | None, ended: datetime | None) -> dict[str, object]:
        moments = {"as_of": ago(days), "started_at": ago(days), "ended_at": ended}
        return {**moments, "failed": failed}

    put(engine, Run, run(3, None, ago(3)), run(2, "boom: why", ago(2)), run(1, None, None))
    with engine.connect() as connection:
        found = health.runs(connection, ("plan", "respond"))
    assert set(found) == {"plan"}
    assert (found["plan"].as_of, found["plan"].ended_at) == (ago(1), None)
    assert found["plan"].went_well == ago(3)


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
    with engine.connect() as connection:
        assert health.queue(connection, NOW) == Queue(2, 1, 1, 2, 1)
        assert health.doubts(connection) == Doubts(1, ago(2))


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
    with engine.connect() as connection:
        still = health.standing_still(connection, NOW)
        assert [(each.outlet, each.cause) for each in still] == [
            (None, HaltCause.HAND),
            ("smtp", HaltCause.PROVIDER),
        ]
        tasks = health.tasks(connection, NOW)
        assert (tasks.open, tasks.handed_on, tasks.due) == (3, 1, ((ago(1), 2),))
        assert health.newest_order(connection, NOW) == ago(2)
        assert health.batches(connection, ago(7)) == Batches(1, ago(2), 1)
        assert [each.said for each in health.alerts(connection)] == ["it stands"]


def test_a_look_cannot_write(store_url: str) -> None:
    with health.looking(store_url) as connection:
        assert health.version_of(connection) > (3,)
        with pytest.raises(DBAPIError, match=r"read-?only"):
            connection.execute(text("DELETE FROM run"))


def test_a_postgres_server_has_a_clock_and_a_file_has_none(store_url: str) -> None:
    with health.looking(store_url) as connection:
        told = health.moment_of(connection)
    assert (told is None) == store_url.startswith("sqlite")
    assert told is None or told.utcoffset() is not None


def test_a_file_that_is_not_there_stays_away(tmp_path: Path) -> None:
    file = tmp_path / "a folder #1" / "store.db"
    address = f"sqlite:///{file}"
    assert health.file_of(address) == file
    with pytest.raises(DBAPIError), health.looking(address) as connection:
        connection.execute(text("SELECT 1"))
    assert not file.parent.exists()


def test_a_server_that_is_away_is_not_waited_for_long() -> None:
    began = time.monotonic()
    nobody = "postgresql://nobody@127.0.0.1:1/nothing"
    with pytest.raises(DBAPIError), health.looking(nobody):
        pass
    assert time.monotonic() - began < 20

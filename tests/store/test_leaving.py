"""Whoever leaves a journey loses what is in the queue, and nothing that is on its way."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from flows.store import outbox
from flows.store.leaving import take_out
from segments.names import SkipReason
from tests.delivery.rows import NOW, furnish, outcomes, put, send
from tests.store.claiming import take


def exited() -> pd.DataFrame:
    """Enrollment 1 as it is to be: taken out by its rule."""
    return pd.DataFrame(
        {
            "enrollment_id": [1],
            "customer_id": [1],
            "was": ["active"],
            "status": ["exited"],
            "reason": ["exit_when"],
            "left_at": [pd.Timestamp(NOW)],
            "goal_at": pd.Series([pd.NaT], dtype="datetime64[us, UTC]"),
        }
    )


def test_what_is_in_the_queue_is_cancelled_and_the_rest_stays(engine: Engine) -> None:
    furnish(engine)
    put(engine, send(1), send(2, outcome="claimed"), send(3, outcome="accepted"))
    with outbox.side_by_side(engine) as connection:
        assert take_out(connection, exited()) == {SkipReason.EXITED: 1}
    assert outcomes(engine) == {1: "cancelled", 2: "claimed", 3: "accepted"}


def test_what_a_sender_is_taking_just_now_is_its(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    furnish(engine)
    put(engine, send(1, priority=90), send(2))

    def leave() -> dict[SkipReason, int]:
        with outbox.side_by_side(engine) as connection:
            connection.execute(text("SET LOCAL lock_timeout = '20s'"))
            return take_out(connection, exited())

    with ThreadPoolExecutor(1) as other:
        with outbox.side_by_side(engine) as sending:
            assert take(sending, 1) == [1]
            leaving = other.submit(leave)
            assert wait_for([leaving], timeout=0.5).not_done
        assert leaving.result(timeout=30) == {SkipReason.EXITED: 1}
    assert outcomes(engine) == {1: "claimed", 2: "cancelled"}

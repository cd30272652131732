"""Tried again is only what may be done twice, and only when what is wrong may pass."""

import sqlite3
from typing import Any

import psycopg
import pytest
from prefect.states import Failed
from sqlalchemy.exc import OperationalError, ProgrammingError

from flows import passing, states, suppressions, tasks
from flows.daily import daily
from flows.deliver import deliver
from flows.errors import ConfigError, DeliveryError, SourceError
from flows.passing import PAUSES, StoreGoneError, gone, passes, patiently
from flows.trying import may_pass
from segments.names import HaltCause


def database(error: Exception, kind: Any = OperationalError) -> Any:
    return kind("SELECT 1", {}, error)


def behind(outer: Exception, inner: Exception) -> Exception:
    outer.__cause__ = inner
    return outer


RESTARTS = database(psycopg.OperationalError("server closed the connection unexpectedly"))


@pytest.mark.parametrize(
    ("error", "may"),
    [
        (RESTARTS, True),
        (database(psycopg.errors.AdminShutdown("by an operator")), True),
        (database(psycopg.errors.DeadlockDetected("two at once")), True),
        (database(sqlite3.OperationalError("database is locked")), True),
        (database(sqlite3.OperationalError("no such table: kunden")), False),
        (database(psycopg.errors.UndefinedTable("kunden"), ProgrammingError), False),
        (behind(SourceError("the database answered: ..."), RESTARTS), True),
        (behind(ConfigError.at("settings.yaml", "cannot be opened"), RESTARTS), True),
        (behind(SourceError("cannot be read"), OSError(116, "Stale file handle")), True),
        (behind(SourceError("is not there"), FileNotFoundError(2, "No such file")), False),
        (SourceError("too many rejects"), False),
        (DeliveryError("SendGrid does not answer", HaltCause.PROVIDER), True),
        (DeliveryError("the key is wrong", HaltCause.KEY), False),
        (gone(RESTARTS), True),
        (ValueError("a fault of ours"), False),
    ],
)
def test_what_passes_by_itself(error: Exception, may: bool) -> None:
    assert passes(error) is may


def test_somebody_at_a_terminal_hears_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Failed(message="away", data=gone(RESTARTS))
    monkeypatch.delenv("PREFECT__FLOW_RUN_ID", raising=False)
    assert not may_pass(None, None, away)
    monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "1")
    assert may_pass(None, None, away)
    assert not may_pass(None, None, Failed(message="wrong", data=SourceError("too many rejects")))


def test_only_what_may_be_done_twice_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    again = {
        each.name: (each.retries, list(each.retry_delay_seconds or []))
        for each in (*vars(tasks).values(), suppressions.take_in_lists)
        if hasattr(each, "retries") and each.retries
    }
    assert again == dict.fromkeys(("pull", "respond", "measure", "suppressions"), (3, list(PAUSES)))
    # Prefect's own settings cannot have it deliver twice: it is said, not left to a default.
    for each in (tasks.deliver_messages, deliver, daily):
        assert each.retries == 0


def test_prefects_defaults_do_not_reach_what_delivers() -> None:
    import os
    import subprocess
    import sys

    asked = (
        "from flows.tasks import deliver_messages as a; from flows.deliver import deliver as b; "
        "from flows.daily import daily as c; print(a.retries, b.retries, c.retries)"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ
        | {"PREFECT_TASKS_DEFAULT_RETRIES": "3", "PREFECT_FLOWS_DEFAULT_RETRIES": "3"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "0 0 0\n"


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(passing, "sleep", slept.append)
    tries = iter([RESTARTS, RESTARTS, None])

    def work() -> str:
        if error := next(tries):
            raise error
        return "done"

    assert patiently(work, (1, 2, 3)) == "done"
    assert slept == [1, 2]
    with pytest.raises(ConfigError):
        patiently(lambda: (_ for _ in ()).throw(ConfigError.at("x", "wrong")), (1,))
    assert slept == [1, 2]
    tries = iter([RESTARTS] * 4)
    with pytest.raises(OperationalError):
        patiently(work, (1, 2))


def test_a_database_that_goes_away_in_the_middle_is_a_sentence() -> None:
    @states.refusing
    def body() -> None:
        raise RESTARTS

    state: Any = body()
    assert state.is_failed()
    assert state.message.startswith("the database does not answer (OperationalError). Nothing was")
    with pytest.raises(StoreGoneError):
        states.settled(state)
    assert states.refused(gone(RESTARTS)).is_failed()

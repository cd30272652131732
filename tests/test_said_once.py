"""A refused run's page shows our sentence once, and no trace back through Prefect's own code."""

import logging
import sys

from prefect.exceptions import FailedRun

from flows.said_once import say_once, worth_saying

SAID = 'config/policy.yaml:1  there is no "curency" here'


def record(message: str, error: BaseException | None = None, *, trace: bool = True):
    """A line as Prefect's loggers write it, with the trace of `error`."""
    found = None
    if trace:
        try:
            if error is not None:
                raise error
        except BaseException:
            found = sys.exc_info()
        found = found or (None, None, None)
    return logging.LogRecord("prefect.flow_runs", logging.ERROR, "", 0, message, (), found)


def test_a_state_that_a_runner_raises_again_is_left_out() -> None:
    assert not worth_saying(record("Engine execution exited", FailedRun(SAID)))


def test_a_state_that_a_task_returned_is_left_out_where_it_has_no_trace() -> None:
    assert not worth_saying(record(f"Task run failed with state: Failed({SAID!r})"))


def test_everything_else_is_said() -> None:
    assert worth_saying(record("Finished in state Wrong input", trace=False))
    assert worth_saying(record("Engine execution exited", ZeroDivisionError("by zero")))
    assert worth_saying(record("Something else failed with state"))


def test_loggers_are_told_once() -> None:
    say_once()
    say_once()
    assert logging.getLogger("prefect.flow_runs").filters.count(worth_saying) == 1

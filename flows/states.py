"""How runs and tasks end: in a state that says in words what happened, without a trace back."""

import os
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.exceptions import CancelledRun, FlowPauseTimeout, PausedRun, TerminationSignal
from prefect.flow_engine import FlowRunTimeoutError
from prefect.states import Completed, Failed, raise_state_exception
from prefect.task_engine import TaskRunTimeoutError
from sqlalchemy.exc import OperationalError, StatementError

from flows import clock
from flows.cancelling import cancelled
from flows.deployments import house_locale
from flows.errors import ConfigError, PipelineError, SourceError
from flows.limits import TooLongError
from flows.overtime import timed_out
from flows.passing import gone, passes
from flows.reporting.words import say
from flows.stages.deciding import AlreadyDoneError
from segments.names import Locale

PROJECT_VARIABLE = "STAMMKUNDE_PROJECT"
ERRORS = "var/errors.log"
"""Where the trace of an error nobody expected is kept, in the project's folder."""

_OURS = ("flows", "segments")
_LONGEST_NAME = 80
_LARGEST_LOG = 1_000_000
_PASSING = (PausedRun, CancelledRun, FlowPauseTimeout, FlowRunTimeoutError)
"""By these Prefect steers runs; they are no failures of ours."""

Value = TypeVar("Value")
Asked = ParamSpec("Asked")


def project_here() -> Path:
    """The project's folder, as the environment of this process names it."""
    return Path(os.environ.get(PROJECT_VARIABLE, "."))


class UnexpectedError(PipelineError):
    """An error nobody thought of; its text says where it happened, and where its trace is kept."""


def wrong_input(locale: Locale) -> str:
    """Name of the state of a run that could not begin, because of what somebody wrote."""
    return say("state_wrong_input", locale)


WRONG_INPUT = frozenset(wrong_input(locale) for locale in Locale)
"""The same in every language."""


def done(said: str, *, more: str = "", name: str = "") -> State[Any]:
    """A green run whose state is called by what happened: lists show its name and nothing else."""
    name = name or said
    if len(name) > _LONGEST_NAME:
        name = f"{name[: _LONGEST_NAME - 1].rstrip(' ,;')}…"
    return Completed(message=f"{said}. {more}" if more else said, name=name)


def refused(error: PipelineError) -> State[Any]:
    """A red run with our sentence and no trace back; a green one if others did the work."""
    locale = house_locale(project_here())
    if isinstance(error, AlreadyDoneError):
        return Completed(message=str(error), name=say("state_done_before", locale))
    too_long = isinstance(error, TooLongError)
    name = timed_out(locale) if too_long else say("state_failed", locale)
    if isinstance(error, ConfigError | SourceError) and not passes(error):
        name = wrong_input(locale)
    return Failed(message=str(error), name=name)


def speaking(body: Callable[Asked, State[Any]]) -> Callable[Asked, State[Any]]:
    """A flow's body whose errors, expected or not, become a red run with a sentence."""

    @wraps(body)
    def spoken(*args: Asked.args, **kwargs: Asked.kwargs) -> State[Any]:
        try:
            return body(*args, **kwargs)
        except _PASSING:
            raise
        except TerminationSignal:
            if state := cancelled(house_locale(project_here())):
                return state
            raise
        except Exception as error:
            return refused(expected(error))

    return spoken


def refusing(stage: Callable[Asked, Value]) -> Callable[Asked, Value]:
    """A task's body whose errors become the task's state, without a trace back in its log."""

    @wraps(stage)
    def body(*args: Asked.args, **kwargs: Asked.kwargs) -> Value:
        try:
            return stage(*args, **kwargs)
        except (*_PASSING, TaskRunTimeoutError):
            raise
        except Exception as error:
            known = expected(error)
            return cast(Value, Failed(message=str(known), data=known))

    return body


def settled(value: Value) -> Value:
    """What a task returned; a refusal is raised again as the error it was."""
    if isinstance(value, State):
        raise_state_exception(value)
    return value


def expected(error: Exception) -> PipelineError:
    """The error in a sentence; of one nobody thought of the trace goes into a file of ours."""
    if isinstance(error, PipelineError):
        return error
    locale = house_locale(project_here())
    if isinstance(error, TaskRunTimeoutError):
        return PipelineError(say("took_too_long", locale))
    if isinstance(error, OperationalError) and passes(error):
        return gone(error)
    _keep(error)
    said = say("unexpected", locale, what=type(error).__name__, place=_place(error), file=ERRORS)
    found = UnexpectedError(said)
    # Whoever asks whether it passes by itself finds it behind the sentence.
    found.__cause__ = error
    return found


def _place(error: Exception) -> str:
    """File and line of ours that come nearest to where it happened."""
    frames = traceback.extract_tb(error.__traceback__)
    root = Path(__file__).resolve().parents[1]
    ours = [
        f"{Path(frame.filename).resolve().relative_to(root)}:{frame.lineno}"
        for frame in frames
        if frame.filename != __file__
        and any(Path(frame.filename).resolve().is_relative_to(root / part) for part in _OURS)
    ]
    return ours[-1] if ours else "–"


def _keep(error: Exception) -> None:
    """Append the whole trace to our file; rows that a statement carried stay out of it."""
    if isinstance(error, StatementError):
        error.hide_parameters = True
    file = project_here() / ERRORS
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > _LARGEST_LOG:
        file.replace(file.with_suffix(".log.1"))
    with file.open("a", encoding="utf-8") as opened:
        opened.write(f"{clock.now():%Y-%m-%d %H:%M:%S} UTC, {runtime.flow_run.name}\n")
        opened.write("".join(traceback.format_exception(error)))
        opened.write("\n")

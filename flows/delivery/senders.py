"""Several processes that send at once: started, watched, told to stop, and heard out."""

import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from types import FrameType, ModuleType
from typing import Any

from flows.delivery.report import DeliveryReport
from flows.errors import ConfigError, PipelineError

Stopping = Callable[[], bool]
"""Whether somebody has asked this process to stop."""

Work = Callable[[Any, DeliveryReport, Stopping], None]
"""What a process does: a job, the report it fills, and when to stop. Found by its name."""

_LOOK_EVERY = 1.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def until_noted() -> Iterator[Stopping]:
    """Ctrl-C and SIGTERM wait until what is on its way is noted; the second one does not.

    Outside the main thread signals are somebody else's, and nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    asked: list[int] = []
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        restore()

    for number in _SIGNALS:
        signal.signal(number, note)
    try:
        yield lambda: bool(asked)
    finally:
        restore()
    if asked and before[signal.Signals(asked[0])] is signal.SIG_DFL:
        raise SystemExit(128 + asked[0])
    if asked:
        signal.raise_signal(asked[0])


def side_by_side(
    work: Work, jobs: Sequence[Any], *, meanwhile: Callable[[], None], stopping: Stopping
) -> tuple[DeliveryReport, list[PipelineError]]:
    """Do each job in a process of its own; what they did together, and what went wrong.

    One that dies does not stop the others. `meanwhile` is called about once a second.
    """
    begun: list[_Begun] = []
    asked = False
    try:
        for job in jobs:
            begun.append(_begin(work, job))
        while running := [each for each in begun if not each.over]:
            wait([each.results for each in running], timeout=_LOOK_EVERY)
            for each in running:
                each.listen()
            if stopping() and not asked:
                asked = True
                _stop(begun)
            meanwhile()
    finally:
        _stop(begun)
        for each in begun:
            each.process.join()
    report = DeliveryReport()
    for each in begun:
        report.add(each.report)
    failed = [each.failure for each in begun if each.failure is not None]
    if died := sum(each.died for each in begun) * (not asked):
        failed.append(PipelineError(_ended_early(died, begun)))
    return report, failed


def travelling(work: Callable[[], None]) -> object:
    """Do it; what went wrong, if anything, in a form that goes from one process to another."""
    try:
        work()
    except ConfigError as error:
        # The faults of a configuration travel by themselves: their error is made of them.
        return error.faults
    except PipelineError as error:
        return error
    except BaseException as error:
        traceback.print_exc()
        return PipelineError(
            f"a sending process failed ({type(error).__name__}); what it could not note is in "
            "doubt until it is looked into. Deliver once more"
        )
    return None


def arrived(failure: object) -> PipelineError | None:
    """The error it was in the other process."""
    if isinstance(failure, list):
        return ConfigError(failure)
    return failure if isinstance(failure, PipelineError) else None


@dataclass
class _Begun:
    """A process under way; `died` if it ended without saying how."""

    process: SpawnProcess
    results: Connection
    report: DeliveryReport = field(default_factory=DeliveryReport)
    failure: PipelineError | None = None
    over: bool = False
    died: bool = False

    def listen(self) -> None:
        """Take its last word, if it has come."""
        if not self.results.poll():
            return
        self.over = True
        try:
            self.report, failure = self.results.recv()
        except EOFError:
            self.died = True
        else:
            self.failure = arrived(failure)
        self.results.close()


def _begin(work: Work, job: Any) -> _Begun:
    context = get_context("spawn")
    results, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, job, theirs), daemon=True)
    with _nobody_as_main():
        process.start()
    theirs.close()
    return _Begun(process, results)


@contextmanager
def _nobody_as_main() -> Iterator[None]:
    """The new process loads what it needs, and not the program that started this one."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _stop(begun: Sequence[_Begun]) -> None:
    for each in begun:
        if not each.over:
            each.process.terminate()


def _ended_early(died: int, begun: Sequence[_Begun]) -> str:
    codes = ", ".join(str(each.process.exitcode) for each in begun if each.died)
    return (
        f"{died} of {len(begun)} sending processes ended before their time (exit code {codes}). "
        "What they had taken is in doubt until it is looked into; everything else went on. "
        "Deliver once more"
    )


def _run(work: Work, job: Any, results: Connection) -> None:
    """The life of a process: it stops after what is on its way, however often it is told to."""
    asked: list[int] = []
    for number in _SIGNALS:
        signal.signal(number, lambda number, _frame: asked.append(number))
    parent = parent_process()
    looked = monotonic()

    def stopping() -> bool:
        nonlocal looked
        if monotonic() - looked >= _LOOK_EVERY:
            looked = monotonic()
            if parent is not None and not parent.is_alive():
                asked.append(signal.SIGTERM)
        return bool(asked)

    report = DeliveryReport()
    failure = travelling(lambda: work(job, report, stopping))
    results.send((report, failure))
    results.close()

"""Limits of time that really interrupt: first the work is told to end, then its process ends."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import FrameType

from flows.errors import FAILED, PipelineError

GRACE = 60.0
"""So many seconds a run that was told to end has for noting what is on its way."""

_STEP = 1.0
Farewell = Callable[[str], int]
"""Says why a process ends, and returns the exit code it ends with."""


class TooLongError(PipelineError):
    """Something took longer than it may; it was interrupted, and what it held is free again."""


class _TimeUp(KeyboardInterrupt):
    """How it is said inside: drivers of databases know Ctrl-C, and let go of what they asked."""

    def __init__(self, watch: "_Watch") -> None:
        super().__init__(watch.told)
        self.watch = watch


def _on_the_terminal(told: str) -> int:
    sys.stderr.write(f"{told}\n")
    sys.stderr.flush()
    return FAILED


_farewells: list[Farewell] = [_on_the_terminal]


@contextmanager
def limited(
    seconds: float, told: str, *, farewell: Farewell | None = None, grace: float = GRACE
) -> Iterator[None]:
    """Let what follows take no longer than that; raises `TooLongError` in it with what is `told`.

    Inside it looks like Ctrl-C, so that messages on their way are noted first. What does not heed
    that, such as a driver that never comes back, ends with its whole process after the `grace`.
    """
    watch = _Watch(seconds, told, grace, farewell or _farewells[-1])
    _farewells.append(watch.farewell)
    before = watch.listen() if threading.current_thread() is threading.main_thread() else None
    watch.thread.start()
    try:
        yield
    except _TimeUp as up:
        if up.watch is not watch:
            raise
        raise TooLongError(told) from None
    finally:
        watch.left()
        _farewells.pop()
        if before is not None:
            signal.signal(signal.SIGINT, before)


class _Watch:
    """A thread that looks at the time, and what it does when that is up."""

    def __init__(self, seconds: float, told: str, grace: float, farewell: Farewell) -> None:
        self.seconds, self.told, self.grace, self.farewell = seconds, told, grace, farewell
        self.reached = False
        self._listens = False
        self._over = threading.Event()
        self.thread = threading.Thread(target=self._look, name="limit", daemon=True)

    def listen(self) -> "signal._HANDLER":
        """Understand Ctrl-C as the limit from the moment it is reached."""
        before = signal.getsignal(signal.SIGINT)

        def heard(number: int, frame: FrameType | None) -> None:
            if self.reached:
                raise _TimeUp(self)
            if callable(before):
                before(number, frame)
            elif before is signal.SIG_DFL:
                raise KeyboardInterrupt

        signal.signal(signal.SIGINT, heard)
        self._listens = True
        return before

    def left(self) -> None:
        """The work has ended. A process that is there for this run only has to end, too."""
        if not (self.reached and "PREFECT__FLOW_RUN_ID" in os.environ):
            self._over.set()

    def _look(self) -> None:
        if self._passed(self.seconds):
            return
        self.reached = True
        if self._listens:
            main = threading.main_thread().ident
            if main is not None:
                signal.pthread_kill(main, signal.SIGINT)
            if self._passed(self.grace):
                return
        os._exit(self.farewell(self.told))

    def _passed(self, seconds: float) -> bool:
        """Let the time go by; True if the work has ended before."""
        spent = 0.0
        while spent < seconds:
            began = monotonic()
            if self._over.wait(min(_STEP, seconds - spent)):
                return True
            spent += monotonic() - began
        return self._over.is_set()

"""Senders as processes of their own, to be killed whenever it hurts most."""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
_ANSWERS_WITHIN = 60.0
_GLANCE = 0.01


@dataclass
class Cradle:
    """Brings up one sender at a time; see `tests.chaos.zygote`."""

    process: "subprocess.Popen[bytes]"
    complaints: Path
    child: int | None = None
    _read: bytes = b""

    def begin(self, what: str, now: datetime, **order: Any) -> int:
        """Start a sender that takes it to be `now`; its number."""
        if self.process.stdin is None:
            raise RuntimeError("nobody listens")
        written = orjson.dumps({"what": what, "now": now.isoformat()} | order)
        self.process.stdin.write(written + b"\n")
        self.process.stdin.flush()
        self.child = self._line(_ANSWERS_WITHIN)["pid"]
        return self.child

    def ended(self, within: float) -> int | None:
        """How the sender ended: its exit code, minus the signal's number; None if it goes on."""
        answer = self._line(within, patient=True)
        if answer is None:
            return None
        self.child = None
        return int(answer["ended"])

    def kill(self) -> int:
        """Pull the plug; how it ended, which may have been before."""
        ended = self.ended(0)
        if ended is not None:
            return ended
        if self.child is None:
            raise RuntimeError("nobody is sending")
        with suppress(ProcessLookupError):
            os.kill(self.child, signal.SIGKILL)
        ended = self.ended(_ANSWERS_WITHIN)
        if ended is None:
            raise RuntimeError("a process outlives SIGKILL")
        return ended

    def until(self, reached: Callable[[], bool], within: float) -> int | None:
        """Wait until it is so, or the sender has ended, or time is up; how it ended if it has."""
        until = time.monotonic() + within
        while time.monotonic() < until and not reached():
            ended = self.ended(_GLANCE)
            if ended is not None:
                return ended
        return None

    def finish(self, within: float = 120.0) -> int:
        """Wait for the sender; one that takes too long is killed, and that is an error."""
        ended = self.ended(within)
        if ended is None:
            self.kill()
            raise RuntimeError(f"a sender did not end within {within} s")
        return ended

    def said(self) -> str:
        """What senders complained of so far."""
        return self.complaints.read_text(encoding="utf-8", errors="replace")

    def _line(self, within: float, *, patient: bool = False) -> Any:
        if self.process.stdout is None:
            raise RuntimeError("nobody speaks")
        until = time.monotonic() + within
        while b"\n" not in self._read:
            left = max(0.0, until - time.monotonic())
            readable, _, _ = select.select([self.process.stdout], [], [], left)
            if not readable and patient:
                return None
            more = os.read(self.process.stdout.fileno(), 4096) if readable else b""
            if not more:
                raise RuntimeError(f"no senders any more: {self.said()[-4000:]}")
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return orjson.loads(line)


@contextmanager
def cradle(folder: Path, key: str) -> Iterator[Cradle]:
    """Something that starts senders of a project, until the end of the block."""
    complaints = folder / f"complaints-{time.monotonic_ns()}.txt"
    environment = os.environ | {
        "CHAOS_KEY": key,
        "NO_PROXY": "*",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONWARNINGS": "ignore",
    }
    with complaints.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.zygote", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            env=environment,
            start_new_session=True,
        )
    begun = Cradle(process, complaints)
    try:
        begun._line(_ANSWERS_WITHIN)
        yield begun
    finally:
        if begun.child is not None:
            with suppress(ProcessLookupError):
                os.kill(begun.child, signal.SIGKILL)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

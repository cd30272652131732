"""Processes that live no longer than the one that started them, and are started again."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux: which signal a process gets when its parent ends."""

_MOST_STARTS, _WITHIN = 4, 60.0
_LONGEST_LOG = 1_000_000
_LAST_LINES = 5
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass
class Child:
    """One process: how it is started, where its output goes, and its last starts."""

    name: str
    command: list[str]
    log: Path
    told: str = ""
    pass_on: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    process: "subprocess.Popen[str] | None" = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it in a group of its own: Ctrl-C reaches only us, who stop all in good order."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LONGEST_LOG:
            self.log.replace(self.log.with_suffix(".old.log"))
        self.starts.append(time.monotonic())
        with self.log.open("a", encoding="utf-8") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own programs
                self.command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
                preexec_fn=_bound_to(os.getpid()),
                pass_fds=self.pass_on,
                env=os.environ | self.environment,
            )
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.write(self.told)
                self.process.stdin.close()

    @property
    def ended(self) -> bool:
        """Whether it has ended by itself."""
        return self.process is not None and self.process.poll() is not None

    @property
    def hopeless(self) -> bool:
        """Whether starting it again has not helped several times in a short while."""
        recent = [start for start in self.starts if time.monotonic() - start < _WITHIN]
        return len(recent) >= _MOST_STARTS

    def stop(self, patience: float) -> None:
        """Ask it to end; what is still there afterwards is ended."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self._signal(signal.SIGTERM, only_it=True)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        with suppress(OSError):
            lines = self.log.read_text("utf-8", "replace").strip().splitlines()
            return "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])
        return ""

    def _signal(self, word: signal.Signals, *, only_it: bool = False) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                (os.kill if only_it else os.killpg)(self.process.pid, word)


def _bound_to(parent: int) -> Callable[[], None]:
    def prepare() -> None:
        # A shell that starts us in the background has us ignore Ctrl-C, which is inherited.
        for word in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(word, signal.SIG_DFL)
        if _libc is not None:
            _libc.prctl(_WITH_PARENT, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return prepare

"""Which `stammkunde up` works in a project: one at a time, known to others, tidied up after."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from flows.errors import PipelineError

_PROCESSES = Path("/proc")
_GOES_WITHIN = 5.0
_OURS = ("prefect", "flows.")


@dataclass
class Running:
    """What an `up` tells others: its process, where its server is, and its children by pid."""

    pid: int
    api: str
    children: list[int] = field(default_factory=list)


@contextmanager
def only_one(folder: Path, api: str) -> Iterator["Note"]:
    """Be the one `up` of this project. Raises `PipelineError` while there is another.

    The lock goes with its process, however that ends; what it left running is ended first.
    """
    file = _file(folder)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    with file.open("r+", encoding="utf-8") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            before = _read(opened)
            who = f" (process {before.pid}), its runs at {_pages(before.api)}" if before else ""
            raise PipelineError(
                f"stammkunde up works in {folder} already{who}. Stop that one first: Ctrl-C where "
                f"it runs{f', or kill {before.pid}' if before else ''}"
            ) from None
        if before := _read(opened):
            end_groups(before.children)
        note = Note(opened, Running(os.getpid(), api))
        note.write()
        try:
            yield note
        finally:
            opened.truncate(0)


@dataclass
class Note:
    """The open lock file, and what stands in it."""

    opened: IO[str]
    running: Running

    def write(self) -> None:
        """Let others read what is so now."""
        text = json.dumps(asdict(self.running))
        before = os.fstat(self.opened.fileno()).st_size
        self.opened.seek(0)
        # Nobody may find half of it: one write, and blanks over what was longer before.
        self.opened.write(text.ljust(before))
        self.opened.flush()


def found(folder: Path) -> Running | None:
    """The `up` that works in a project at this moment."""
    with suppress(OSError), _file(folder).open("r", encoding="utf-8") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(opened)
    return None


def end_groups(leaders: list[int]) -> None:
    """End what is left of groups of processes an `up` once started."""
    left = {pid for leader in leaders for pid in _group(leader)}
    for word in (signal.SIGTERM, signal.SIGKILL):
        for pid in left:
            with suppress(OSError):
                os.kill(pid, word)
        until = time.monotonic() + _GOES_WITHIN
        while left and time.monotonic() < until:
            left = {pid for pid in left if _command(pid)}
            time.sleep(0.05)


def _group(leader: int) -> list[int]:
    """Processes of this group that are ours: a number may be somebody else's by now."""
    members = []
    for entry in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            behind_name = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(behind_name[2]) == leader and any(w in _command(int(entry.name)) for w in _OURS):
                members.append(int(entry.name))
    return members


def _command(pid: int) -> str:
    """The command line of a process; empty if there is none, or it has ended."""
    with suppress(OSError):
        return (_PROCESSES / str(pid) / "cmdline").read_text("utf-8", "replace").replace("\0", " ")
    return ""


def _file(folder: Path) -> Path:
    return folder / "var" / "up.lock"


def _read(opened: IO[str]) -> Running | None:
    opened.seek(0)
    with suppress(ValueError, TypeError):
        return Running(**json.load(opened))
    return None


def _pages(api: str) -> str:
    return api.removesuffix("/api")

"""SendGrid's simulator as a process of its own: started, steered, and stopped whatever happens."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import urlsplit

from flows.errors import ConfigError, PipelineError

NAME = "sendgrid-simulator"
"""What --outlet calls it."""

_ROOT = Path(__file__).resolve().parents[1]
_READY_WITHIN, _STOPPED_WITHIN, _ANSWERED_WITHIN = 60.0, 5.0, 120.0


@dataclass(frozen=True)
class Simulator:
    """A simulator that runs: where it is, what opens it, and what it signs its events with."""

    address: str
    control: str
    key: str
    public_key: str
    pid: int

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A call to what steers it (see `python -m tests.simulator --help`), and the answer."""
        return json.loads(self._said(method, path, body) or "null")

    def lines(self, path: str) -> list[dict[str, Any]]:
        """The same, of an answer that has one object a line."""
        return [json.loads(line) for line in self._said("GET", path).splitlines()]

    def _said(self, method: str, path: str, body: Any = None) -> bytes:
        where = urlsplit(self.control)
        connection = HTTPConnection(where.hostname or "", where.port, timeout=_ANSWERED_WITHIN)
        try:
            written = None if body is None else json.dumps(body)
            connection.request(method, f"/_sim/{path}", written)
            answer = connection.getresponse()
            said = answer.read()
        except OSError as error:
            raise PipelineError(f"the simulator does not answer: {error}") from error
        finally:
            connection.close()
        if answer.status != 200:
            raise PipelineError(f"the simulator refuses {path}: {said.decode('utf-8', 'replace')}")
        return said


def refuse_missing() -> None:
    """Raise `ConfigError` where there is none, before anything is begun."""
    if not (_ROOT / "tests" / "simulator" / "__main__.py").is_file():
        raise ConfigError.at(
            "--outlet",
            f"{NAME} comes with the source checkout only, and this is an installed package. "
            "Write --outlet folder, or start the demo in a copy of the repository",
        )


@contextmanager
def running(seed: int, behaviour: dict[str, float]) -> Iterator[Simulator]:
    """A simulator, for as long as nothing ends this: neither an error nor a signal.

    It keeps what it needs to count, and tells of events only when it is asked to.
    """
    refuse_missing()
    shares = ",".join(f"{name}={share}" for name, share in behaviour.items())
    command = [sys.executable, "-m", "tests.simulator", "--every", "0", "--keep", "digest"]
    command += ["--seed", str(seed), "--behaviour", shares]
    with _ended_by_sigterm(), tempfile.TemporaryFile() as complaints:
        # In a session of its own, so that Ctrl-C reaches only us, who stop it in good order.
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        )
        try:
            yield Simulator(**_ready(process, complaints), pid=process.pid)
        finally:
            _stop(process)


def _ready(process: "subprocess.Popen[bytes]", complaints: IO[bytes]) -> dict[str, str]:
    """The line it begins with."""
    if process.stdout is None:
        raise AssertionError
    until = time.monotonic() + _READY_WITHIN
    line = b""
    while not line.endswith(b"\n"):
        left = max(0.0, until - time.monotonic())
        readable, _, _ = select.select([process.stdout], [], [], left)
        read = os.read(process.stdout.fileno(), 4096) if readable else b""
        if not read:
            complaints.seek(0)
            last = complaints.read().decode("utf-8", "replace").strip().splitlines()[-1:]
            raise ConfigError.at(
                "--outlet",
                f"the simulator did not start: {''.join(last) or 'it said nothing'}. "
                'It needs what tests need: pip install -e ".[dev]"',
            )
        line += read
    ready: dict[str, str] = json.loads(line)
    return ready


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """SIGTERM ends this as Ctrl-C does, and leaves nothing running."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

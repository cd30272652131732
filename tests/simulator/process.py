"""Starts a simulator for the time of a test, and steers it."""

import http.client
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
_READY_WITHIN = 30.0
_STOPPED_WITHIN = 5.0
_ANSWERED_WITHIN = 120.0


@dataclass(frozen=True)
class Simulator:
    """A running simulator: where it is, and the control API as methods."""

    address: str
    control: str
    key: str
    public_key: str
    pid: int

    def stats(self) -> dict[str, Any]:
        """Counts of what happened so far."""
        return self.call("GET", "stats")

    def mailbox(self, address: str) -> list[dict[str, Any]]:
        """What one address received, oldest first."""
        return self.call("GET", f"mailboxes/{urllib.parse.quote(address)}")

    def messages(self) -> list[dict[str, Any]]:
        """Every message in a mailbox, oldest first."""
        return self._lines("messages")

    def accepted(self) -> dict[str, dict[str, int]]:
        """Of every send: how often accepted, withdrawn, and seen in a mailbox (`copies`)."""
        return {row.pop("send"): row for row in self._lines("accepted")}

    def requests(self) -> list[dict[str, Any]]:
        """The latest requests taken, as they came (only when messages are kept in full)."""
        return self.call("GET", "requests")

    def now(self) -> float:
        """What its clock says, in seconds since 1970."""
        return self.call("GET", "clock")["now"]

    def set_clock(self, now: datetime | float, running: bool = False) -> None:
        """Put its clock to that moment, where it stands still, or runs on."""
        written = now.isoformat() if isinstance(now, datetime) else now
        self.call("PUT", "clock", {"now": written, "running": running})

    def advance(self, seconds: float) -> None:
        """Move its clock on; what is due then goes."""
        self.call("PUT", "clock", {"advance": seconds})

    def faults(self, *rules: dict[str, Any]) -> None:
        """Fail by these rules from now on; without any, no longer."""
        self.call("PUT", "faults", list(rules))

    def fault(self, what: str, when: str = "after_body", **rest: Any) -> None:
        """Fail by one rule: see tests/simulator/faults.py."""
        self.faults({"what": what, "when": when, **rest})

    def pace(self, per_second: int | None = None, latency: float = 0.0) -> None:
        """Take so many requests a second, and so long for an answer."""
        self.call("PUT", "pace", {"per_second": per_second, "latency": latency})

    def account(self, **settings: Any) -> None:
        """Change what the account is and may: see tests/simulator/account.py."""
        self.call("PUT", "account", settings)

    def behaviour(self, **shares: float) -> None:
        """Shares of what becomes of messages from now on."""
        self.call("PUT", "behaviour", {"shares": shares})

    def fate(self, address: str, *kinds: str) -> None:
        """What becomes of messages to one address from now on."""
        self.call("PUT", "behaviour", {"addresses": {address: kinds}})

    def webhook(self, **settings: Any) -> None:
        """Where events go, how often, and how badly: see tests/simulator/webhook.py."""
        self.call("PUT", "webhook", settings)

    def flush(self, everything: bool = False) -> dict[str, int]:
        """Tell of events by now, or of all there ever will be; counts of what was told."""
        return self.call("POST", "flush", {"everything": everything})

    def suppress(self, email: str, on: str | int = "bounces", **rest: Any) -> None:
        """Put an address on a list, or on that of a group (its number)."""
        where = {"group": on} if isinstance(on, int) else {"list": on}
        self.call("POST", "suppressions", {"email": email, **where, **rest})

    def down(self) -> None:
        """Refuse connections, and break off those there are."""
        self.call("POST", "down")

    def up(self) -> None:
        """Be there again, at the same port."""
        self.call("POST", "up")

    def reset(self) -> None:
        """Be as at the start; only the key of events stays."""
        self.call("POST", "reset")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the control API; what it answers."""
        return orjson.loads(self._raw(method, path, body) or b"null")

    def _lines(self, path: str) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self._raw("GET", path).splitlines()]

    def _raw(self, method: str, path: str, body: Any = None) -> bytes:
        where = urllib.parse.urlsplit(self.control)
        connection = http.client.HTTPConnection(
            where.hostname or "", where.port, timeout=_ANSWERED_WITHIN
        )
        try:
            written = None if body is None else orjson.dumps(body)
            connection.request(method, f"/_sim/{path}", written)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {said.decode()}")
        return said


@contextmanager
def running(**options: Any) -> Iterator[Simulator]:
    """A simulator on free ports, with the options of its command line (keep="digest", ...)."""
    arguments = [
        word
        for name, value in options.items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    command = [sys.executable, "-m", "tests.simulator", *arguments]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=complaints, start_new_session=True
        )
        try:
            yield _ready(process, complaints)
        finally:
            _stop(process)


def _ready(process: "subprocess.Popen[bytes]", complaints: Any) -> Simulator:
    if process.stdout is None:
        raise RuntimeError("the simulator has no output")
    until = time.monotonic() + _READY_WITHIN
    line = b""
    while not line.endswith(b"\n"):
        left = until - time.monotonic()
        readable, _, _ = select.select([process.stdout], [], [], max(0.0, left))
        read = os.read(process.stdout.fileno(), 4096) if readable else b""
        if not read:
            complaints.seek(0)
            raise RuntimeError(f"the simulator did not start: {complaints.read().decode()}")
        line += read
    return Simulator(**orjson.loads(line), pid=process.pid)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()

"""`stammkunde up` as people run it: started, used, stopped, killed, and started again."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.initial import init
from tests.waiting import answered, free_port, plain, within

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
EVERY_MINUTE = """
deployments:
  - name: each-minute
    runs: respond
    cron: "* * * * *"
  - name: preview
    runs: preview
"""

ALERTS = """
alerts:
  to: [team@nordholz.example, lead@nordholz.example]
  webhook: STAMMKUNDE_ALERTS
"""

LOOPBACK_ONLY = """
import fcntl, os, socket, struct, sys
UP, SET_FLAGS = 0x1 | 0x40, 0x8914
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))
os.execvp(sys.argv[1], sys.argv[1:])
"""

LOOKS_AROUND = """
import json, sys, time
import httpx
server, web = (f"http://127.0.0.1:{port}" for port in sys.argv[1:])
def asked(how, address, **body):
    for _ in range(200):
        try:
            answer = httpx.request(how, address, timeout=20, **body)
        except httpx.TransportError:
            pass
        else:
            # On SQLite a Prefect server is busy now and then.
            if answer.status_code != 503:
                return answer
        time.sleep(0.2)
    raise SystemExit(f"{address} does not answer")
assert asked("GET", f"{server}/api/health").is_success
asked("GET", web)
wanted = {"state": {"type": {"any_": ["COMPLETED"]}}}
print(json.dumps({
    "completed": asked("POST", f"{server}/api/flow_runs/filter", json={"flow_runs": wanted}).json(),
    "deployments": asked("POST", f"{server}/api/deployments/filter", json={}).json(),
}))
"""


def alive(pid: int) -> bool:
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


class Up:
    """A project, and the `up` that works in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server, self.web = free_port(), free_port()
        self.log = folder.parent / "up.log"
        self.pid = 0
        self.begun: list[int] = []
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "STAMMKUNDE_"))
        } | {
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder.parent),
            "STAMMKUNDE_ALERTS": "http://127.0.0.1:1/hook/secret-token",
        }

    @property
    def command(self) -> list[str]:
        ports = ["--server-port", str(self.server), "--web-port", str(self.web)]
        return [sys.executable, "-m", "flows.cli", "--project", str(self.folder), "up", *ports]

    def start(self, *more: str, inside: tuple[str, ...] = ()) -> None:
        """In the background of a shell that is no terminal, which ignores Ctrl-C from then on."""
        typed = shlex.join([*inside, *self.command, *more])
        done = subprocess.run(
            ["sh", "-c", f"{typed} > {self.log} 2>&1 & echo $!"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=20,
        )
        self.pid = int(done.stdout)
        self.begun.append(self.pid)

    def ready(self) -> None:
        assert within(150, lambda: self.is_ready() or not alive(self.pid))
        assert self.is_ready(), self.said()

    def is_ready(self) -> bool:
        return any(word in self.said() for word in ("Bereit nach", "Ready after"))

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def children(self) -> list[int]:
        file = self.folder / "var" / "up.lock"
        # Whenever one starts it is written anew, and is empty for a moment.
        return list(json.loads(within(5, lambda: file.read_text("utf-8")))["children"])

    def again(self, *more: str) -> "subprocess.CompletedProcess[str]":
        """What another one answers."""
        return subprocess.run(
            [*self.command, *more],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def ask(self, path: str, **body: object) -> Any:
        return answered(f"http://127.0.0.1:{self.server}/api", path, **body)

    def completed(self) -> list[Any]:
        wanted = {"state": {"type": {"any_": ["COMPLETED"]}}}
        found: list[Any] = self.ask("flow_runs/filter", flow_runs=wanted)
        return found

    def web_answers(self) -> bool:
        try:
            return bool(plain.get(f"http://127.0.0.1:{self.web}/", timeout=5))
        except httpx.HTTPStatusError:
            return True
        except httpx.HTTPError:
            return False

    def gone(self, children: list[int]) -> bool:
        return not any(map(alive, [self.pid, *children]))


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    folder = tmp_path_factory.mktemp("up") / "shop"
    init(folder)
    with (folder / "config" / "settings.yaml").open("a", encoding="utf-8") as settings:
        settings.write(ALERTS)
    (folder / "config" / "deployments.yaml").write_text(EVERY_MINUTE, encoding="utf-8")
    made = Up(folder)
    yield made
    left = [pid for pid in made.begun if alive(pid)]
    with suppress(OSError, ValueError):
        left += made.children()
    for pid in left:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def test_everything_runs_until_ctrl_c(up: Up) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", up.server))
        taken.listen()
        refused = up.again()
        assert refused.returncode == 2
        assert refused.stderr.startswith(
            f"--server-port  Port {up.server} gehört schon einem anderen"
        )
    deployments = up.folder / "config" / "deployments.yaml"
    deployments.write_text(EVERY_MINUTE.replace("respond", "resopnd"), encoding="utf-8")
    wrong = up.again()
    assert wrong.returncode == 2
    assert "config/deployments.yaml:4  " in wrong.stderr
    assert not json.loads((up.folder / "var" / "up.lock").read_text("utf-8") or "null")
    deployments.write_text(EVERY_MINUTE, encoding="utf-8")

    up.start()
    up.ready()
    assert f"http://127.0.0.1:{up.server}/v2/runs" in up.said()
    assert f"http://127.0.0.1:{up.web}" in up.said()
    assert "each-minute" in up.said()
    assert "Meldungen: E-Mail an 2, Webhook" in up.said()
    assert "secret-token" not in up.said()
    assert sorted(row["name"] for row in up.ask("automations/filter")) == [
        "stammkunde: alert each-minute is missing",
        "stammkunde: alert mail",
        "stammkunde: alert run crashed",
        "stammkunde: alert run failed",
        "stammkunde: alert webhook",
        "stammkunde: dead runs are shown as crashed",
    ]
    children = up.children()
    second = up.again()
    assert second.returncode == 1
    assert f"works in {up.folder} already (process {up.pid}), its runs at" in second.stderr

    # The schedule makes a run; with SQLAlchemy 2.1 beside Prefect 3.8 none is ever made.
    assert within(120, up.completed), up.ask("flow_runs/filter")
    assert up.completed()[0]["name"].startswith("respond 20")

    # What ends by itself is started again.
    assert within(60, lambda: (up.folder / "var" / "log" / "web.log").exists())
    os.kill(children[-1], signal.SIGKILL)
    assert within(60, lambda: len(up.children()) == 4)
    assert "web hat sich beendet und wird neu gestartet" in up.said()

    children = up.children()
    os.kill(up.pid, signal.SIGINT)
    assert within(30, lambda: up.gone(children))
    assert "Beendet." in up.said()


def test_after_its_death_it_goes_on_where_it_was_also_without_network(up: Up) -> None:
    # A network of its own in which there is nothing but the machine itself.
    cut_off = ("unshare", "--net", sys.executable, "-c", LOOPBACK_ONLY)
    cut = not subprocess.run([*cut_off, "true"], check=False, capture_output=True).returncode
    up.start(inside=cut_off if cut else ())
    up.ready()
    assert cut != up.web_answers()
    there = ["nsenter", f"--net=/proc/{up.pid}/ns/net"] if cut else []
    done = subprocess.run(
        [*there, sys.executable, "-c", LOOKS_AROUND, str(up.server), str(up.web)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["completed"]
    kept = {row["name"]: row for row in found["deployments"]}
    assert [each["active"] for each in kept["each-minute"]["schedules"]] == [True]
    assert not kept["each-minute"]["paused"]
    children = up.children()
    os.kill(up.pid, signal.SIGKILL)
    assert within(60, lambda: up.gone(children)), "children outlive their parent"
    if not cut:
        pytest.skip("this machine does not let us have a network of our own")


def test_it_ends_at_once_also_while_it_starts(up: Up) -> None:
    # The lock of the one that was killed is in nobody's way.
    up.start("--no-web")
    assert within(60, lambda: "Startet" in up.said() and up.children())
    children = up.children()
    os.kill(up.pid, signal.SIGTERM)
    assert within(30, lambda: up.gone(children))
    assert "Beendet." in up.said()
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", up.server)) != 0

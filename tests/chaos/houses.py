"""A company whose day runs in the real processes, each of which can be found and killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from flows.demo import prepare
from flows.stages.shop import open_shop
from segments.names import Locale, Outcome
from tests.chaos.company import KEY, MINUTE, WEB, doubts, sendgrid, standing
from tests.prefects import furnished
from tests.simulator.process import Simulator
from tests.waiting import free_port, plain, within

ROOT = Path(__file__).resolve().parents[2]
# Newsletters go out on the fifth.
DAY = date(2024, 11, 5)
BEGINS = datetime(2024, 11, 5, 10, tzinfo=UTC)
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
GONE = {Outcome.ACCEPTED, Outcome.DELIVERED}
_PATIENT = 300.0


# Time that goes by faster in processes that find this on their path.
FASTER = '''
import importlib.abc, importlib.util, signal, sys, time
from pathlib import Path

def heart(module):
    """A sign of life every three seconds instead of every thirty."""
    module.MINIMUM_HEARTBEAT_INTERVAL = 3
    module.FlowRunEngine.heartbeat_seconds = 3
    module.BaseFlowRunEngine.heartbeat_seconds = 3

def limit(module):
    """A minute takes three seconds, and who is told to end has two more."""
    module._DAY = 24 * 60 * 3.0
    timed = module.limited
    module.limited = lambda *told, **more: timed(*told, grace=2.0, **more)

def share(module):
    """A driver that never comes back, and hears nothing."""
    pull = module.pull
    def hanging(shop, now, **more):
        if (shop.project.folder / "deaf").exists():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            time.sleep(600)
        return pull(shop, now, **more)
    module.pull = hanging

CHANGED = {"prefect.flow_engine": heart, "flows.overtime": limit, "flows.stages.pulling": share}

class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name not in CHANGED:
            return None
        change = CHANGED.pop(name)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module
        def changed(module):
            execute(module)
            change(module)
        spec.loader.exec_module = changed
        return spec

sys.meta_path.insert(0, Finder())
'''


def alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def kill(*pids: int) -> None:
    """Pull the plug."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def processes_of(run: str) -> list[int]:
    """What carries out this run: its process, and what that started."""
    found = []
    wanted = f"PREFECT__FLOW_RUN_ID={run}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (entry / "environ").read_bytes() and alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def children(pid: int) -> list[int]:
    """The processes this one started."""
    with suppress(OSError):
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        return [int(word) for word in text.split()]
    return []


@dataclass
class House:
    """A project, its provider, and the Prefect server its runs are seen on."""

    folder: Path
    simulator: Simulator
    port: int = field(default_factory=free_port)
    now: datetime = BEGINS
    begun: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What processes find: nothing of whoever runs the tests."""
        mine = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "STAMMKUNDE_"))
        }
        return mine | {
            "DO_NOT_TRACK": "1",
            "HOME": str(self.folder.parent),
            "NO_PROXY": "*",
            "OPENBLAS_NUM_THREADS": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PYTHONPATH": f"{self.folder.parent / 'faster'}:{ROOT}",
            KEY: self.simulator.key,
        }

    def start(self, *words: str, log: str, cwd: Path | None = None, **more: str) -> int:
        """Start `python -m WORDS`, and note what it says; its number."""
        with (self.folder.parent / log).open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=cwd or ROOT,
                env=self.environment | more,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.begun.append(process)
        return process.pid

    def said(self, log: str) -> str:
        """What a process said so far."""
        with suppress(FileNotFoundError):
            return (self.folder.parent / log).read_text("utf-8", "replace")
        return ""

    def up(self, **more: str) -> int:
        """Start `stammkunde up`, and wait until it is ready; its number."""
        words = ["--project", str(self.folder), "up", "--no-web", "--server-port", str(self.port)]
        pid = self.start("flows.cli", *words, log="up.log", **more)
        assert within(_PATIENT, lambda: "Logs:" in self.said("up.log") or not alive(pid))
        assert alive(pid), self.said("up.log")
        return pid

    def part(self, name: str) -> int:
        """The number of a process that `up` started; 0 while it is not there."""
        file = self.folder / "var" / "up.lock"
        # Whenever one starts it is written anew, and is empty for a moment.
        note = json.loads(within(5, lambda: file.read_text("utf-8")))
        words = {"server": " server start ", "schedules": "flows.schedules"}[name]
        for pid in reversed(note["children"]):
            with suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if words in line and alive(pid):
                    return int(pid)
        return 0

    def ask(self, path: str, method: str = "POST", **body: object) -> Any:
        """What Prefect's server answers; on SQLite it is busy (503) now and then."""
        until = time.monotonic() + _PATIENT
        while True:
            with suppress(httpx.TransportError):
                url = f"http://127.0.0.1:{self.port}/api/{path}"
                answer = plain.request(method, url, json=body or None, timeout=20)
                if answer.status_code != 503:
                    assert answer.is_success, answer.text
                    return answer.json() if answer.content else None
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.3)

    def begin(self, name: str = "morning", **parameters: object) -> str:
        """Have a run started as of now, as somebody does who clicks "Run"; its number."""
        self.simulator.set_clock(self.now)
        wanted = {"name": {"any_": [name]}}
        (found,) = self.ask("deployments/filter", deployments=wanted)
        here = self.now.astimezone(ZoneInfo("Europe/Berlin"))
        as_of = {"as_of": f"{here:%Y-%m-%dT%H:%M}"} | parameters
        made = self.ask(f"deployments/{found['id']}/create_flow_run", parameters=as_of)
        self.now += 15 * MINUTE
        return str(made["id"])

    def state(self, run: str) -> tuple[str, str, str]:
        """Kind, name and message of a run's state."""
        state = self.ask(f"flow_runs/{run}", "GET")["state"]
        return state["type"], state["name"], state["message"] or ""

    def ended(self, run: str, seconds: float = _PATIENT) -> tuple[str, str, str]:
        """The state a run ended in; it must end."""
        within(seconds, lambda: self.state(run)[0] in ENDED)
        found = self.state(run)
        assert found[0] in ENDED, (found, self.told())
        return found

    def letters(self) -> int:
        """So many have been accepted so far."""
        return int(self.simulator.stats()["accepted"])

    def in_flight(self, run: str, more: int) -> list[int]:
        """Wait until a run has sent so many more letters; its processes."""
        aim = self.letters() + more
        assert within(_PATIENT, lambda: self.letters() >= aim or self.state(run)[0] in ENDED)
        assert self.letters() >= aim, (self.state(run), self.told())
        found = processes_of(run)
        assert found, self.state(run)
        return found

    def told(self) -> str:
        """The ends of all logs."""
        logs = [*self.folder.parent.glob("*.log"), *(self.folder / "var" / "log").glob("*.log")]
        return "\n".join(f"{log.name}: {log.read_text('utf-8', 'replace')[-1500:]}" for log in logs)

    def violations(self) -> list[str]:
        """Where store and provider disagree, or somebody got two copies."""
        shop = open_shop(self.folder)
        try:
            rows = standing(shop.engine, "id", "outcome")
            asked = {row["send_id"]: row for row in doubts(shop.engine)}
        finally:
            shop.engine.dispose()
        at_provider = self.simulator.accepted()
        wrong = []
        for row in rows:
            tally = at_provider.pop(str(row["id"]), {"accepted": 0, "copies": 0})
            outcome, copies = row["outcome"], tally["accepted"]
            if outcome in GONE:
                fine = copies == 1
            elif outcome == Outcome.IN_DOUBT:
                fine = copies <= 1 and bool(asked.get(row["id"], {}).get("why"))
            else:
                fine = copies == 0
            if not fine:
                wrong.append(f"{row['id']}: {outcome}, {copies} copies")
        return wrong + [f"nobody knows {send}" for send in at_provider]

    def left(self) -> list[str]:
        """What is still to be done: queued and due by now, claimed, or being asked about."""
        shop = open_shop(self.folder)
        try:
            rows = standing(shop.engine, "id", "outcome", "not_before")
            asked = {row["send_id"] for row in doubts(shop.engine) if row["settled_at"] is None}
        finally:
            shop.engine.dispose()
        # Some wait for the hour at which their reader likes to read.
        last = self.now - 15 * MINUTE
        due = [row for row in rows if row["not_before"].replace(tzinfo=UTC) <= last]
        open_still = {Outcome.QUEUED, Outcome.CLAIMED}
        return [
            f"{row['id']} {row['outcome']}"
            for row in due
            if row["outcome"] in open_still or row["id"] in asked
        ]

    def completed(self) -> str:
        """Let runs go by until nothing is left to be done; what the last one said."""
        for _ in range(4):
            kind, _, message = self.ended(self.begin())
            assert kind == "COMPLETED", message
            if not self.left():
                return message
        raise AssertionError(f"after four runs there is still left: {self.left()}")

    def end(self) -> None:
        """End everything that was started here, and what those started."""
        for process in reversed(self.begun):
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        with suppress(OSError, ValueError):
            note = json.loads((self.folder / "var" / "up.lock").read_text(encoding="utf-8"))
            kill(*filter(alive, note["children"]))


@contextmanager
def house(
    folder: Path, store: str, simulator: Simulator, customers: int, seed: int = 7
) -> Iterator[House]:
    """A company on the morning of its newsletter."""
    project = folder / "shop"
    prepare(project, customers, seed, Locale.EN, DAY).write(project / "data")
    config = project / "config"
    ways = {"sendgrid": sendgrid(simulator, mode="single", connections=2, per_second=30)}
    settings = {
        "store": store,
        "outlet": "sendgrid",
        "outlets": ways,
        "unsubscribe": "stop@example.com",
        "lease": "1 minute",
        "senders": 1,
        "web": {"address": WEB, "sendgrid_keys": [simulator.public_key]},
    }
    (config / "settings.yaml").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    policy = (config / "policy.yaml").read_text("utf-8")
    policy = re.sub(r"(?m)^(  advertising: )monday-friday .*$", r"\1any time", policy)
    policy += "\nsending:\n  try_again_after: 2 minutes\n  doubt_after: 5 minutes\n"
    (config / "policy.yaml").write_text(policy, encoding="utf-8")
    # One journey that asks the provider and sends what did not go; all others leave it in doubt.
    letter = config / "journeys" / "newsletter.yaml"
    text = letter.read_text("utf-8")
    letter.write_text(f"doubt: at_least_once\n{text}", encoding="utf-8")
    (config / "deployments.yaml").write_text(
        "deployments:\n  - {name: morning, runs: daily}\n"
        "  - {name: hasty, runs: daily, longest: 1 minute}\n",
        encoding="utf-8",
    )
    furnished(project / "var" / "prefect")
    (folder / "faster").mkdir()
    (folder / "faster" / "sitecustomize.py").write_text(FASTER, encoding="utf-8")
    # A few letters a second, so that some are always on their way.
    simulator.reset()
    simulator.pace(latency=0.3)
    made = House(project, simulator)
    try:
        yield made
    finally:
        made.end()
        simulator.reset()

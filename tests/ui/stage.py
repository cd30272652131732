"""A company with `stammkunde up` and some runs behind it, as the pages of these tests show it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

from flows.demo import prepare
from segments.names import Locale
from tests.prefects import furnished
from tests.waiting import answered, free_port

ROOT = Path(__file__).parents[2]
CUSTOMERS = 60
FIRST, SECOND = date(2024, 11, 5), date(2024, 11, 6)
"""The morning of the newsletter, and the one after it."""

WRONG = "curency: EUR\n"
"""A line of policy.yaml as somebody may write it."""

_BY_HAND = ("sending-hours", "what-came-back", "lists-hourly")
_ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


class Stage:
    """The company's folder, and the server that `up` runs there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server, self.web = free_port(), free_port()
        self.log = folder.parent / "up.log"
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "STAMMKUNDE_"))
        } | {"PYTHONPATH": str(ROOT)}

    @property
    def pages(self) -> str:
        """Where a browser finds them."""
        return f"http://127.0.0.1:{self.server}"

    def command(self, *words: str) -> list[str]:
        """`stammkunde WORDS` in this project."""
        return [sys.executable, "-m", "flows.cli", "--project", str(self.folder), *words]

    def ask(self, path: str, **body: object) -> Any:
        return answered(f"{self.pages}/api", path, **body)

    def deployment(self, name: str) -> str:
        """The id of a deployment."""
        (found,) = self.ask("deployments/filter", deployments={"name": {"any_": [name]}})
        return str(found["id"])

    def start(self, deployment: str, **parameters: object) -> str:
        """A run as the schedule would start it; its id."""
        path = f"deployments/{self.deployment(deployment)}/create_flow_run"
        return str(self.ask(path, parameters=parameters)["id"])

    def state(self, run: str) -> dict[str, Any]:
        """What a run says of itself at this moment."""
        (found,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [run]}})
        return dict(found["state"])

    def ends(self, run: str, *others: str) -> dict[str, Any]:
        """The state in which a run ends, or the one of the `others` by which it stands still."""
        until = time.monotonic() + 240
        while time.monotonic() < until:
            state = self.state(run)
            if state["type"] in _ENDED or state["type"] in others:
                return state
            time.sleep(0.25)
        raise AssertionError(f"still {state['name']}: {self.said()}")

    def asked(self) -> str:
        """A daily run that waits for somebody to approve what it would send."""
        run = self.start("weekday-morning", as_of=f"{FIRST}T11:00", dry_run=False)
        state = self.ends(run, "PAUSED")
        assert state["name"] == "Suspended", state
        return run

    def stands(self, run: str) -> bool:
        """Whether a run still waits for somebody."""
        return bool(self.state(run)["type"] == "PAUSED")

    def mails(self) -> int:
        """How many went out."""
        return len(list((self.folder / "var" / "mails").rglob("*.eml")))

    def run_named(self, name: str) -> str:
        """The id of the newest run that is called so."""
        found = self.ask("flow_runs/filter", flow_runs={"name": {"any_": [name]}})
        assert found, name
        return str(found[0]["id"])

    def artifact(self, key: str, run: str) -> dict[str, Any]:
        """What a run keeps under a key."""
        wanted = {"flow_runs": {"id": {"any_": [run]}}, "artifacts": {"key": {"any_": [key]}}}
        (found,) = self.ask("artifacts/filter", **wanted)
        return dict(found)

    def said(self) -> str:
        """What `up` and its schedules have said so far."""
        logs = [self.log, *sorted((self.folder / "var" / "log").glob("*.log"))]
        return "\n".join(log.read_text("utf-8", "replace")[-3000:] for log in logs if log.exists())

    @contextmanager
    def up(self) -> Iterator[None]:
        """`stammkunde up`, until the end of the block."""
        furnished(self.folder / "var" / "prefect")
        ports = ["--server-port", str(self.server), "--web-port", str(self.web)]
        with self.log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                self.command("up", *ports, "--no-web"),
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            until = time.monotonic() + 150
            while "Bereit nach" not in self.log.read_text("utf-8"):
                assert process.poll() is None, self.said()
                assert time.monotonic() < until, self.said()
                time.sleep(0.1)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            process.kill()
            process.wait()


@contextmanager
def lived_stage(around: Path) -> Iterator[Stage]:
    """Up, with all kinds of runs behind it: two of them daily runs, and one that is red."""
    stage = Stage(around / "shop")
    prepare(stage.folder, CUSTOMERS, 7, Locale.DE, FIRST)
    _only_when_asked(stage.folder / "config" / "deployments.yaml")
    with stage.up():
        _fail(stage)
        done = subprocess.run(
            [sys.executable, "-m", "tests.ui.runs"],
            env=stage.environment
            | {"PREFECT_API_URL": f"{stage.pages}/api", "STAMMKUNDE_PROJECT": str(stage.folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        yield stage


@contextmanager
def reviewed(stage: Stage) -> Iterator[Stage]:
    """The same company before its first day, whose newsletter is in review."""
    var, config = stage.folder / "var", stage.folder / "config"
    changes = {
        "settings.yaml": (r"(?m)^store: \S+", "store: sqlite:///var/review.db"),
        "journeys/newsletter.yaml": (r"(?m)^status: live", "status: review"),
        "deployments.yaml": (r"\A", "approve_within: 30 minutes\n"),
    }
    before = {name: (config / name).read_text("utf-8") for name in changes}
    for name, (old, new) in changes.items():
        text, found = re.subn(old, new, before[name], count=1)
        assert found, name
        (config / name).write_text(text, encoding="utf-8")
    # Another store counts its sends anew, and so its mails.
    (var / "mails").rename(var / "mails of before")
    yield stage
    for name, text in before.items():
        (config / name).write_text(text, encoding="utf-8")


def _fail(stage: Stage) -> None:
    """A run that starts as the schedule would start it, while somebody has mistyped something."""
    policy = stage.folder / "config" / "policy.yaml"
    right = policy.read_text("utf-8")
    policy.write_text(WRONG + right, encoding="utf-8")
    ended = stage.ends(stage.start("weekday-morning", as_of=f"{FIRST}T09:00", dry_run=False))
    assert ended["name"] == "Falsche Eingabe", ended
    policy.write_text(right, encoding="utf-8")


def _only_when_asked(file: Path) -> None:
    """Switch off what would start every few minutes, in the middle of a test."""
    text = file.read_text("utf-8")
    for name in _BY_HAND:
        text = re.sub(rf"(?s)(name: {name}\b.*?enabled: )true", r"\1false", text, count=1)
    file.write_text(text, encoding="utf-8")

"""The shipped schedule reaches a real Prefect server, which makes runs of it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

WHERE_A_RUN_HAPPENS = """
from pathlib import Path
from prefect import flow

@flow
def daily(as_of: str | None = None, dry_run: bool = False) -> None:
    Path("ran-here").write_text(f"dry_run={dry_run}")
"""


class Server:
    """A Prefect server for one test module, and a project folder to use it from."""

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.project = folder / "project"
        (self.project / "config").mkdir(parents=True)
        shutil.copy(ROOT / "config" / "deployments.yaml", self.project / "config")
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")
        } | {
            "DO_NOT_TRACK": "1",
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(folder / "home"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def prefect(self, *words: str, **more: str) -> str:
        """What `prefect WORDS` says, typed in the project's folder."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *words],
            cwd=self.project,
            env=self.environment | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=90,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def ask(self, path: str, **body: object) -> Any:
        """What the server answers; on SQLite it is busy (503) now and then."""
        for _ in range(20):
            answer = httpx.post(f"{self.api}/{path}", json=body, timeout=20)
            if answer.status_code != 503:
                break
            time.sleep(0.5)
        assert answer.is_success, answer.text
        return answer.json()


def daily(server: Server) -> Any:
    """The deployment of the daily run."""
    (found,) = server.ask("deployments/filter", deployments={"name": {"any_": ["weekday-morning"]}})
    return found


def within(seconds: float, question: Callable[[], object]) -> bool:
    """Ask until the answer is not empty."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.25)
    return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("prefect"))

    def healthy() -> bool:
        try:
            return httpx.get(f"{made.api}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False

    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "prefect",
            "server",
            "start",
            "--host",
            "127.0.0.1",
            "--port",
            made.port,
        ],
        cwd=made.project,
        env=made.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert within(90, lambda: healthy() or process.poll() is not None)
        assert process.poll() is None, "the Prefect server does not start"
        made.prefect("work-pool", "create", "stammkunde", "--type", "process")
        made.prefect("deploy", "--prefect-file", "config/deployments.yaml", "--all")
        yield made
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.mark.parametrize(
    ("name", "hours", "minutes"),
    [("weekday-morning", {8}, {30}), ("sending-hours", set(range(8, 19)), {0, 15, 30, 45})],
)
def test_the_schedules_make_runs_on_weekdays(
    server: Server, name: str, hours: set[int], minutes: set[int]
) -> None:
    # With SQLAlchemy 2.1 beside Prefect 3.8 everything is green here and no run is ever made.
    of_it = {"deployments": {"name": {"any_": [name]}}}
    assert within(30, lambda: server.ask("flow_runs/count", **of_it))
    run = server.ask("flow_runs/filter", limit=1, sort="EXPECTED_START_TIME_ASC", **of_it)[0]
    assert run["state_type"] == "SCHEDULED"
    starts = datetime.fromisoformat(run["expected_start_time"]).astimezone(
        ZoneInfo("Europe/Berlin")
    )
    assert starts.hour in hours
    assert starts.minute in minutes
    assert starts.weekday() < 5


def test_two_daily_runs_wait_for_one_another(server: Server) -> None:
    deployment = daily(server)
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "ENQUEUE"


def test_a_run_happens_in_the_folder_its_worker_was_started_in(
    server: Server, tmp_path: Path
) -> None:
    # Without working_dir the worker runs a flow in a new empty folder, where there is no config/.
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "__init__.py").touch()
    (tmp_path / "flows" / "daily.py").write_text(WHERE_A_RUN_HAPPENS, encoding="utf-8")
    deployment = daily(server)
    server.ask(f"deployments/{deployment['id']}/create_flow_run")
    server.prefect(
        "worker", "start", "--pool", "stammkunde", "--run-once", PYTHONPATH=str(tmp_path)
    )
    assert (server.project / "ran-here").read_text(encoding="utf-8") == "dry_run=False"

"""Doctor and status against a real Prefect server: before deploy, after it, and when it ails."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.initial import init
from tests.prefects import furnished
from tests.shell import Shell, shell
from tests.waiting import answered, healthy, within

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


class Server:
    """A Prefect server, and a project that knows its address."""

    def __init__(self, folder: Path) -> None:
        with closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{self.port}/api"
        self.project = folder / "project"
        self.shell: Shell | None = None
        init(self.project)
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "STAMMKUNDE_"))
        } | {
            "DO_NOT_TRACK": "1",
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(furnished(folder / "home")),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PYTHONPATH": str(ROOT),
        }

    def say(self, *words: str) -> str:
        """What a command of ours answers."""
        assert self.shell is not None
        done = self.shell.typed("--project", str(self.project), *words)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    def findings(self) -> dict[str, dict[str, Any]]:
        """What doctor finds, by key; of several of a kind the last."""
        told = json.loads(self.say("doctor", "--offline", "--json"))
        return {each["key"]: each for each in told["findings"]}

    def ask(self, path: str, how: str = "POST", **body: object) -> Any:
        return answered(self.api, path, how, **body)

    def deployment(self, name: str) -> str:
        """Its number."""
        (found,) = self.ask("deployments/filter", deployments={"name": {"any_": [name]}})
        number: str = found["id"]
        return number


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("doctor"))

    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1"]
    running = subprocess.Popen(
        [*command, "--port", made.port],
        env=made.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assert within(120, lambda: healthy(made.api))
        with shell(ROOT, made.environment, "doctor", "status", "deploying") as made.shell:
            yield made
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()


def test_a_server_that_knows_nothing_of_us_is_told_what_it_lacks(server: Server) -> None:
    found = server.findings()
    assert found["server_same_version"]["grade"] == "fine"
    assert found["not_registered"]["grade"] == "broken"
    assert "weekday-morning" in found["not_registered"]["said"]
    assert "stammkunde deploy" in found["not_registered"]["mend"]
    assert found["automations_missing"]["grade"] == "look"
    assert "nicht angemeldet" in server.say("status")


def test_after_deploy_only_a_worker_is_missing(server: Server) -> None:
    server.say("deploy")
    found = server.findings()
    assert "not_registered" not in found
    assert found["automations_fine"]["grade"] == "fine"
    assert found["pool_without_workers"]["grade"] == "broken"
    assert "prefect worker start --pool stammkunde" in found["pool_without_workers"]["mend"]
    said = server.say("status")
    assert f"Läufe: {server.api.removesuffix('/api')}/v2/runs" in said
    assert "nicht angemeldet" not in said
    server.ask("work_pools/stammkunde/workers/heartbeat", name="a-worker")
    assert within(
        60,
        lambda: server.ask(
            "flow_runs/count",
            deployments={"id": {"any_": [server.deployment("weekday-morning")]}},
        ),
    )
    found = server.findings()
    assert found["pool_fine"]["grade"] == "fine"
    assert found["not_due_yet"]["grade"] == "fine"


def test_a_pause_a_late_run_and_a_failed_one_are_told(server: Server) -> None:
    morning, evening = server.deployment("weekday-morning"), server.deployment("effects-nightly")
    server.ask("work_pools/stammkunde/workers/heartbeat", name="a-worker")
    server.ask(f"deployments/{morning}", "PATCH", paused=True)
    past = datetime.now(UTC) - timedelta(minutes=20)  # noqa: TID251 - the server's clock
    due = {"type": "SCHEDULED", "state_details": {"scheduled_time": past.isoformat()}}
    server.ask(f"deployments/{evening}/create_flow_run", state=due)
    failed = server.ask(f"deployments/{server.deployment('sunday-night')}/create_flow_run")
    wrong = {"type": "FAILED", "name": "Wrong input", "message": "config/policy.yaml:3  no zone"}
    server.ask(f"flow_runs/{failed['id']}/set_state", state=wrong, force=True)
    found = server.findings()
    assert found["paused_there"]["grade"] == "broken"
    assert "weekday-morning" in found["paused_there"]["said"]
    assert found["late"]["grade"] == "broken"
    assert "effects-nightly" in found["late"]["said"]
    assert "config/policy.yaml:3  no zone" in found["last_went_wrong"]["said"]
    said = server.say("status")
    assert "in Prefect angehalten" in said
    assert "Wrong input: config/p" in said


def test_a_pool_that_was_taken_away_is_told(server: Server) -> None:
    server.ask("work_pools/stammkunde", "DELETE")
    found = server.findings()
    assert {"pool_missing", "nobody_serves"} & found.keys()

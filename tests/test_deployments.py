"""`stammkunde deploy` brings the shipped schedule to a real Prefect server, which makes runs."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from flows.initial import init
from tests.prefects import furnished
from tests.shell import Shell, shell
from tests.waiting import answered, healthy, plain, within

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
        self.shell: Shell | None = None
        init(self.project)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")
        } | {
            "DO_NOT_TRACK": "1",
            "PREFECT_API_URL": self.api,
            "PREFECT_HOME": str(furnished(folder / "home")),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PYTHONPATH": str(ROOT),
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

    def deploy(self, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """What `stammkunde deploy WORDS` answers."""
        if self.shell is not None and not more:
            return self.shell.typed("--project", str(self.project), "deploy", *words)
        return subprocess.run(
            [sys.executable, "-m", "flows.cli", "--project", str(self.project), "deploy", *words],
            env=self.environment | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def ask(self, path: str, **body: object) -> Any:
        return answered(self.api, path, **body)


def daily(server: Server) -> Any:
    """The deployment of the daily run."""
    (found,) = server.ask("deployments/filter", deployments={"name": {"any_": ["weekday-morning"]}})
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("prefect"))

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
        assert within(240, lambda: healthy(made.api) or process.poll() is not None)
        assert process.poll() is None, "the Prefect server does not start"
        done = made.deploy()
        assert done.returncode == 0, done.stderr
        assert "Registered: weekday-morning, sending-hours" in done.stdout
        assert "prefect worker start --pool stammkunde" in done.stdout
        loaded = ("deploying", "alert_automations", "automations", "registering")
        with shell(ROOT, made.environment, *loaded) as made.shell:
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


def test_long_runs_wait_for_one_another_and_polls_do_not(server: Server) -> None:
    kept = {row["name"]: row for row in server.ask("deployments/filter")}
    assert {row["global_concurrency_limit"]["limit"] for row in kept.values()} == {1}
    asked = {name: row["concurrency_options"]["collision_strategy"] for name, row in kept.items()}
    assert {name for name, said in asked.items() if said == "CANCEL_NEW"} == {
        "what-came-back",
        "lists-hourly",
    }
    assert asked["weekday-morning"] == asked["sending-hours"] == "ENQUEUE"


def test_each_says_when_it_runs_and_asks_for_little(server: Server) -> None:
    kept = daily(server)
    assert "Montag bis Freitag um 08:30 (Europe/Berlin)" in kept["description"]
    fields = kept["parameter_openapi_schema"]["properties"]
    assert {name: (field["title"], field["type"]) for name, field in fields.items()} == {
        "as_of": ("Tag", "string"),
        "dry_run": ("Nur zeigen", "boolean"),
    }
    assert all(field["description"] for field in fields.values())
    variables = kept["job_variables"]
    assert variables["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] == "30"
    assert variables["working_dir"] == "."


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


def test_what_was_under_way_when_all_ended_has_crashed_and_holds_no_place(server: Server) -> None:
    from prefect.client.orchestration import get_client
    from prefect.settings import PREFECT_API_URL, temporary_settings

    from flows.schedules import tidy

    async def tidied() -> None:
        async with get_client() as client:
            await tidy(client, UUID(daily(server)["id"]))

    kept = daily(server)
    run = server.ask(f"deployments/{kept['id']}/create_flow_run")["id"]
    for state in ("PENDING", "RUNNING"):
        server.ask(f"flow_runs/{run}/set_state", state={"type": state})
    assert daily(server)["global_concurrency_limit"]["active_slots"] == 1
    with temporary_settings({PREFECT_API_URL: server.api}):
        asyncio.run(tidied())
    (now,) = server.ask("flow_runs/filter", flow_runs={"id": {"any_": [run]}})
    assert now["state"]["type"] == "CRASHED"
    assert now["state"]["message"].startswith("Stopped in the middle. The next run completes")
    assert daily(server)["global_concurrency_limit"]["active_slots"] == 0


def test_deploying_again_changes_what_changed_and_removes_what_is_gone(server: Server) -> None:
    before = daily(server)["id"]
    file = server.project / "config" / "deployments.yaml"
    shipped = file.read_text("utf-8")
    file.write_text(
        "deployments:\n  - name: weekday-morning\n    runs: daily\n"
        '    cron: "0 9 * * 1-5"\n    enabled: false\n',
        encoding="utf-8",
    )
    try:
        done = server.deploy()
        assert done.returncode == 0, done.stderr
        assert "Removed, as no file names them: digest-morning, effects-nightly" in done.stdout
        (kept,) = server.ask("deployments/filter")
        assert kept["id"] == before
        assert [(each["schedule"]["cron"], each["active"]) for each in kept["schedules"]] == [
            ("0 9 * * 1-5", False)
        ]
        named = [row["name"] for row in server.ask("automations/filter")]
        assert named.count("stammkunde: dead runs are shown as crashed") == 1
    finally:
        file.write_text(shipped, encoding="utf-8")


def test_two_projects_share_a_server_by_name(server: Server, tmp_path: Path) -> None:
    init(tmp_path / "other")
    mine = server.project
    server.project = tmp_path / "other"
    try:
        refused = server.deploy()
        assert refused.returncode == 1
        assert refused.stderr.startswith("another project has registered ")
        assert 'such as "project: north" in config/deployments.yaml' in refused.stderr
        (tmp_path / "other" / "config" / "deployments.yaml").write_text(
            "project: north\ndeployments:\n  - {name: letters, runs: deliver}\n", encoding="utf-8"
        )
        done = server.deploy()
        assert done.returncode == 0, done.stderr
        assert "Registered: north-letters" in done.stdout
        assert "Removed" not in done.stdout
        names = {row["name"] for row in server.ask("deployments/filter")}
        assert {"north-letters", "weekday-morning"} <= names
    finally:
        server.project = mine
    # And the other way round.
    assert "Removed" not in server.deploy().stdout
    (theirs,) = [row for row in server.ask("deployments/filter") if row["name"] == "north-letters"]
    assert "project:north" in theirs["tags"]
    assert plain.delete(f"{server.api}/deployments/{theirs['id']}", timeout=20).is_success


def test_what_does_not_fit_is_said_in_a_sentence(server: Server) -> None:
    nobody = server.deploy(PREFECT_API_URL="http://127.0.0.1:1/api")
    assert nobody.returncode == 1
    assert nobody.stderr.startswith("no Prefect server answers at http://127.0.0.1:1/api")
    assert nobody.stderr.count("\n") == 1
    other = server.deploy("--type", "kubernetes", "--image", "stammkunde:1")
    assert other.returncode == 1
    assert other.stderr.startswith('the work pool "stammkunde" is of type process, not kubernetes')


def test_a_pool_of_containers_is_made_offline(server: Server) -> None:
    done = server.deploy("--pool", "boxes", "--type", "docker", "--image", "stammkunde:1")
    assert done.returncode == 0, done.stderr
    (pool,) = server.ask("work_pools/filter", work_pools={"name": {"any_": ["boxes"]}})
    assert pool["type"] == "docker"
    kept = daily(server)
    assert kept["work_pool_name"] == "boxes"
    assert kept["job_variables"]["image"] == "stammkunde:1"


def test_who_serves_them_takes_the_deployments_of_a_pool_over(server: Server) -> None:
    import asyncio

    from prefect.client.orchestration import PrefectClient

    from flows.deploying import entries_of
    from flows.registering import register

    async def served() -> None:
        async with PrefectClient(server.api) as client:
            await register(client, entries_of(server.project)[1])

    assert daily(server)["work_pool_name"]
    asyncio.run(served())
    # Kept, it would have a worker take the runs as well.
    assert daily(server)["work_pool_name"] is None

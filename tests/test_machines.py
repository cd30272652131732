"""Several machines: each with a folder, a home and processes of its own.

All they share is PostgreSQL and Prefect's server, which keeps its history in PostgreSQL, too.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, func, select, text

from flows import clock
from flows.demo import prepare
from flows.moments import moment
from flows.stages import planning, pulling
from flows.stages.shop import opened
from flows.store.models import Send
from flows.store.session import open_store
from segments.names import Locale
from tests.long import LONG
from tests.waiting import free_port, within

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
DAY = "2024-11-05T11:00"
PATIENCE = 240


@dataclass
class Machine:
    """A root of its own: nothing of another machine's is in it."""

    root: Path
    shared: dict[str, str]

    @property
    def project(self) -> Path:
        return self.root / "company"

    @property
    def environment(self) -> dict[str, str]:
        plain = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PREFECT_", "STAMMKUNDE_"))
        }
        own = {"HOME": self.root, "TMPDIR": self.root / "tmp", "PREFECT_HOME": self.root / "home"}
        return plain | {name: str(path) for name, path in own.items()} | self.shared

    def begin(self, *command: str) -> "subprocess.Popen[bytes]":
        """One of its processes."""
        (self.root / "tmp").mkdir(exist_ok=True)
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.project,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def does(self, *command: str) -> int:
        return self.begin("flows.cli", "--project", ".", *command).wait(PATIENCE)

    def mails(self) -> list[str]:
        """The numbers of the sends it has delivered."""
        return [file.stem for file in (self.project / "var" / "mails").glob("*/*.eml")]

    def said(self) -> str:
        return (self.root / "log").read_text(encoding="utf-8", errors="replace")


def machines(folder: Path, template: Path, shared: dict[str, str]) -> list[Machine]:
    """Two of them, with the same rules and nothing else."""
    made = [Machine(folder / name, shared) for name in ("one", "other")]
    for each in made:
        shutil.copytree(template, each.project)
    return made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder a team brings to every machine."""
    folder = tmp_path_factory.mktemp("machines") / "template"
    prepare(folder, 130, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    file = folder / "config" / "settings.yaml"
    said = re.sub(r"(?m)^store: \S+", "store: STAMMKUNDE_STORE", file.read_text("utf-8"))
    file.write_text(said, encoding="utf-8")
    return folder


def database(address: str, name: str) -> str:
    admin = create_engine(
        f"{address}/postgres".replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{address}/{name}"


def sends(store: str) -> dict[str, int]:
    engine = open_store(store)
    with engine.connect() as connection:
        rows = connection.execute(select(Send.outcome, func.count()).group_by(Send.outcome))
        found = {str(outcome): number for outcome, number in rows}
    engine.dispose()
    return found


def test_two_machines_that_deliver_at_once_send_each_message_once(
    postgres_address: str, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = database(postgres_address, "two_deliver")
    monkeypatch.setenv("STAMMKUNDE_STORE", store)
    with opened(template) as shop:
        now = moment(DAY, "Europe/Berlin", clock.now())
        pulling.pull(shop, now)
        planning.plan(shop, now)
    queued = sends(store)["queued"]
    assert queued > 20
    shared = {"STAMMKUNDE_STORE": store, "STAMMKUNDE_SECRET": "one", "PYTHONPATH": str(ROOT)}
    both = machines(tmp_path, template, shared)
    going = [
        each.begin("flows.cli", "--project", ".", "deliver", "--plain", "--as-of", DAY)
        for each in both
    ]
    assert [each.wait(PATIENCE) for each in going] == [0, 0], [each.said() for each in both]
    went = [number for each in both for number in each.mails()]
    assert len(went) == len(set(went)) == queued
    assert sends(store)["accepted"] == queued


@contextmanager
def prefect_server(store: str, folder: Path) -> Iterator[str]:
    """A Prefect server whose history is in PostgreSQL; the address of its API."""
    port = free_port()
    settings = {
        "PREFECT_API_DATABASE_CONNECTION_URL": store.replace("postgresql:", "postgresql+asyncpg:"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    (folder / "company").mkdir(parents=True)
    there = Machine(folder, settings)
    started = there.begin("prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port))
    try:
        assert within(PATIENCE, lambda: _healthy(port) or started.poll() is not None)
        assert started.poll() is None, there.said()
        yield f"http://127.0.0.1:{port}/api"
    finally:
        started.terminate()
        started.wait(30)


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.skipif(not LONG, reason="two workers and a server: part of make test-long")
def test_a_worker_on_either_machine_does_the_run_prefect_on_postgresql_hands_out(
    postgres_address: str, template: Path, tmp_path: Path
) -> None:
    store = database(postgres_address, "by_workers")
    history = database(postgres_address, "prefect_history")
    with prefect_server(history, tmp_path / "server") as api:
        shared = {
            "STAMMKUNDE_STORE": store,
            "STAMMKUNDE_SECRET": "one",
            "PYTHONPATH": str(ROOT),
            "PREFECT_API_URL": api,
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "DO_NOT_TRACK": "1",
        }
        both = machines(tmp_path, template, shared)
        assert both[0].does("deploy") == 0, both[0].said()
        workers = [
            each.begin("prefect", "worker", "start", "--pool", "stammkunde") for each in both
        ]
        try:
            runs = [
                _asked_for(api, name, {"as_of": DAY})
                for name in ("daily/weekday-morning", "measure/effects-nightly")
            ]
            ended = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
            assert within(
                PATIENCE, lambda: all(_state(api, run)["type"] in ended for run in runs)
            ), [each.said() for each in both]
            for run in runs:
                state = _state(api, run)
                assert state["type"] == "COMPLETED", state["message"]
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(30)
    went = [number for each in both for number in each.mails()]
    assert len(went) == len(set(went)) == sends(store)["accepted"]
    assert len(went) > 20
    engine = open_store(history)
    with engine.connect() as connection:
        kept = connection.execute(
            text("SELECT count(*) FROM flow_run WHERE state_type = 'COMPLETED'")
        )
        assert kept.scalar_one() >= 2
    engine.dispose()


def _asked_for(api: str, name: str, parameters: dict[str, Any]) -> str:
    deployment = httpx.get(f"{api}/deployments/name/{name}", timeout=30).json()["id"]
    made = httpx.post(
        f"{api}/deployments/{deployment}/create_flow_run",
        json={"parameters": parameters, "state": {"type": "SCHEDULED"}},
        timeout=30,
    )
    made.raise_for_status()
    return str(made.json()["id"])


def _state(api: str, run: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{api}/flow_runs/{run}", timeout=30).json()["state"]
    return found

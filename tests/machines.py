"""Machines for tests: each with a folder, a home and processes of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, func, select, text

from flows.demo import prepare
from flows.store.models import Send
from flows.store.session import open_store
from segments.names import Locale
from tests.waiting import answered, free_port, within

ROOT = Path(__file__).parents[1]
DAY = "2024-11-05T11:00"
PATIENCE = 480
"""Nobody waits so long but where two cores do the work of many; who dies is noticed at once."""

POOL = "stammkunde"
_STOPS_WITHIN = 30
_ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


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
        self.project.mkdir(parents=True, exist_ok=True)
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
        return self.begin(*command).wait(PATIENCE)

    @contextmanager
    def running(self, *command: str) -> Iterator["subprocess.Popen[bytes]"]:
        """The same for a while; killed if it does not heed that it should end."""
        process = self.begin(*command)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def mails(self) -> list[str]:
        """The numbers of the sends it has delivered."""
        return [file.stem for file in (self.project / "var" / "mails").glob("*/*.eml")]

    def said(self) -> str:
        file = self.root / "log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


def machines(folder: Path, template: Path, shared: dict[str, str]) -> list[Machine]:
    """Two of them, with the same rules and nothing else."""
    made = [Machine(folder / name, shared) for name in ("one", "other")]
    for each in made:
        shutil.copytree(template, each.project)
    return made


def team_folder(folder: Path) -> Path:
    """The folder a team brings to every machine."""
    prepare(folder, 130, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    file = folder / "config" / "settings.yaml"
    said = re.sub(r"(?m)^store: \S+", "store: STAMMKUNDE_STORE", file.read_text("utf-8"))
    file.write_text(said, encoding="utf-8")
    return folder


def database(address: str, name: str) -> str:
    """A new one on this server."""
    admin = create_engine(
        f"{address}/postgres".replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.dispose()
    return f"{address}/{name}"


def sends(store: str) -> dict[str, int]:
    """How many messages of a store have come to what."""
    engine = open_store(store)
    with engine.connect() as connection:
        rows = connection.execute(select(Send.outcome, func.count()).group_by(Send.outcome))
        found = {str(outcome): number for outcome, number in rows}
    engine.dispose()
    return found


def on_postgresql(store: str) -> dict[str, str]:
    """How a Prefect server is told to keep its history there, and to itself."""
    return {
        "PREFECT_API_DATABASE_CONNECTION_URL": store.replace("postgresql:", "postgresql+asyncpg:"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }


@contextmanager
def prefect_server(there: Machine, *options: str) -> Iterator[str]:
    """A Prefect server on this machine; the address of its API."""
    port = free_port()
    command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), *options]
    with there.running(*command) as started:
        until(lambda: _healthy(port), [started], [there])
        yield f"http://127.0.0.1:{port}/api"


def until(
    question: Callable[[], Any],
    processes: "list[subprocess.Popen[bytes]]",
    told_by: list[Machine],
) -> None:
    """Wait for it, as long as those it depends on live; else show what the machines said."""

    def dead() -> list[int]:
        return [process.pid for process in processes if process.poll() is not None]

    def now() -> Any:
        # A server that has much to do answers late; that is no answer to the question.
        with suppress(httpx.TransportError):
            return question()

    answer = within(PATIENCE, lambda: now() or dead())
    said = [each.said()[-5000:] for each in told_by]
    assert not dead(), said
    assert answer, said


def workers_ready(api: str, number: int) -> bool:
    """Whether so many workers have told the server that they are there."""
    found = answered(api, f"work_pools/{POOL}/workers/filter")
    return bool(sum(worker["status"] == "ONLINE" for worker in found) == number)


def asked_for(api: str, name: str, parameters: dict[str, Any]) -> str:
    """Have a deployment run, as the form in the UI does; the number of the run."""
    deployment = answered(api, f"deployments/name/{name}", "GET")["id"]
    made = answered(
        api,
        f"deployments/{deployment}/create_flow_run",
        parameters=parameters,
        state={"type": "SCHEDULED"},
    )
    return str(made["id"])


def state(api: str, run: str) -> dict[str, Any]:
    """How a run stands."""
    found: dict[str, Any] = answered(api, f"flow_runs/{run}", "GET")["state"]
    return found


def ended(api: str, *runs: str) -> bool:
    return all(state(api, run)["type"] in _ENDED for run in runs)


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/health", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False

"""Planning in several processes: whoever decides, and whoever dies, the same is decided."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, text

from flows import clock
from flows.demo import prepare
from flows.moments import moment
from flows.stages import planning, pulling
from flows.stages.shop import Shop, opened
from segments.names import Locale
from tests.decided import Rows, decided
from tests.long import LONG
from tests.waiting import within

pytest.importorskip("prefect_dask", reason="the extra dask is not installed")
pytestmark = [pytest.mark.prefect, pytest.mark.slow]

ROOT = Path(__file__).parents[1]
CUSTOMERS = 130
BEFORE, DAY = "2024-11-04T11:00", "2024-11-05T11:00"
"""A plain run, from which segments are known; and the one that is shared, of the newsletter."""

PATIENCE = 150
PASSED = {"folder", "run_id", "token", "first", "last"}
"""All that goes to another process: of customers, numbers."""

ONLY_LONG = pytest.mark.skipif(not LONG, reason="starts four processes: part of make test-long")
FOUR = "shards: 4, at_once: 2"
WATCHED = """\
journey: quiet
title: Nothing for a month
status: live
purpose: service
enter: {on: segment, segment: quiet_a_month}
steps:
  - task: {call: owner, about: Is all well?, due: 2 business days}
"""


def company(folder: Path) -> Path:
    """The demo, and a journey that watches who comes into a segment."""
    prepare(folder, CUSTOMERS, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    (folder / "config" / "journeys" / "quiet.yaml").write_text(WATCHED, encoding="utf-8")
    with (folder / "config" / "segments.yaml").open("a", encoding="utf-8") as segments:
        segments.write("  quiet_a_month: days_since_last_order > 30\n")
    return folder


def as_of(day: str) -> datetime:
    return moment(day, "Europe/Berlin", clock.now())


def begin(shop: Shop) -> None:
    pulling.pull(shop, as_of(DAY))
    planning.plan(shop, as_of(BEFORE))


@dataclass
class Works:
    """A company that was planned once, and the stores it is planned in again."""

    folder: Path
    server: str

    def anew(self, name: str, scale: str) -> Path:
        """A project on a copy of the store, with the work shared out in this way."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE begun')
        self._write(f"{self.server}/{name}", scale)
        return self.folder

    def begin(self) -> None:
        """Bring the data in and plan a first time, once for all copies."""
        self._run("CREATE DATABASE begun")
        self._write(f"{self.server}/begun", "shards: 1")
        with opened(self.folder) as shop:
            begin(shop)

    def plainly(self) -> dict[str, Rows]:
        """What one process decides by itself, without Prefect."""
        with opened(self.folder) as shop:
            planning.plan(shop, as_of(DAY))
            return decided(shop.engine)

    def decided(self) -> dict[str, Rows]:
        with opened(self.folder) as shop:
            return decided(shop.engine)

    @contextmanager
    def held_up(self, waiting: int) -> Iterator[Callable[[], bool]]:
        """Let nobody come to the end of a shard; says whether so many have come that far."""
        name = self.address.rpartition("/")[2]
        holder = create_engine(self.address.replace("postgresql:", "postgresql+psycopg:"))
        admin = self._admin()
        asked = text(
            "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database "
            "WHERE NOT granted AND locktype = 'relation' AND datname = :name"
        )

        def there() -> bool:
            with admin.connect() as connection:
                return bool(connection.execute(asked, {"name": name}).scalar() == waiting)

        try:
            with holder.begin() as connection:
                connection.execute(text("LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE"))
                yield there
        finally:
            holder.dispose()
            admin.dispose()

    def _write(self, address: str, scale: str) -> None:
        self.address = address
        file = self.folder / "config" / "settings.yaml"
        said = re.sub(r"(?m)^store: .+", f"store: {address}", file.read_text("utf-8"))
        said = re.sub(r"(?m)^scale: .+\n", "", said) + f"scale: {{{scale}}}\n"
        file.write_text(said, encoding="utf-8")

    def _admin(self) -> Any:
        address = f"{self.server}/postgres".replace("postgresql:", "postgresql+psycopg:")
        return create_engine(address, isolation_level="AUTOCOMMIT")

    def _run(self, statement: str) -> None:
        admin = self._admin()
        with admin.connect() as connection:
            connection.execute(text(statement))
        admin.dispose()


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, postgres_address: str) -> Works:
    made = Works(company(tmp_path_factory.mktemp("scaling") / "shop"), postgres_address)
    made.begin()
    return made


@pytest.fixture(scope="module")
def alone(works: Works) -> dict[str, Rows]:
    """What a single shard in a single process decides."""
    works.anew("alone", "shards: 1")
    found = works.plainly()
    assert all(found[name] for name in ("enrollment", "send", "ledger", "task", "segment_member"))
    return found


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """A Prefect server, without the heartbeat's second a run."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    with (
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
        prefect_test_harness(server_startup_timeout=300),
    ):
        yield str(PREFECT_API_URL.value())


class Cluster:
    """A scheduler and two workers of Dask, each a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")
        } | {"PYTHONPATH": str(ROOT), "HOME": str(folder), "DO_NOT_TRACK": "1"}
        self.running: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def start(self) -> None:
        file = self.folder / "scheduler.json"
        here = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        self._begin("scheduler", *here, "--no-show", "--scheduler-file", str(file))
        assert within(120, file.exists)
        self.address = re.findall(r"tcp://[\d.:]+", file.read_text(encoding="utf-8"))[0]
        for _ in range(2):
            self.worker()

    def worker(self) -> None:
        own = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        self._begin("worker", self.address, *own, "--local-directory", str(self.folder))

    def workers(self) -> list[int]:
        """Their process numbers."""
        return [each.pid for each in self.running[1:]]

    def stop(self) -> None:
        for process in self.running[::-1]:
            process.kill()
            process.wait()

    def _begin(self, what: str, *options: str) -> None:
        with (self.folder / f"{what}{len(self.running)}.log").open("wb") as log:
            command = [sys.executable, "-m", "dask", what, *options]
            self.running.append(
                subprocess.Popen(
                    command, env=self.environment, cwd=self.folder, stdout=log, stderr=log
                )
            )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    started = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        started.start()
        yield started
    finally:
        started.stop()


def run(folder: Path, day: str) -> Any:
    """The plan flow, run in this process; its final state."""
    from flows.with_prefect import final_state

    before = os.environ.get("STAMMKUNDE_PROJECT")
    os.environ["STAMMKUNDE_PROJECT"] = str(folder)
    try:
        return final_state("plan", as_of=day)
    finally:
        os.environ.pop("STAMMKUNDE_PROJECT")
        if before is not None:
            os.environ["STAMMKUNDE_PROJECT"] = before


def workers_of_a_pool() -> list[int]:
    """Processes this one has started to work on shards."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if parent == str(os.getpid()) and "spawn_main" in (entry / "cmdline").read_text():
                found.append(int(entry.name))
    return found


def tasks_of(api: str, state: Any) -> list[dict[str, Any]]:
    run_id = str(state.state_details.flow_run_id)
    found: list[dict[str, Any]] = []
    for _ in range(40):
        before = len(found)
        asked = {"flow_runs": {"id": {"any_": [run_id]}}}
        found = httpx.post(f"{api}/task_runs/filter", json=asked, timeout=30).json()
        if found and len(found) == before:
            break
        time.sleep(0.5)
    return [row for row in found if row["name"].startswith("plan customers")]


def test_four_shards_in_two_threads_decide_what_one_process_decides(
    works: Works, alone: dict[str, Rows], api: str
) -> None:
    state = run(works.anew("threads", FOUR), DAY)
    assert state.is_completed(), state.message
    assert works.decided() == alone
    assert [row["state_type"] for row in tasks_of(api, state)] == ["COMPLETED"] * 4


def test_on_sqlite_shards_go_one_by_one_and_decide_the_same(
    works: Works, alone: dict[str, Rows], api: str, tmp_path: Path
) -> None:
    folder = company(tmp_path / "shop")
    file = folder / "config" / "settings.yaml"
    file.write_text(file.read_text("utf-8") + f"scale: {{{FOUR}}}\n", encoding="utf-8")
    with opened(folder) as shop:
        begin(shop)
    assert run(folder, DAY).is_completed()
    with opened(folder) as shop:
        assert decided(shop.engine) == alone


def test_four_shards_in_two_processes_decide_what_one_process_decides(
    works: Works, alone: dict[str, Rows], api: str
) -> None:
    state = run(works.anew("processes", f"{FOUR}, runner: processes"), DAY)
    assert state.is_completed(), state.message
    assert works.decided() == alone
    tasks = tasks_of(api, state)
    assert [row["state_type"] for row in tasks] == ["COMPLETED"] * 4
    assert inputs(tasks) <= PASSED


@pytest.mark.parametrize("runner", ["dask", pytest.param("processes", marks=ONLY_LONG)])
def test_when_one_of_two_workers_dies_in_the_middle_of_a_shard_another_completes_it(
    runner: str, works: Works, alone: dict[str, Rows], api: str, cluster: Cluster
) -> None:
    folder = works.anew(f"{runner} dies", f"{FOUR}, runner: {runner}, dask: '{cluster.address}'")
    with ThreadPoolExecutor(1) as beside:
        with works.held_up(waiting=2) as there:
            going = beside.submit(run, folder, DAY)
            assert within(PATIENCE, lambda: there() or going.done()), "nobody came to the end"
            assert not going.done(), going.result().message
            workers = cluster.workers() if runner == "dask" else workers_of_a_pool()
            os.kill(workers[0], signal.SIGKILL)
        state = going.result(timeout=PATIENCE)
    assert state.is_completed(), state.message
    assert works.decided() == alone
    tasks = tasks_of(api, state)
    assert [row["state_type"] for row in tasks].count("COMPLETED") == 4
    assert inputs(tasks) <= PASSED


def inputs(tasks: list[dict[str, Any]]) -> set[str]:
    return {key for row in tasks for key in row["task_inputs"]}

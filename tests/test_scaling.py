"""One run shared by several processes: whoever does it, and whoever dies, the same comes of it."""

import logging
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from flows.errors import ConfigError, PipelineError
from flows.health.cluster import ask, findings, installed_here
from flows.stages import delivering, planning
from flows.stages.shop import opened
from tests.decided import Rows, decided
from tests.long import LONG
from tests.prefects import harness
from tests.scaled import DAY, Cluster, Works, as_of, begin, company, copied
from tests.waiting import within

pytest.importorskip("prefect_dask", reason="the extra dask is not installed")
pytestmark = [pytest.mark.prefect, pytest.mark.slow]

PATIENCE = 150
PASSED = {"folder", "run_id", "token", "first", "last"}
"""All that goes to another process: of customers, numbers."""

ONLY_LONG = pytest.mark.skipif(not LONG, reason="takes a while: part of make test-long")
FOUR = "shards: 4, at_once: 2"


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
    """A Prefect server."""
    with harness() as address:
        yield address


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


def test_the_doctor_counts_the_workers_and_names_those_that_do_not_answer(cluster: Cluster) -> None:
    here = installed_here()
    assert within(PATIENCE, lambda: len(ask(cluster.address).threads) == 2)
    assert [each.key for each in findings(cluster.address, ask(cluster.address), here)] == [
        "dask_fine"
    ]
    one = cluster.workers()[0]
    os.kill(one, signal.SIGSTOP)
    try:
        facts = ask(cluster.address, 3)
    finally:
        os.kill(one, signal.SIGCONT)
    assert [each.key for each in findings(cluster.address, facts, here)] == ["dask_stuck"]


def queued(works: Works, name: str, cluster: Cluster, copies: int) -> int:
    """Messages on a copy of the store that workers of the cluster are to send; how many."""
    works.anew(name, f"runner: dask, dask: '{cluster.address}'")
    with opened(works.folder) as shop:
        planning.plan(shop, as_of(DAY))
        return copied(shop, copies)


def mails(works: Works) -> list[str]:
    """The numbers of the sends that were handed over."""
    return [file.stem for file in (works.folder / "var" / "mails").glob("*/*.eml")]


def test_two_workers_of_a_cluster_send_each_message_once(
    works: Works,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(delivering, "SIDE_BY_SIDE_FROM", 100)
    number = queued(works, "dask sends", cluster, copies=20)
    assert number > 400
    with caplog.at_level(logging.INFO, "flows"), opened(works.folder) as shop:
        report = delivering.deliver(shop, as_of(DAY))
    assert report.handed_over == number
    assert works.outcomes() == {"accepted": number}
    went = mails(works)
    assert len(went) == len(set(went)) == number
    parts = re.findall(r"(tcp://\S+) handed over (\d+)", caplog.text)
    assert len({where for where, _ in parts}) == 2
    assert sum(int(many) for _, many in parts) == number


@ONLY_LONG
def test_senders_of_a_cluster_stop_when_the_one_who_began_is_told_to(
    works: Works, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = queued(works, "dask stops", cluster, copies=200)

    def interrupt() -> None:
        assert within(PATIENCE, lambda: mails(works))
        os.kill(os.getpid(), signal.SIGINT)

    beside = Thread(target=interrupt)
    beside.start()
    with pytest.raises(KeyboardInterrupt), opened(works.folder) as shop:
        delivering.deliver(shop, as_of(DAY))
    beside.join()
    found = works.outcomes()
    assert set(found) == {"accepted", "queued"}
    assert sum(found.values()) == number
    assert len(mails(works)) == found["accepted"]


@ONLY_LONG
def test_where_a_worker_dies_while_it_sends_others_go_on_and_nothing_goes_twice(
    works: Works, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    number = queued(works, "dask sender dies", cluster, copies=200)
    dies = cluster.worker()

    def kill() -> None:
        assert within(PATIENCE, lambda: len(mails(works)) > number // 10)
        dies.kill()

    beside = Thread(target=kill)
    beside.start()
    # Three workers, and as many senders: the one that dies is among them.
    with opened(works.folder) as shop:
        settings = shop.project.settings.model_copy(update={"senders": 3})
        object.__setattr__(shop.project, "settings", settings)
        delivering.deliver(shop, as_of(DAY))
    beside.join()
    found = works.outcomes()
    assert set(found) <= {"accepted", "claimed"}
    assert sum(found.values()) == number
    went = mails(works)
    assert len(went) == len(set(went))
    assert "ended before their time and others went on" in caplog.text


@ONLY_LONG
def test_a_cluster_that_has_no_workers_or_loses_its_scheduler_is_told_of_in_a_sentence(
    works: Works, tmp_path: Path
) -> None:
    alone = Cluster(tmp_path)
    try:
        alone.start(workers=0)
        number = queued(works, "dask loses", alone, copies=200)
        with opened(works.folder) as shop, pytest.raises(ConfigError, match="has no workers"):
            delivering.deliver(shop, as_of(DAY))
        assert works.outcomes() == {"queued": number}
        alone.worker()

        def kill() -> None:
            assert within(PATIENCE, lambda: mails(works))
            alone.running[0].kill()

        beside = Thread(target=kill)
        beside.start()
        with opened(works.folder) as shop, pytest.raises(PipelineError, match="deliver once more"):
            delivering.deliver(shop, as_of(DAY))
        beside.join()
        # The sender notices, too, and ends: nobody goes on in silence.
        assert within(PATIENCE, lambda: alone.running[1].poll() is not None)
    finally:
        alone.stop()
    assert sum(works.outcomes().values()) == number
    assert works.outcomes()["queued"] > 0


@ONLY_LONG
def test_when_the_scheduler_dies_while_shards_are_decided_the_run_says_so_and_the_next_goes_on(
    works: Works, alone: dict[str, Rows], api: str, tmp_path: Path
) -> None:
    own = Cluster(tmp_path)
    try:
        own.start()
        folder = works.anew("scheduler dies", f"{FOUR}, runner: dask, dask: '{own.address}'")
        with ThreadPoolExecutor(1) as beside:
            with works.held_up(waiting=2) as there:
                going = beside.submit(run, folder, DAY)
                assert within(PATIENCE, lambda: there() or going.done()), "nobody came to the end"
                own.running[0].kill()
            state = going.result(timeout=PATIENCE)
    finally:
        own.stop()
    assert state.is_failed()
    assert f"no Dask scheduler answers at {own.address}" in str(state.message)
    works.plainly()
    assert {name: rows for name, rows in works.decided().items() if name != "run"} == {
        name: rows for name, rows in alone.items() if name != "run"
    }


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

"""Several API servers of Prefect on one PostgreSQL and one Redis: what one is told the other knows.

The settings are those of the README (Prefect's server for many).
"""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.long import LONG
from tests.machines import (
    DAY,
    POOL,
    ROOT,
    Machine,
    asked_for,
    database,
    ended,
    machines,
    on_postgresql,
    prefect_server,
    sends,
    state,
    team_folder,
    until,
    workers_ready,
)
from tests.waiting import answered, free_port, within

pytest.importorskip("prefect_redis", reason="prefect-redis is not installed (the extra dev)")
pytestmark = [pytest.mark.prefect, pytest.mark.slow]

SETTINGS = {
    "PREFECT_API_DATABASE_MIGRATE_ON_START": "false",
    "PREFECT_MESSAGING_BROKER": "prefect_redis.messaging",
    "PREFECT_MESSAGING_CACHE": "prefect_redis.messaging",
    "PREFECT_SERVER_EVENTS_CAUSAL_ORDERING": "prefect_redis.ordering",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect_redis.lease_storage",
}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A Redis of our own; the port it listens on."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    port = free_port()
    folder = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen([*command, "--save", ""], stdout=log, stderr=log)
    try:
        assert within(30, lambda: _answers(port)), (folder / "log").read_text()
        yield port
    finally:
        started.terminate()
        started.wait(30)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def settings(postgres_address: str, redis: int) -> dict[str, str]:
    """The same for every server."""
    return SETTINGS | {
        **on_postgresql(database(postgres_address, "shared_history")),
        "PREFECT_REDIS_MESSAGING_HOST": "127.0.0.1",
        "PREFECT_REDIS_MESSAGING_PORT": str(redis),
        "PREFECT_REDIS_MESSAGING_DB": "0",
        "PREFECT_SERVER_DOCKET_URL": f"redis://127.0.0.1:{redis}/1",
    }


def test_the_readme_names_these_settings() -> None:
    said = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, value in SETTINGS.items():
        assert name in said
        assert f"`{value}`" in said


@pytest.mark.skipif(not LONG, reason="three servers and a worker: part of make test-long")
def test_a_run_asked_for_at_one_server_is_done_through_another_and_seen_at_both(
    postgres_address: str, settings: dict[str, str], tmp_path: Path
) -> None:
    store = database(postgres_address, "two_servers")
    first, second, services = (
        Machine(tmp_path / name, settings) for name in ("first", "second", "services")
    )
    made = first.does("prefect", "server", "database", "upgrade", "-y")
    assert made == 0, first.said()
    with ExitStack() as stack:
        one = stack.enter_context(prefect_server(first, "--no-services"))
        other = stack.enter_context(prefect_server(second, "--no-services"))
        behind = stack.enter_context(services.running("prefect", "server", "services", "start"))
        ours = {
            "STAMMKUNDE_STORE": store,
            "STAMMKUNDE_SECRET": "one",
            "PYTHONPATH": str(ROOT),
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "DO_NOT_TRACK": "1",
        }
        team = team_folder(tmp_path / "template")
        here, there = machines(tmp_path, team, ours)
        here.shared = ours | {"PREFECT_API_URL": one}
        there.shared = ours | {"PREFECT_API_URL": other}
        assert here.does("flows.cli", "--project", ".", "deploy") == 0, here.said()
        worker = stack.enter_context(there.running("prefect", "worker", "start", "--pool", POOL))
        told_by = [first, second, services, there]
        processes = [behind, worker]
        until(lambda: workers_ready(one, 1), processes, told_by)
        run = asked_for(one, "daily/weekday-morning", {"as_of": DAY})
        until(lambda: ended(one, run), processes, told_by)
        assert state(one, run) == state(other, run)
        assert state(one, run)["type"] == "COMPLETED", state(one, run)["message"]
        assert len(there.mails()) == sends(store)["accepted"] > 20
        # What happened to the run came to the services over Redis, and from there into the history.
        until(lambda: _heard_of(one, run), processes, told_by)
        # The services plan ahead: every schedule has runs that wait.
        until(lambda: _planned(other), processes, told_by)


def _heard_of(api: str, run: str) -> bool:
    about = {"any_resource": {"id": [f"prefect.flow-run.{run}"]}}
    found = answered(api, "events/filter", filter=about)["events"]
    # The event is called as the state is, and that in our words.
    return any(event["event"].startswith("prefect.flow-run.Sent ") for event in found)


def _planned(api: str) -> bool:
    waiting = {"state": {"type": {"any_": ["SCHEDULED"]}}}
    return len(answered(api, "flow_runs/filter", flow_runs=waiting)) > 5

"""Several machines: each with a folder, a home and processes of its own.

All they share is PostgreSQL and Prefect's server, which keeps its history in PostgreSQL, too.
"""

from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from flows import clock
from flows.moments import moment
from flows.stages import planning, pulling
from flows.stages.shop import opened
from flows.store.session import open_store
from tests.long import LONG
from tests.machines import (
    DAY,
    PATIENCE,
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

pytestmark = [pytest.mark.prefect, pytest.mark.slow]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return team_folder(tmp_path_factory.mktemp("machines") / "template")


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


@pytest.mark.skipif(not LONG, reason="two workers and a server: part of make test-long")
def test_a_worker_on_either_machine_does_the_run_prefect_on_postgresql_hands_out(
    postgres_address: str, template: Path, tmp_path: Path
) -> None:
    store = database(postgres_address, "by_workers")
    history = database(postgres_address, "prefect_history")
    with prefect_server(Machine(tmp_path / "server", on_postgresql(history))) as api:
        shared = {
            "STAMMKUNDE_STORE": store,
            "STAMMKUNDE_SECRET": "one",
            "PYTHONPATH": str(ROOT),
            "PREFECT_API_URL": api,
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "DO_NOT_TRACK": "1",
        }
        both = machines(tmp_path, template, shared)
        assert both[0].does("flows.cli", "--project", ".", "deploy") == 0, both[0].said()
        with ExitStack() as stack:
            workers = [
                stack.enter_context(
                    each.running("prefect", "worker", "start", "--pool", POOL, "--name", name)
                )
                for each, name in zip(both, ("one", "other"), strict=True)
            ]
            until(lambda: workers_ready(api, 2), workers, both)
            runs = [
                asked_for(api, "daily/weekday-morning", {"as_of": DAY}),
                asked_for(api, "measure/effects-nightly", {"as_of": DAY}),
            ]
            until(lambda: ended(api, *runs), workers, both)
            for each in runs:
                assert state(api, each)["type"] == "COMPLETED", state(api, each)["message"]
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

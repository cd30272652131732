"""The flows as Prefect runs them: what a run is called, says, leaves behind and keeps to itself."""

import csv
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text

from flows.demo import prepare
from flows.store.models import Send
from flows.store.session import open_store
from segments.names import Locale
from tests.prefects import harness
from tests.simulator.fixtures import simulator, simulator_process
from tests.simulator.process import Simulator
from tests.waiting import plain

__all__ = ["simulator", "simulator_process"]

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

CUSTOMERS = 60
# Newsletters go out on the fifth.
DAY = "2024-11-05T11:00"
AFTER = "2024-11-06T11:00"
Rows = list[dict[str, Any]]


class Api:
    """What Prefect's server remembers."""

    def __init__(self, address: str, database: Path) -> None:
        self.address = address
        self.database = database

    def rows(self, kind: str, **filters: Any) -> Rows:
        found = plain.post(f"{self.address}/{kind}/filter", json=filters, timeout=30)
        found.raise_for_status()
        rows: Rows = found.json()
        return rows

    def of_run(self, kind: str, run: str) -> Rows:
        """Rows of a flow run, once there are no more to come: Prefect writes them with delay."""
        if kind == "logs":
            filters: dict[str, Any] = {"logs": {"flow_run_id": {"any_": [run]}}}
        else:
            filters = {"flow_runs": {"id": {"any_": [run]}}}
        found: Rows = []
        for _ in range(40):
            before, found = len(found), self.rows(kind, **filters)
            if found and len(found) == before:
                break
            time.sleep(0.5)
        return found


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """One server for all tests of this module."""
    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL

    with harness() as address:
        database = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value())
        yield Api(address, Path(database.partition(":///")[2]))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company on the morning of its newsletter; nothing has been run yet."""
    folder = tmp_path_factory.mktemp("flows") / "shop"
    prepare(folder, CUSTOMERS, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    return folder


@pytest.fixture(scope="module")
def run(api: Api) -> Callable[..., Any]:
    """A flow, run in this process; its final state."""

    def ran(folder: Path, name: str, **parameters: Any) -> Any:
        from flows.with_prefect import final_state

        before = os.environ.get("STAMMKUNDE_PROJECT")
        os.environ["STAMMKUNDE_PROJECT"] = str(folder)
        try:
            return final_state(name, **parameters)
        finally:
            if before is None:
                del os.environ["STAMMKUNDE_PROJECT"]
            else:
                os.environ["STAMMKUNDE_PROJECT"] = before

    return ran


@pytest.fixture(scope="module")
def first(run: Callable[..., Any], project: Path) -> Any:
    """The final state of the first daily run."""
    return run(project, "daily", as_of=DAY)


def mails(folder: Path) -> set[str]:
    return {str(file) for file in (folder / "var" / "mails").rglob("*.eml")}


def sends(folder: Path) -> int:
    engine = open_store(f"sqlite:///{folder / 'var' / 'stammkunde.db'}")
    with engine.connect() as connection:
        number = connection.scalar(select(func.count()).select_from(Send))
    engine.dispose()
    return int(number or 0)


def run_of(state: Any) -> str:
    return str(state.state_details.flow_run_id)


def test_the_day_ends_green_and_its_state_tells_it(first: Any, api: Api, project: Path) -> None:
    assert first.is_completed()
    assert re.sub(r"\d+", "N", first.name) == "Sent N, held out N, left out N"
    assert first.name.startswith(f"Sent {len(mails(project))}, ")
    assert first.message == f"{first.name}. Needs a person: 2."
    (kept,) = api.rows("flow_runs", flow_runs={"id": {"any_": [run_of(first)]}})
    assert kept["name"] == "daily 2024-11-05 11:00"
    assert kept["state"]["message"] == first.message


def test_the_run_shows_a_page_and_tables_a_person_can_read(first: Any, api: Api) -> None:
    found = {row["key"]: row for row in api.of_run("artifacts", run_of(first)) if row["key"]}
    kinds = {
        "day": "markdown",
        "sends": "table",
        "left-out": "table",
        "effect": "table",
        "effect-picture": "image",
        "matrix": "image",
        "doubts": "table",
        "plan-progress": "progress",
        "deliver-progress": "progress",
    }
    assert kinds.items() <= {key: row["type"] for key, row in found.items()}.items()
    assert found["day"]["description"] == first.name
    page = found["day"]["data"]
    assert page.startswith("# ")
    assert "Monthly letter" in page
    assert "{" not in page
    assert found["plan-progress"]["data"] == found["deliver-progress"]["data"] == 100.0
    assert len(found["matrix"]["data"]) < 60_000


def test_tasks_have_names_people_understand_and_leave_tags_to_their_run(
    first: Any, api: Api
) -> None:
    tasks = {row["name"]: row for row in api.of_run("task_runs", run_of(first))}
    shards = {name for name in tasks if re.fullmatch(r"plan customers 1 to \d+", name)}
    assert len(shards) == 1
    assert set(tasks) - shards == {
        "pull the company's data",
        "take in what came back",
        "prepare the plan",
        "deliver what is due",
        "measure what it brought",
        "tell the day",
        "draw pictures",
    }
    assert {row["state_type"] for row in tasks.values()} == {"COMPLETED"}
    # Each tag of a task would cost a second of asking for slots.
    assert not [row["name"] for row in tasks.values() if row["tags"]]
    (kept,) = api.rows("flow_runs", flow_runs={"id": {"any_": [run_of(first)]}})
    assert set(kept["tags"]) == {"stammkunde", "daily"}


def test_the_same_day_again_sends_nothing_twice(
    first: Any, run: Callable[..., Any], project: Path
) -> None:
    before = mails(project), sends(project)
    assert before[0]
    again = run(project, "daily", as_of=DAY)
    assert again.is_completed()
    assert again.message == first.message
    assert (mails(project), sends(project)) == before


def test_a_preview_writes_nothing(
    first: Any, run: Callable[..., Any], api: Api, project: Path
) -> None:
    before = mails(project), sends(project)
    state = run(project, "daily", as_of="2024-11-06T11:00", dry_run=True)
    assert state.is_completed()
    assert state.message.startswith("Only shown: ")
    assert (mails(project), sends(project)) == before
    (kept,) = api.rows("flow_runs", flow_runs={"id": {"any_": [run_of(state)]}})
    assert kept["name"] == "daily 2024-11-06 11:00 (preview)"


@pytest.mark.parametrize("name", ["daily", "measure"])
def test_wrong_configuration_is_said_and_nothing_else(
    run: Callable[..., Any], api: Api, tmp_path: Path, name: str
) -> None:
    prepare(tmp_path / "shop", 20, 7, Locale.EN, date(2024, 11, 5))
    (tmp_path / "shop" / "config" / "policy.yaml").write_text(
        "curency: EUR\nlocale: en\n", encoding="utf-8"
    )
    state = run(tmp_path / "shop", name)
    assert (state.type.value, state.name) == ("FAILED", "Wrong input")
    assert state.message == (
        'config/policy.yaml:1  there is no "curency" here. Did you mean "currency"?'
    )
    said = [row["message"] for row in api.of_run("logs", run_of(state))]
    assert said
    assert [line for line in said if "Traceback" in line or ".py" in line] == []


def test_old_data_stops_the_sending_but_not_the_measuring(
    first: Any, run: Callable[..., Any], api: Api, project: Path
) -> None:
    before = mails(project)
    state = run(project, "daily", as_of="2024-11-20T11:00")
    assert (state.type.value, state.name) == ("FAILED", "Wrong input")
    assert state.message.startswith("nothing is sent: the newest order is of 2024-1")
    assert mails(project) == before
    tasks = {row["name"]: row["state_type"] for row in api.of_run("task_runs", run_of(state))}
    assert tasks["deliver what is due"] == "FAILED"
    assert tasks["measure what it brought"] == tasks["tell the day"] == "COMPLETED"
    said = "\n".join(row["message"] for row in api.of_run("logs", run_of(state)))
    assert "Traceback" not in said
    keys = {row["key"] for row in api.of_run("artifacts", run_of(state))}
    assert {"day", "effect"} <= keys


def test_a_run_that_measures_keeps_pictures_small_enough_to_keep(
    first: Any, run: Callable[..., Any], api: Api, project: Path
) -> None:
    state = run(project, "measure", as_of=AFTER)
    assert state.type.value == "COMPLETED"
    rows = [row for row in api.of_run("artifacts", run_of(state)) if row["type"] == "image"]
    found = {row["key"]: row for row in rows}
    assert {"effect-picture", "matrix", "picture-phases", "picture-not-sent"} <= set(found)
    assert "picture-funnel-newsletter" in found
    assert all(row["data"].startswith("data:image/png;base64,") for row in rows)
    assert all(len(row["description"]) > 20 for row in rows)
    assert max(len(row["data"]) for row in rows) < 60_000


def test_shards_go_side_by_side_on_postgresql(
    run: Callable[..., Any], api: Api, postgres_address: str, tmp_path: Path
) -> None:
    folder = tmp_path / "shop"
    prepare(folder, 110, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    settings = folder / "config" / "settings.yaml"
    admin = create_engine(
        f"{postgres_address}/postgres".replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE flows"))
    admin.dispose()
    said = settings.read_text("utf-8")
    said = re.sub(r"(?m)^store: \S+", f"store: {postgres_address}/flows", said)
    said = re.sub(r"(?m)^shard_size: \d+", "shard_size: 100", said)
    settings.write_text(said, encoding="utf-8")
    state = run(folder, "daily", as_of=DAY)
    assert state.is_completed()
    assert state.message.startswith(f"Sent {len(mails(folder))}, ")
    assert len(mails(folder)) > 20
    tasks = api.of_run("task_runs", run_of(state))
    shards = [row for row in tasks if row["name"].startswith("plan customers")]
    assert [row["state_type"] for row in shards] == ["COMPLETED"] * 2


def test_a_run_from_the_command_line_says_what_our_rooms_log(
    first: Any, api: Api, project: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "--project", str(project), "deliver", "--as-of", AFTER],
        env=os.environ | {"PREFECT_API_URL": api.address, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Nothing to send\n"
    (kept,) = api.rows("flow_runs", flow_runs={"name": {"any_": ["deliver 2024-11-06 11:00"]}})
    assert kept["state"]["name"] == "Nothing to send"
    said = [row["message"] for row in api.of_run("logs", kept["id"])]
    assert [line for line in said if line.startswith("delivered: ")]


def test_whom_sendgrid_holds_back_is_read_by_a_run_that_says_so(
    run: Callable[..., Any],
    api: Api,
    tmp_path: Path,
    simulator: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LISTS_KEY", simulator.key)
    monkeypatch.setenv("NO_PROXY", "*")
    folder = tmp_path / "shop"
    prepare(folder, 5, 7, Locale.EN, date(2024, 11, 5)).write(folder / "data")
    settings = folder / "config" / "settings.yaml"
    own = "  lists: {kind: sendgrid, key: LISTS_KEY, address: " + simulator.address + "}\ninbox:"
    settings.write_text(settings.read_text("utf-8").replace("inbox:", own, 1), encoding="utf-8")
    simulator.suppress("nobody@x.example", "bounces", created="2024-11-05T09:00:00+00:00")
    simulator.set_clock(datetime(2024, 11, 5, 10, tzinfo=UTC))
    read = run(folder, "suppressions", as_of=DAY)
    assert (read.is_completed(), read.message) == (True, "Newly suppressed 1, on the lists 1")
    again = run(folder, "suppressions", as_of=AFTER)
    assert (again.name, again.message) == ("Nothing new", "Newly suppressed 0, on the lists 1")
    tasks = api.of_run("task_runs", run_of(read))
    assert [row["name"] for row in tasks] == ["read the lists of SendGrid"]
    said = [row["message"] for row in api.of_run("logs", run_of(read))]
    assert not [line for line in said if "@" in line]
    simulator.down()
    refused = run(folder, "suppressions", as_of="2024-11-07T11:00")
    assert refused.is_failed()


def test_prefect_is_told_nobodys_name_or_address(first: Any, api: Api, project: Path) -> None:
    """Runs last: looks through everything Prefect's database holds by now."""
    with (project / "data" / "contacts.csv").open(encoding="utf-8") as opened:
        people = list(csv.DictReader(opened))
    with (project / "data" / "customers.csv").open(encoding="utf-8") as opened:
        names = {row["company"] for row in csv.DictReader(opened)}
    names |= {f"{row['first_name']} {row['last_name']}" for row in people if row["last_name"]}
    names |= {row["e_mail"] for row in people if row["e_mail"]}
    with closing(sqlite3.connect(f"file:{api.database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        # Prefect's own kinds of blocks bring examples of addresses along.
        ours = [name for (name,) in tables if not name.startswith("block_")]
        rows = [row for name in ours for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608
    kept = "\n".join(str(cell) for row in rows for cell in row if isinstance(cell, str))
    assert "plan customers" in kept
    assert sorted(name for name in names if name in kept) == []
    # Only where a word begins: pictures are words without end.
    assert re.findall(r"(?<![\w.-])[\w.-]+@[\w.-]+\.\w+.{0,20}", kept) == []

"""`stammkunde status` on a project of one's own: what it says, and what it cannot say."""

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text
from typer.testing import CliRunner

from flows import clock
from flows.cli import app
from flows.errors import ConfigError
from flows.glance import Glance, glance
from flows.initial import init
from flows.store.models import Halt, Purchase, Run
from flows.store.session import open_store, writing
from tests.store.rows import people, put


@pytest.fixture
def project(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with an empty store, and no Prefect server anywhere."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    folder = tmp_path / "project"
    init(folder)
    (folder / "var").mkdir()
    shutil.copy(sqlite_template, folder / "var" / "stammkunde.db")
    return folder


def speak_english(folder: Path) -> None:
    file = folder / "config" / "policy.yaml"
    file.write_text(file.read_text("utf-8").replace("locale: de", "locale: en"), "utf-8")


def status(folder: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["--project", str(folder), "status", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0
    return done.output


def told(folder: Path) -> Any:
    return json.loads(status(folder, "--json"))


def test_runs_what_waits_and_what_is_to_be_done_are_told(project: Path) -> None:
    speak_english(project)
    now = clock.now()
    engine = open_store(f"sqlite:///{project / 'var' / 'stammkunde.db'}")
    people(engine)
    with writing(engine) as connection:
        ran = {"as_of": now, "started_at": now, "counts": {}}
        connection.execute(insert(Run).values(kind="plan", ended_at=now, **ran))
        connection.execute(
            insert(Run).values(kind="deliver", ended_at=now, failed="DeliveryError: no key", **ran)
        )
        connection.execute(insert(Halt).values(cause="hand", why="inventory", since=now))
    put(engine, Purchase, {"id": 1, "ordered_at": now})
    engine.dispose()
    said = status(project)
    lines = {line.split("  ")[0]: line for line in said.splitlines()}
    assert "No Prefect server is running here" in said
    assert "went well" in lines["weekday-morning"]
    assert "failed: no key" in lines["sending-hours"]
    assert "by hand only" in lines["preview"]
    assert "Stands still: everything" in said
    assert "(inventory)" in said
    assert "Waiting: 0 due now, 0 later, 0 for approval; being sent: 0" in said
    found = told(project)
    (daily, *_) = found["runs"]
    assert (daily["name"], daily["last"]) == ("weekday-morning", "went well")
    assert daily["next_at"] > daily["last_at"]
    assert found["stands_still"][0]["why"] == "inventory"


def test_it_speaks_the_language_of_the_house(project: Path) -> None:
    said = status(project)
    assert said.startswith("So steht es am ")
    assert "Letzter Lauf" in said
    assert "Es ist noch keine Bestellung eingelesen" in said


def test_a_store_that_is_not_there_stays_away(project: Path) -> None:
    (project / "var" / "stammkunde.db").unlink()
    assert "Es gibt noch keinen Speicher" in status(project)
    assert not (project / "var" / "stammkunde.db").exists()


def test_a_store_of_a_newer_version_is_told(project: Path) -> None:
    engine = open_store(f"sqlite:///{project / 'var' / 'stammkunde.db'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE stammkunde_version SET version_num = '9999'"))
    engine.dispose()
    assert "neueres Stammkunde benutzt (seine Tabellen sind bei 9999" in status(project)
    assert told(project)["store_problem"]


def test_a_server_that_does_not_answer_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    said = status(project)
    assert "Unter http://127.0.0.1:1/api antwortet kein Prefect-Server" in said
    assert "Letzter Lauf" in said


def test_an_unknown_zone_is_told_with_its_line(project: Path) -> None:
    file = project / "config" / "policy.yaml"
    file.write_text(file.read_text("utf-8").replace("Europe/Berlin", "Europe/Berlim"), "utf-8")
    with pytest.raises(ConfigError, match=r'policy\.yaml:\d+ .*"Europe/Berlim" is not a time zone'):
        status(project)


def test_nothing_that_takes_long_to_load_is_needed(project: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from pathlib import Path; from flows.status import show_status; "
        "show_status(Path(sys.argv[1]), as_json=True); "
        "heavy = 'pandas numpy prefect sqlalchemy alembic pydantic jinja2'.split(); "
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(project)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_files_that_are_written_unusually_are_read_all_the_same(project: Path) -> None:
    file = project / "config" / "sources.yaml"
    written = file.read_text("utf-8")
    file.write_text(re.sub(r"(?m)^max_age: .*$", "", written) + "max_age: 2 weeks\n", "utf-8")
    unusual, usual = glance(project), init_again(project)
    assert (unusual.max_age, unusual.max_age_said) == (timedelta(days=14), "2 weeks")
    assert unusual.entries == usual.entries
    assert (unusual.zone, unusual.locale, unusual.store) == (usual.zone, usual.locale, usual.store)


def init_again(project: Path) -> Glance:
    """What a new folder says, read in the usual way."""
    init(project.parent / "another")
    return glance(project.parent / "another")


def test_a_project_with_a_name_of_its_own_has_it_before_each_deployment(project: Path) -> None:
    file = project / "config" / "deployments.yaml"
    file.write_text("project: north\n" + file.read_text("utf-8"), "utf-8")
    assert glance(project).entries[0].name == "north-weekday-morning"

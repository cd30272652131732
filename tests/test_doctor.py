"""`stammkunde doctor`: what it finds, what it says to do, and how it ends."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from flows.cli import app
from flows.doctor import ALERTS, DEAD_RUNS, examine
from flows.errors import ConfigError
from flows.initial import init
from flows.reporting.words import TEXTS
from flows.store.session import open_store
from segments.names import Locale

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of one's own with an empty store, and no Prefect server anywhere."""
    for name in ("PREFECT_API_URL", "SENDGRID_API_KEY", "STAMMKUNDE_SECRET"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "project"
    init(folder)
    (folder / "var").mkdir()
    shutil.copy(sqlite_template, folder / "var" / "stammkunde.db")
    return folder


def doctor(folder: Path, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["--project", str(folder), "doctor", "--offline", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def findings(folder: Path) -> dict[str, Any]:
    _, said = doctor(folder, "--json")
    return {each["key"]: each for each in json.loads(said)["findings"]}


def files(folder: Path) -> dict[str, int]:
    return {
        str(file.relative_to(folder)): file.stat().st_mtime_ns
        for file in folder.rglob("*")
        if file.is_file() and not file.name.endswith(("-shm", "-wal"))
    }


def test_a_new_folder_is_looked_at_and_nothing_in_it_changes(project: Path) -> None:
    before = files(project)
    code, said = doctor(project)
    assert code == 0
    assert "Speicher\n  gut     Die Tabellen des Speichers sind die" in said
    assert "→ stammkunde up betreibt alles auf diesem Rechner" in said
    assert files(project) == before


def test_it_speaks_english_where_the_house_does(project: Path) -> None:
    file = project / "config" / "policy.yaml"
    file.write_text(file.read_text("utf-8").replace("locale: de", "locale: en"), "utf-8")
    _, said = doctor(project)
    assert "The configuration reads; the clock of the house is Europe/Berlin" in said
    assert re.search(r"0 broken, \d+ worth a look, \d+ fine, \d+ not looked at", said)


def test_something_broken_ends_with_1_and_is_never_shown(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = project / "config" / "settings.yaml"
    settings.write_text(
        "store: sqlite:///var/stammkunde.db\nunsubscribe: a@b.test\noutlet: sendgrid\n"
        "outlets: {sendgrid: {kind: sendgrid}}\n",
        encoding="utf-8",
    )
    code, said = doctor(project)
    assert code == 1
    assert "sendgrid: Die Umgebungsvariable SENDGRID_API_KEY ist nicht gesetzt" in said
    assert findings(project)["events_unheard"]["grade"] == "look"
    monkeypatch.setenv("SENDGRID_API_KEY", "'hunter2'")
    _, said = doctor(project)
    assert "hunter2" not in said
    assert findings(project)["key_quoted"]["grade"] == "broken"


def test_a_wrong_configuration_ends_with_2_and_the_rest_is_looked_at_all_the_same(
    project: Path,
) -> None:
    file = project / "config" / "policy.yaml"
    file.write_text(file.read_text("utf-8").replace("Europe/Berlin", "Europe/Berlim"), "utf-8")
    code, said = doctor(project)
    assert code == 2
    assert re.search(r'config/policy\.yaml:\d+ +zone: "Europe/Berlim" is not a time zone', said)
    assert "Versionen" in said
    with pytest.raises(ConfigError, match='there is no folder "config" here'):
        examine(project / "elsewhere", offline=True, as_json=False)


@pytest.mark.parametrize(
    ("statement", "key", "grade"),
    [
        ("UPDATE stammkunde_version SET version_num = '9999'", "store_newer", "broken"),
        ("DROP TABLE stammkunde_version", "store_empty", "fine"),
    ],
)
def test_a_store_of_another_version_is_told(
    project: Path, statement: str, key: str, grade: str
) -> None:
    engine = open_store(f"sqlite:///{project / 'var' / 'stammkunde.db'}")
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert findings(project)[key]["grade"] == grade


def test_a_server_that_is_away_and_a_store_that_is_away_are_told(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    assert "prefect server start" in findings(project)["server_silent"]["mend"]
    monkeypatch.setenv("SHOP_STORE", "postgresql://nobody@127.0.0.1:1/nothing")
    file = project / "config" / "settings.yaml"
    file.write_text(
        re.sub(r"(?m)^store: \S+", "store: SHOP_STORE", file.read_text("utf-8")), "utf-8"
    )
    assert findings(project)["store_away"]["grade"] == "broken"
    monkeypatch.delenv("SHOP_STORE")
    assert findings(project)["store_unknown"]["grade"] == "broken"


@pytest.mark.briefly("sqlite", "postgresql")
def test_it_works_on_postgresql(
    project: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_STORE", store_url)
    file = project / "config" / "settings.yaml"
    file.write_text(
        re.sub(r"(?m)^store: \S+", "store: SHOP_STORE", file.read_text("utf-8")), "utf-8"
    )
    found = findings(project)
    assert found["store_current"]["grade"] == found["database_fine"]["grade"] == "fine"
    assert ("clocks_fine" in found) == store_url.startswith("postgresql")


def test_whatever_is_found_can_be_said_and_mended_in_both_languages() -> None:
    found: dict[str, set[str]] = {}
    code = [*(ROOT / "flows" / "health").glob("*.py"), ROOT / "flows" / "doctor.py"]
    for file in code:
        written = file.read_text(encoding="utf-8")
        for grade, key in re.findall(
            r"\b(fine|look|broken|skipped)\(\s*(?:\w+(?:\.\w+)?),\s*\"(\w+)\"", written
        ):
            found.setdefault(key, set()).add(grade)
    assert len(found) > 90
    for locale in Locale:
        for key, grades in found.items():
            assert f"doctor_{key}" in TEXTS[locale]
            assert (
                grades == {"fine"}
                or grades <= {"fine", "skipped"}
                or (f"doctor_{key}_mend" in TEXTS[locale])
            ), key


def test_what_the_server_does_by_itself_is_called_as_it_is_registered() -> None:
    # Prefect takes seconds to load, and the doctor asks without it.
    from flows.automations import dead_runs

    registered = (ROOT / "flows" / "alert_automations.py").read_text(encoding="utf-8")
    assert dead_runs().name == DEAD_RUNS
    assert f'_OURS = "{ALERTS}"' in registered

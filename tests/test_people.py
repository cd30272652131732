"""Tasks, digests and the timeline of a customer, as typed into a terminal."""

import csv
import json
import sys
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.cli import main
from flows.stages.shop import open_shop
from flows.store.models import Customer, Interaction, Notice, Task
from flows.todo import COLUMNS
from segments.names import Locale
from tests.small import LAST, copied
from tests.store.rows import put, rows_of

Say = Callable[..., tuple[int, str, str]]
AT = f"{LAST.isoformat()}T11:00"


@pytest.fixture(scope="module", params=list(Locale))
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company in either language, with two tasks more that are overdue."""
    folder = copied(tmp_path_factory.mktemp("people"), request.param)
    engine = open_shop(folder).engine
    zone = ZoneInfo("Europe/Berlin")
    late = datetime.combine(LAST - timedelta(days=3), time(), zone)
    common = {"step": "by hand", "due_at": late, "status": "open"}
    put(
        engine,
        Task,
        {**common, "customer_id": 1, "kind": "visit", "owner": "brandt", "about": "Measure"},
        {**common, "kind": "check", "owner": "lindner", "about": "Sending stopped"},
    )
    engine.dispose()
    return folder


@pytest.fixture
def say(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """`stammkunde WORDS` in the project: exit code, output and errors."""
    monkeypatch.setenv("STAMMKUNDE_PROJECT", ".")
    monkeypatch.setenv("COLUMNS", "200")

    def said(*words: object) -> tuple[int, str, str]:
        line = ["stammkunde", "--project", project, *words]
        monkeypatch.setattr(sys, "argv", list(map(str, line)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return said


def rows(project: Path, model: type, *names: str) -> list:
    engine = open_shop(project).engine
    found = rows_of(engine, model, *names)
    engine.dispose()
    return found


def test_a_task_goes_from_the_list_to_the_timeline(project: Path, say: Say, tmp_path: Path):
    code, out, _ = say("tasks", "--json", "--as-of", AT)
    listed = json.loads(out)
    assert code == 0
    assert listed
    assert all(tuple(each) == COLUMNS for each in listed)
    one = next(each for each in listed if each["kind"] == "call")
    done = ("task", "done", one["task"], "--mood", "content", "--note", "needs a lamp")
    code, out, _ = say(*done, "--as-of", AT)
    assert (code, str(one["task"]) in out) == (0, True)
    code, again, _ = say(*done, "--as-of", AT)
    assert code == 0
    assert LAST.isoformat() in again
    (talk,) = [
        row
        for row in rows(project, Interaction, "key", "mood", "note", "channel")
        if row[0] == f"task:{one['task']}"
    ]
    assert talk[1:] == ("content", "needs a lamp", "call")
    code, out, _ = say("customer", one["customer"], "--as-of", AT)
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith(one["customer"])
    assert any("needs a lamp" in line and line.startswith(LAST.isoformat()) for line in lines)
    moments = [line[:16] for line in lines if line[:4].isdecimal() and line[4] == "-"]
    assert moments == sorted(moments, reverse=True)
    code, out, _ = say("customer", one["customer"], "--as-of", AT, "--json", "--oldest-first")
    life = json.loads(out)
    assert life["profile"]["last_mood"] == "content"
    assert [each["at"] for each in life["history"]] == sorted(
        each["at"] for each in life["history"]
    )
    file = tmp_path / "tasks.csv"
    assert say("tasks", "--all", "--csv", file, "--as-of", AT)[0] == 0
    with file.open(encoding="utf-8", newline="") as stream:
        written = list(csv.DictReader(stream))
    assert tuple(written[0]) == COLUMNS
    (mine,) = (row for row in written if row["task"] == str(one["task"]))
    assert (mine["status"], mine["outcome"], mine["note"]) == ("done", "reached", "needs a lamp")
    since = tmp_path / "since.csv"
    assert say("tasks", "--since", AT, "--csv", since, "--as-of", AT)[0] == 0
    with since.open(encoding="utf-8", newline="") as stream:
        assert str(one["task"]) in [row["task"] for row in csv.DictReader(stream)]


def test_tasks_are_taken_and_cancelled(project: Path, say: Say):
    (number,) = [task for task, kind in rows(project, Task, "id", "kind") if kind == "visit"]
    assert say("task", "take", number, "--owner", "yilmaz", "--as-of", AT)[0] == 0
    assert rows(project, Task, "id", "owner")[number - 1] == (number, "yilmaz")
    shown = say("task", "show", number)[1]
    assert (LAST - timedelta(days=3)).isoformat() + "\n" in shown
    assert say("tasks", "--owner", "yilmaz", "--as-of", AT)[0] == 0
    assert say("task", "cancel", number, "--why", "moved away", "--as-of", AT)[0] == 0
    code, out, _ = say("task", "take", number, "--owner", "brandt", "--as-of", AT)
    assert (code, LAST.isoformat() in out) == (0, True)
    assert rows(project, Task, "id", "status", "note")[number - 1][1:] == (
        "cancelled",
        "moved away",
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tasks", "--owner", "lindnr"), 'Did you mean "lindner"?'),
        (("tasks", "--due", "soon"), "Write overdue, today, week or 2026-11-18"),
        (("tasks", "--since", "soon"), '--since: "soon" is not a day'),
        (("task", "done", "99999"), "there is no task 99999"),
        (("task", "done", "1", "--outcome", "not_reached", "--mood", "angry"), "nobody spoke"),
        (("task", "done", "1", "--contact", "nobody"), 'has no contact "nobody"'),
        (("task", "cancel", "1", "--why", " "), "--why is a reason"),
        (("task", "take", "1", "--owner", "brand"), 'Did you mean "brandt"?'),
        (("digest", "--owner", "brand"), 'Did you mean "brandt"?'),
        (("customer", "nobody"), 'there is no customer "nobody"'),
        (("customer", "10001", "--since", "x"), '--since: "x" is not a day'),
    ],
)
def test_what_cannot_be_is_told(say: Say, words: tuple[str, ...], said: str):
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_a_key_nearly_right_is_hinted_at(project: Path, say: Say):
    key = rows(project, Customer, "key")[0]
    code, _, err = say("customer", f"{key}0")
    assert code == 2
    assert "Did you mean" in err


def test_a_digest_is_printed_and_then_sent_once(project: Path, say: Say):
    code, printed, _ = say("digest", "--dry-run", "--as-of", AT)
    assert code == 0
    assert rows(project, Notice, "owner") == []
    assert "Sending stopped" in printed
    code, _, _ = say("digest", "--as-of", AT)
    assert code == 0
    count = len(rows(project, Notice, "owner"))
    assert count
    assert say("digest", "--as-of", AT)[0] == 0
    assert len(rows(project, Notice, "owner")) == count

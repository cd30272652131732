"""The command line: what people type, what it answers, and with which exit code it ends."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest
import typer

from flows.cli import app, main
from flows.shipping import shipped
from tests.small import copied, stored, without_examples

COMMANDS = list(typer.main.get_group(app).commands)
Said = tuple[int, str, str]
Say = Callable[..., Said]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Say:
    """`stammkunde WORDS` in this process: exit code, output and errors."""
    monkeypatch.setenv("STAMMKUNDE_PROJECT", ".")
    monkeypatch.setenv("COLUMNS", "100")

    def said(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["stammkunde", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return int(ended.value.code or 0), out, err

    return said


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lived-through project that tests may read and run, but not spoil."""
    return copied(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The shipped project, untouched."""
    for name in ("config", "templates"):
        shutil.copytree(shipped() / name, tmp_path / name)
    return tmp_path


def typed(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`stammkunde WORDS` as a program of its own, typed in a folder."""
    clean = {name: value for name, value in os.environ.items() if name != "STAMMKUNDE_PROJECT"}
    return subprocess.run(
        [sys.executable, "-m", "flows.cli", *words],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(Path(__file__).parents[1])} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_help_answers_without_loading_anything_heavy(tmp_path: Path) -> None:
    asks = (
        "import sys; sys.argv = ['stammkunde', '--help']\n"
        "from flows.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'pandas', 'numpy', 'prefect', 'sqlalchemy', 'pydantic', 'jinja2', 'yaml'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asks],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "COLUMNS": "80"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.strip() == "[]"
    assert done.stdout.startswith("Usage: stammkunde [OPTIONS] COMMAND [ARGS]...")
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert "..." not in done.stdout.partition("Commands:")[2], "a sentence is cut"
    assert "Exit codes: 0 fine, 1 something failed in the run, 2" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(say: Say, name: str) -> None:
    code, out, _ = say(name, "--help")
    usage, told, *rest = out.split("\n\n")
    assert code == 0
    assert usage.startswith(f"Usage: stammkunde {name}")
    assert told.strip().endswith(".")
    assert len(rest) >= 2, "more than one line is said about it"
    options = [line for line in out.splitlines() if line.startswith("  -")]
    assert options
    assert all(len(line.split("  ")) >= 3 for line in options), "an option says nothing"


def test_the_version_is_told(say: Say) -> None:
    assert say("--version") == (0, "stammkunde 0.1.0\n", "")


def test_init_makes_a_folder_once_and_check_finds_it_fine(say: Say, tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    code, out, _ = say("init", folder)
    assert code == 0
    assert out.startswith(f"{folder}: config/, templates/, .gitignore\nNext: ")
    assert say("--project", folder, "check") == (
        0,
        "All fine: 8 journeys (none live), 4 segments.\n",
        "",
    )
    (folder / "config" / "policy.yaml").write_text("zone: UTC\n", encoding="utf-8")
    code, out, err = say("init", folder)
    assert (code, out) == (2, "")
    assert err == (
        f"{folder / 'config'}  this is there already; init makes new folders and changes none\n"
    )
    assert (folder / "config" / "policy.yaml").read_text("utf-8") == "zone: UTC\n"


def test_a_place_nobody_may_write_to_is_told_in_a_line(say: Say, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    code, out, err = say("init", tmp_path / "file" / "deeper")
    assert (code, out) == (1, "")
    assert err == f"{tmp_path / 'file' / 'deeper'}  Not a directory\n"


def test_check_names_every_fault_at_once(fresh: Path) -> None:
    for name, old, new in (
        ("policy.yaml", "currency", "curency"),
        ("journeys/newsletter.yaml", "send: newsletter", "send: newsleter"),
    ):
        file = fresh / "config" / name
        file.write_text(file.read_text("utf-8").replace(old, new, 1), encoding="utf-8")
    subject = fresh / "templates" / "win_back" / "en" / "subject.txt"
    subject.write_text("Hello {{ contact.nmae }}\n", encoding="utf-8")
    done = typed("check", folder=fresh)
    assert (done.returncode, done.stdout) == (2, "")
    journey, policy, template = done.stderr.splitlines()
    assert journey == (
        'config/journeys/newsletter.yaml:18  there is no message "newsleter" under templates/. '
        'Did you mean "newsletter"?'
    )
    assert policy == 'config/policy.yaml:4  there is no "curency" here. Did you mean "currency"?'
    assert template.startswith("templates/win_back/en/subject.txt:1  ")
    assert "nmae" in template


def test_a_message_of_another_purpose_is_found(say: Say, fresh: Path) -> None:
    file = fresh / "config" / "journeys" / "newsletter.yaml"
    text = file.read_text("utf-8").replace("purpose: advertising", "purpose: service")
    # Its own examples stay: what is wrong with a journey is not told again by them.
    without_examples(fresh)
    file.write_text(text, encoding="utf-8")
    assert say("--project", fresh, "check") == (
        2,
        "",
        'config/journeys/newsletter.yaml  "newsletter" is written for advertising '
        "(templates/newsletter/sample.yaml), and this journey's purpose is service\n",
    )


@pytest.mark.parametrize(
    "words",
    [["run"], ["run", "--plain"], ["plan", "--dry-run"], ["check"], ["schema"], ["ui"]],
    ids=" ".join,
)
def test_a_folder_that_is_no_project_is_refused_and_left_alone(
    say: Say, tmp_path: Path, words: list[str]
) -> None:
    code, out, err = say("--project", tmp_path / "nowhere", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f'{tmp_path / "nowhere"}  there is no folder "config" here.')
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["run", "--plain"], ["plan", "--dry-run"]], ids=" ".join)
def test_a_moment_that_is_none_is_refused(say: Say, project: Path, words: list[str]) -> None:
    assert say("--project", project, *words, "--as-of", "tomorrow") == (
        2,
        "",
        '--as-of  "tomorrow" is not a day. Write 2026-11-18 or 2026-11-18T07:00\n',
    )
    assert say("--project", project, *words, "--as-of", "9999-12-31") == (
        2,
        "",
        '--as-of  "9999-12-31" is still to come; nobody knows what it brings\n',
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runn"], "Did you mean 'run'"),
        (["run", "--dryrun"], "No such option: --dryrun (Possible options: --dry-run)"),
        (["show", "first"], "Invalid value for 'SEND': write a whole number"),
        (["task", "done", "1", "--outcome", "spoken"], "'--outcome': 'spoken' is not one of"),
        (["demo", "--locale", "fr"], '--locale  "fr" is not spoken here. Write de or en'),
        (["demo", "--until", "x"], '--until  "x" is not a day. Write 2026-11-18'),
        (["power", "x", "--entries", "many"], "Invalid value for '--entries': write a number\n"),
        (["web", "--port", "70000"], "Invalid value for '--port': write 65535 or less\n"),
        (["demo", "--customers", "3"], "Invalid value for '--customers': write 20 or more"),
    ],
)
def test_what_cannot_be_typed_is_told(say: Say, words: list[str], said: str) -> None:
    code, out, err = say(*words)
    assert (code, out) == (2, "")
    assert said in err


def test_a_day_runs_and_runs_again_and_sends_nothing_twice(say: Say, project: Path) -> None:
    day = ("--project", project, "run", "--plain", "--as-of", "2024-11-06T11:00")
    code, first, err = say(*day)
    assert (code, err) == (0, "")
    mails = sorted((project / "var" / "mails").rglob("*.eml"))
    code, second, _ = say(*day)
    assert code == 0
    # Files that are as they were are not read again, so the table of what came in differs.
    assert first.split("\nTable ")[0] == second.split("\nTable ")[0] != first
    assert sorted((project / "var" / "mails").rglob("*.eml")) == mails


def test_every_stage_says_what_it_did(say: Say, project: Path) -> None:
    at = ("--plain", "--as-of", "2024-11-06T12:00")
    said = {
        name: say("--project", project, name, *at)
        for name in ("pull", "respond", "plan", "deliver", "measure")
    }
    assert {name: (code, err) for name, (code, _, err) in said.items()} == dict.fromkeys(
        said, (0, "")
    )
    assert "new 0" in said["pull"][1].splitlines()[0]
    assert said["respond"][1] == "Nothing new\n"
    assert said["deliver"][1] == "Sent 0, left out 0\n"
    # Ten columns do not fit a window of a hundred; then each journey has lines of its own.
    assert "\nMonthly letter\n  " in said["measure"][1]


def test_a_wide_window_shows_tables(
    say: Say, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "260")
    _, out, _ = say("--project", project, "measure", "--plain", "--as-of", "2024-11-06T12:00")
    rows = [line for line in out.splitlines() if line.startswith("Monthly letter  ")]
    assert len(rows) == 3
    assert "…" not in out


def test_a_preview_writes_nothing(say: Say, project: Path) -> None:
    before = stored(project)
    code, out, err = say("--project", project, "plan", "--dry-run", "--as-of", "2024-11-07")
    assert (code, err) == (0, "")
    assert out.startswith("Only shown: ")
    assert stored(project) == before


def test_old_data_stops_the_sending_and_says_what_to_do(say: Say, project: Path) -> None:
    file = project / "config" / "sources.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("max_age: 10 days", "max_age: 1 hour"), encoding="utf-8")
    try:
        words = ("--project", project, "deliver", "--plain", "--as-of", "2024-11-06T12:00")
        code, out, err = say(*words)
    finally:
        file.write_text(text, encoding="utf-8")
    assert (code, out) == (2, "")
    assert err.startswith("nothing is sent: the newest order is of 2024-1")
    assert err.endswith("says max_age: 1 hour. Bring newer data, or raise max_age\n")


def test_a_message_is_shown_as_it_was_delivered(say: Say, project: Path, tmp_path: Path) -> None:
    mail = min((project / "var" / "mails").rglob("*.eml"))
    done = typed("--project", str(project), "show", mail.stem, folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    shown = message_from_bytes(done.stdout.encode())
    assert shown["subject"] == message_from_bytes(mail.read_bytes())["subject"]
    code, out, _ = say("--project", project, "show", mail.stem, "--out", tmp_path / "one.eml")
    assert (code, out) == (0, f"{tmp_path / 'one.eml'}\n")
    assert (tmp_path / "one.eml").read_bytes() == mail.read_bytes()


def test_a_send_that_was_not_delivered_says_why(say: Say, project: Path) -> None:
    delivered = {int(mail.stem) for mail in (project / "var" / "mails").rglob("*.eml")}
    other = next(number for number in range(1, 100) if number not in delivered)
    code, out, err = say("--project", project, "show", other)
    assert (code, out) == (1, "")
    assert err.startswith(f"send {other} was not delivered: ")
    assert say("--project", project, "show", 99999) == (2, "", "show  there is no send 99999\n")


def test_schemas_are_written_where_the_project_is(say: Say, fresh: Path) -> None:
    shutil.rmtree(fresh / "config" / "schema")
    code, out, _ = say("--project", fresh, "schema")
    assert code == 0
    assert len(out.splitlines()) == 9
    assert (fresh / "config" / "schema" / "journey.json").is_file()


def test_the_pages_refuse_a_port_that_is_taken(say: Say, fresh: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, out, err = say("--project", fresh, "ui", "--port", port)
    assert (code, out) == (2, "")
    assert err.startswith(f"--port  something answers on {port} already: these pages, if they")


def test_a_broken_journey_is_named_and_the_others_run(say: Say, project: Path) -> None:
    file = project / "config" / "journeys" / "revitalization.yaml"
    text = file.read_text("utf-8")
    file.write_text(text.replace("on: phase", "on: fase"), encoding="utf-8")
    try:
        words = ("--project", project, "plan", "--plain", "--as-of", "2024-11-06T13:00")
        code, _, err = say(*words)
    finally:
        file.write_text(text, encoding="utf-8")
    assert code == 0
    assert err == (
        'left out: config/journeys/revitalization.yaml:10  on: there is no "fase". '
        'Did you mean "phase"?\n'
    )

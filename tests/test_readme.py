"""The README is true: its commands run in a clean copy, its files, tables and pictures are ours."""

import csv
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import typer
from pydantic import TypeAdapter

from flows.cli import app
from flows.intake.spec import Sources
from flows.yamlfile import read
from segments.customer.purchases import typical_gap_days
from segments.decide import decide
from segments.examples import MOST_DAYS
from segments.frames import PROFILE, TRIGGERED
from segments.journey.nodes import NOT_CONTENT
from segments.journey.program import MOST_NODES
from segments.names import AttentionClass, Trigger
from segments.policy import Policy
from segments.rules import compile_rule
from segments.spec import STEPS, Enter, Step
from tests.builders import NOW, profiles, specs, state
from tests.shell import Shell, shell

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]

SMALLER = {
    "make demo": "--customers 20 --days 1",
    "make test": "-n 0 -q -p no:cacheprovider tests/test_crons.py",
}
"""What the test adds to commands of the README that take minutes: the ARGS of make."""


@dataclass(frozen=True)
class Block:
    """A fenced block, and what the comments before it say about it."""

    language: str
    text: str
    notes: dict[str, list[str]]


def _blocks() -> list[Block]:
    found = re.finditer(r"((?:^<!-- [^\n]* -->\n)*)^```(\w*)\n(.*?)^```$", README, re.M | re.S)
    blocks = []
    for match in found:
        notes: dict[str, list[str]] = {}
        for kind, said in re.findall(r"<!-- ([a-z ]+): (.*) -->", match[1]):
            notes.setdefault(kind, []).append(said)
        blocks.append(Block(match[2], match[3], notes))
    return blocks


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of the repository as git knows them, with the environment of this test."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no checkout, so git cannot say which files are ours")
    clean = tmp_path / "stammkunde"
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (clean / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, clean / name)
    (clean / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".installed":
            (clean / ".venv" / part.name).symlink_to(part)
    (clean / ".venv" / ".installed").touch()
    return clean


def _plain(folder: Path) -> dict[str, str]:
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PREFECT_", "STAMMKUNDE_", "PYTEST_", "MAKE", "MFLAGS"))
    }
    return plain | {"PYTHONPATH": str(folder)}


def _typed(block: str, shell: Shell) -> str:
    """What a block says that has nothing but commands of ours, none of them loaded anew."""
    said = ""
    for line in block.splitlines():
        code, told = shell.type(*shlex.split(line)[1:])
        said += told
        assert code == 0, f"{line}\n{told}"
    return said


def _run(command: str, folder: Path) -> str:
    """What a block of the README says, typed into a shell in the copy."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=_plain(folder) | {"ARGS": SMALLER.get(command.strip(), "")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


def _online_retail(file: Path) -> None:
    """A hundred and twenty lines with the columns of Online Retail, some of them as bad."""
    begin = datetime(2011, 3, 1, 9, 30)  # noqa: DTZ001 - as the file writes it
    lines = [
        [
            536365 + n,
            "22423",
            "CAKESTAND",
            12,
            begin + timedelta(days=2 * n),
            "12.75",
            12346 + n % 9,
        ]
        for n in range(116)
    ]
    lines += [
        [580001, "22423", "CAKESTAND", 60, "2011-12-08 10:00:00", "12.75", 12399],
        [580002, "22423", "CAKESTAND", 6, "2011-12-08 11:00:00", "12.75", ""],
        ["C580003", "22423", "CAKESTAND", -12, "2011-12-08 12:00:00", "12.75", 12346],
        [580004, "22423", "CAKESTAND", 6, "8 December", "12.75", 12347],
        [580005, "22423", "CAKESTAND", 90, "2011-12-09 10:00:00", "12.75", 12398],
    ]
    columns = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns.split(","))
        writer.writerows([*line, "United Kingdom"] for line in lines)


def _all_blocks(copy: Path, typing: Shell, said: dict[str, str]) -> None:
    for block in _blocks():
        for change in block.notes.get("change", []):
            name, old, new = change.split(", ")
            text = (copy / name).read_text(encoding="utf-8")
            assert text.count(old) == 1
            (copy / name).write_text(text.replace(old, new), encoding="utf-8")
        for name in block.notes.get("file", []):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_text(block.text, encoding="utf-8")
        if block.language == "sh" and "not run" not in block.notes:
            ours = all(line.startswith("stammkunde ") for line in block.text.splitlines())
            said[block.text] = _typed(block.text, typing) if ours else _run(block.text, copy)


@pytest.mark.slow
@pytest.mark.prefect
def test_the_commands_of_the_readme_run_in_a_clean_copy(copy: Path) -> None:
    _online_retail(copy / "online_retail.csv")
    said = {}
    with shell(copy, _plain(copy)) as typing:
        _all_blocks(copy, typing, said)
        _typed("stammkunde --project my-company run --plain --as-of 2011-12-11", typing)
    first_day, next_day = (
        next(told for command, told in said.items() if part in command)
        for part in ("run --plain --as-of 2011-12-08", "plan --dry-run --as-of 2011-12-09")
    )
    assert "mails went out" in said["make demo\n"]
    assert (copy / "demo" / "var" / "mails" / "index.html").exists()
    assert re.search(r"Nach dem Kauf: gut entschieden +[01] +[01]\n", first_day)
    assert "Only shown: " in next_day
    assert re.search(r"Nach dem Kauf: gut entschieden +[01] +[01]\n", next_day)
    assert (copy / "my-company" / "var" / "inbox" / "done" / "monday.jsonl").exists()
    _what_the_readme_says_of_bad_rows(copy / "my-company" / "var" / "stammkunde.db")


def _what_the_readme_says_of_bad_rows(store: Path) -> None:
    connection = sqlite3.connect(store)
    rejects = connection.execute('SELECT "column", value FROM reject ORDER BY row').fetchall()
    credit = connection.execute("SELECT kind, credit_of_id FROM purchase WHERE key = 'C580003'")
    sends = connection.execute("SELECT DISTINCT outcome, reason FROM send").fetchall()
    kind, of = credit.fetchone()
    connection.close()
    assert rejects == [("customer", None), ("ordered_at", "8 December")]
    assert kind == "credit"
    assert of is not None
    assert sends == [("skipped", "no_contact")]


def test_every_command_is_in_the_readme_and_every_command_of_the_readme_exists() -> None:
    typed = "\n".join([*re.findall(r"`([^`\n]+)`", README), *(block.text for block in _blocks())])
    named = set(re.findall(r"\bstammkunde (?:--project \S+ )?([a-z][a-z-]*)", typed))
    assert named == set(COMMANDS)


def test_every_option_of_the_readme_exists() -> None:
    groups = [getattr(each, "commands", {}) for each in COMMANDS.values()]
    inner = [each for group in groups for each in group.values()]
    real = {
        word for each in (*COMMANDS.values(), *inner) for part in each.params for word in part.opts
    }
    typed = [*(block.text for block in _blocks()), *re.findall(r"`([^`\n]+)`", README)]
    others = ("prefect", "docker", "dask")
    ours = "\n".join(each for each in typed if not any(word in each for word in others))
    assert set(re.findall(r"(?<![-\w])--[a-z-]+", ours)) <= real | {"--project", "--help"}


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = " ".join(re.findall(r"(?:`|^)make ([a-z ]+)", README, re.M)).split()
    assert named
    assert set(named) <= targets | {"bench"}


def test_blocks_that_show_a_file_of_ours_show_it_as_it_is() -> None:
    shown = [(block, name) for block in _blocks() for name in block.notes.get("same as", [])]
    assert shown
    for block, name in shown:
        assert block.text == (ROOT / name).read_text(encoding="utf-8"), name


def test_what_is_not_run_says_why() -> None:
    skipped = [block for block in _blocks() if "not run" in block.notes]
    assert all(len(reason) > 10 for block in skipped for reason in block.notes["not run"])
    assert len(skipped) < len(_blocks()) / 2


def test_pictures_are_there_and_small() -> None:
    pictures = [ROOT / name for name in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)]
    assert len(pictures) >= 2
    assert set(pictures) == set((ROOT / ".readme").glob("*.png"))
    assert sum(picture.stat().st_size for picture in pictures) < 1_500_000


@pytest.mark.parametrize("name", re.findall(r"(?<!!)\[[^\]]+\]\((?!http)([^)#]+)\)", README))
def test_links_lead_to_files(name: str) -> None:
    assert (ROOT / name).exists()


def _anchor(heading: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_links_within_lead_to_headings() -> None:
    anchors = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", README, re.M)}
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def _read(texts: list[str], folder: Path) -> list[Any]:
    """Lines of YAML as our own files are read."""
    file = folder / "shown.yaml"
    file.write_text("".join(f"- {text}\n" for text in texts), encoding="utf-8")
    document, faults = read(file, "README.md")
    assert document is not None, faults
    shown: list[Any] = document.data
    return shown


def test_every_trigger_is_shown_and_reads(tmp_path: Path) -> None:
    shown = _read(re.findall(r"`(\{on: [^`]+\})`", README), tmp_path)
    entering = [Enter.model_validate(each) for each in shown]
    for enter in entering:
        if enter.when is not None:
            compile_rule(enter.when, PROFILE | TRIGGERED.get(enter.on, {}), {})
    assert {enter.on for enter in entering} == set(Trigger)


def test_every_step_is_shown_and_reads(tmp_path: Path) -> None:
    table = README.partition("| step | what it does |")[2].partition("\n\n")[0]
    shown = _read(re.findall(r"^\| `(.+?)` \|", table, re.M), tmp_path)
    reader: TypeAdapter[Any] = TypeAdapter(Step)
    assert {type(reader.validate_python(each)) for each in shown} == set(STEPS.values())
    waits = _read(re.findall(r"`(wait_until: \{.+?\})`", table), tmp_path)
    assert len([reader.validate_python(each) for each in waits]) == 2


def test_the_gates_stand_in_their_order() -> None:
    seen: list[list[str]] = []
    decide(
        state(profiles({})),
        specs({"enter": {"on": "schedule", "every": "day"}, "steps": [{"send": "thanks"}]}),
        NOW,
        watch=lambda _, gates: seen.append([gate.name for gate in gates]),
    )
    table = README.partition("| gate | reason | holds | then |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == seen[0]
    excerpt = README.partition("    newsletter to contact")[2].partition("```")[0]
    assert re.findall(r"^ +(?:yes|NO ) +(\w+) ", excerpt, re.M) == seen[0]


def test_what_makes_no_new_version_is_named() -> None:
    sentence = README.partition("makes a new version. ")[2].partition(" is none")[0]
    assert set(re.findall(r"`(\w+)`", sentence)) == NOT_CONTENT | {"backfill"}


def test_the_classes_of_attention_stand_in_their_order() -> None:
    listed = README.partition("Who goes first: the class (")[2].partition(")")[0]
    assert re.findall(r"`(\w+)`", listed) == [str(word) for word in AttentionClass]


def test_the_example_at_risk_is_right() -> None:
    own = pd.Series([100 - 60, 60 - 30, 30]).median()
    gap = typical_gap_days(pd.Series([own]), pd.Series([3]), 60.0, Policy().value.gap_weight)
    assert gap.tolist() == [45.0]
    assert Policy().phases.at_risk_overdue <= 90 / 45
    assert "45 days typical. 90 / 45 = 2.0: at risk" in README


def test_figures_in_the_readme_are_the_defaults() -> None:
    policy, phases, attention = Policy(), Policy().phases, Policy().attention
    assert [str(cap) for cap in attention.caps] == ["1 advertising in 7 days", "6 in 30 days"]
    for sentence in (
        f"last order more than {phases.ended_days} days ago",
        f"and at least {phases.at_risk_days} days",
        f"for {phases.revitalization_days} days",
        f"at least {phases.maturity_orders} orders, the first at least {phases.maturity_days} days",
        f"at least {phases.expansion_orders} orders",
        f"cross it by {policy.value.hysteresis:.0%}".replace("%", " %"),
        f"| from {policy.reassurance.bands[0].at_least:.0f} |",
        f"| from {policy.reassurance.bands[1].at_least:,.0f} |",
        f"Orders below {policy.reassurance.bands[0].at_least / 2:.0f},",
        f"`late_data` ({policy.late_data})",
        f"`complaint_hold` ({policy.complaint_hold})",
        f"`min_gap` ({attention.min_gap})",
        f"`look_ahead` ({attention.look_ahead})",
        "one advertising message in 7 days, six messages in 30",
        f"at most {MOST_NODES - 1:,} steps, an example lasts at most {MOST_DAYS} days",
        f"`max_age` ({Sources.model_fields['max_age'].default})",
        f"`max_reject_share` ({Sources.model_fields['max_reject_share'].default:.0%}".replace(
            "%", " %"
        ),
    ):
        assert sentence in README, sentence

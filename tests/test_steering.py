"""What people do by hand, and what can be looked at, on a company that lived through four days."""

import json
from pathlib import Path

import pytest

from flows import looking, steering
from flows.checking import check_project
from flows.errors import ConfigError
from flows.stages.shop import open_shop
from flows.store.models import Enrollment, ManualEntry, Send
from tests.small import LAST, SHIPPED, copied, without_examples
from tests.store.rows import rows_of

BY_HAND = """\
journey: visit
title: A visit
status: live
purpose: service
enter: {on: manual}
steps:
  - task: {visit: owner, about: "How is it going?"}
"""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lived-through project with a journey that starts by hand."""
    folder = without_examples(copied(tmp_path_factory.mktemp("steering")))
    (folder / "config" / "journeys" / "visit.yaml").write_text(BY_HAND, encoding="utf-8")
    return folder


@pytest.fixture
def customers(lived: Path) -> list[str]:
    """Two customers' numbers."""
    lines = (lived / "data" / "customers.csv").read_text(encoding="utf-8").splitlines()
    return [line.split(",")[0] for line in lines[1:3]]


def test_journeys_are_listed_with_status_and_figures(
    lived: Path, capsys: pytest.CaptureFixture[str]
):
    looking.list_journeys(lived, None, as_json=True)
    rows = {row["journey"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == {*SHIPPED, "visit"}
    assert rows["visit"]["goal_rate"] is None
    engine = open_shop(lived).engine
    entered = rows_of(engine, Enrollment, "journey", "status")
    for name, row in rows.items():
        assert row["status"] == "live"
        assert row["standing"] == entered.count((name, "active"))
    looking.list_journeys(lived, None, as_json=False)
    assert "Reassurance" not in capsys.readouterr().out.splitlines()[0]


def test_a_journey_is_shown_with_what_stands_at_each_step(
    lived: Path, capsys: pytest.CaptureFixture[str]
):
    looking.show_journey(lived, "reassurance", None, as_mermaid=False)
    out = capsys.readouterr().out
    standing = rows_of(open_shop(lived).engine, Enrollment, "journey", "status", "node")
    waiting = standing.count(("reassurance", "active", "wait_2_days"))
    assert (f"[wait_2_days]  standing {waiting}" if waiting else "[wait_2_days]") in out
    looking.show_journey(lived, "reassurance", None, as_mermaid=True)
    assert capsys.readouterr().out.startswith("flowchart TD\n")
    with pytest.raises(ConfigError, match='Did you mean "reassurance"'):
        looking.show_journey(lived, "reasurance", None, as_mermaid=False)


def test_customers_enter_by_hand_once_a_list_and_unknown_ones_are_named(
    lived: Path, customers: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file = tmp_path / "list.csv"
    file.write_text(f"name;customer\nA;{customers[0]}\nB;{customers[1]}\n", encoding="utf-8")
    steering.enter_by_hand(lived, "visit", [customers[0]], file, "fair", None)
    assert capsys.readouterr().out.startswith("2 noted for visit, 0 were noted before")
    with pytest.raises(ConfigError, match="left out: nobody"):
        steering.enter_by_hand(lived, "visit", [customers[0], "nobody"], None, "fair", None)
    assert "0 noted for visit, 1 were noted before" in capsys.readouterr().out
    assert rows_of(open_shop(lived).engine, ManualEntry, "journey", "key") == [
        ("visit", "fair"),
        ("visit", "fair"),
    ]


@pytest.mark.parametrize(
    ("journey", "why"),
    [("visti", 'Did you mean "visit"'), ("reassurance", 'only "on: manual" is entered by hand')],
)
def test_only_a_journey_that_starts_by_hand_is_entered_by_hand(
    lived: Path, customers: list[str], journey: str, why: str
):
    with pytest.raises(ConfigError, match=why):
        steering.enter_by_hand(lived, journey, customers, None, None, None)


def test_a_list_needs_a_column_of_customers(lived: Path, tmp_path: Path):
    file = tmp_path / "list.csv"
    file.write_text("number\n1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match='needs a column "customer"'):
        steering.enter_by_hand(lived, "visit", [], file, None, None)
    with pytest.raises(ConfigError, match="say whom"):
        steering.enter_by_hand(lived, "visit", [], None, None, None)


def test_a_lock_stands_until_the_end_of_its_day_or_until_it_is_lifted(
    lived: Path, customers: list[str], capsys: pytest.CaptureFixture[str]
):
    (first, _) = customers
    steering.lock_customer(lived, first, "2999-12-31", "frame contract", None)
    capsys.readouterr()
    steering.list_locks(lived, None)
    out = capsys.readouterr().out
    assert first in out
    assert "3000-01-01 00:00" in out
    assert "frame contract" in out
    steering.unlock_customer(lived, first, None)
    steering.list_locks(lived, None)
    assert capsys.readouterr().out.endswith("No negotiation is under way.\n")
    with pytest.raises(ConfigError, match="no lock is set"):
        steering.unlock_customer(lived, first, None)


@pytest.mark.parametrize(
    ("customer", "until", "why"),
    [
        ("nobody", "2999-12-31", "there is no customer"),
        (None, "2001-01-01", "is over already"),
        (None, "soon", "is not a day"),
        (None, None, "say until when"),
    ],
)
def test_a_lock_that_makes_no_sense_is_refused(
    lived: Path, customers: list[str], customer: str | None, until: str | None, why: str
):
    with pytest.raises(ConfigError, match=why):
        steering.lock_customer(lived, customer or customers[0], until, None, None)


def test_what_waits_for_approval_is_listed_and_let_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = copied(tmp_path)
    engine = open_shop(folder).engine
    # Of what has left nothing goes back into the queue: the database sees to that.
    undecided = {"deferred", "skipped", "cancelled", "expired", "queued"}
    (number, *_) = (
        id_ for id_, word in rows_of(engine, Send, "id", "outcome") if word in undecided
    )
    with engine.begin() as connection:
        table = Send.__table__
        waits = {"outcome": "queued", "review": "pending"}
        connection.execute(table.update().where(table.c.id == number).values(waits))
    steering.list_waiting(folder)
    assert str(LAST.year) in capsys.readouterr().out
    (journey,) = (
        row[1] for row in rows_of(engine, Send, "id", "journey", "review") if row[2] == "pending"
    )
    steering.approve_sends(folder, journey, reject=False)
    assert capsys.readouterr().out.startswith("1 message approved")
    steering.list_waiting(folder)
    assert capsys.readouterr().out == "Nothing waits for approval.\n"
    with pytest.raises(ConfigError, match="there is no journey"):
        steering.approve_sends(folder, "nothing", reject=False)


def test_check_says_how_rules_meet_the_customers(lived: Path, capsys: pytest.CaptureFixture[str]):
    check_project(lived, quick=False)
    out = capsys.readouterr().out
    assert "segment first_time_buyers" in out
    assert "Smallest difference it can show" in out
    check_project(lived, quick=True)
    assert len(capsys.readouterr().out.splitlines()) < len(out.splitlines())


def test_check_counts_whom_a_change_of_a_journey_concerns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = without_examples(copied(tmp_path))
    file = folder / "config" / "journeys" / "reassurance.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("- wait: 2 days", "- wait: 3 days"), encoding="utf-8")
    engine = open_shop(folder).engine
    rows = rows_of(engine, Enrollment, "journey", "status", "node")
    standing = rows.count(("reassurance", "active", "wait_2_days"))
    check_project(folder, quick=False)
    out = capsys.readouterr().out
    if standing:
        assert f"reassurance: {standing} enrollment" in out
        assert "on step wait_2_days, which is gone: they stay on version" in out

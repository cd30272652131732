"""The lists of SendGrid, read from a simulator of it: each address once, and again after a day."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from flows.cli import app
from flows.errors import ConfigError, DeliveryError
from flows.stages.shop import Shop
from flows.stages.suppressing import read_lists
from flows.store.models import Run, Suppression
from flows.store.session import writing
from flows.store.suppressing import Bar, suppress_all
from segments.names import SuppressionReason
from tests.simulator.fixtures import simulator, simulator_process
from tests.simulator.process import Simulator
from tests.stages.tiny import NOW, Tiny

__all__ = ["simulator", "simulator_process"]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OUTLET = """\
  provider:
    kind: sendgrid
    key: LISTS_KEY
    address: "{address}"
    asm_group: {{advertising: 11, survey: 12}}
inbox: var/inbox"""


@pytest.fixture
def shop(
    store_url: str, tmp_path: Path, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A project one of whose ways out is the simulator."""
    monkeypatch.setenv("LISTS_KEY", simulator.key)
    monkeypatch.setenv("NO_PROXY", "*")
    simulator.set_clock(NOW)
    tiny = Tiny(tmp_path / "project")
    tiny.make(store_url)
    tiny.edit("settings.yaml", "inbox: var/inbox", OUTLET.format(address=simulator.address))
    with tiny.open() as opened:
        yield opened


def on(simulator: Simulator, email: str, where: str | int, ago: timedelta = HOUR) -> None:
    simulator.suppress(email, where, created=(NOW - ago).isoformat())


def barred(shop: Shop) -> list[tuple[Any, ...]]:
    columns = Suppression.email, Suppression.reason, Suppression.purpose, Suppression.source
    with shop.engine.connect() as connection:
        return sorted(map(tuple, connection.execute(select(*columns))), key=str)


def test_whom_sendgrid_holds_back_is_held_back_here(shop: Shop, simulator: Simulator) -> None:
    on(simulator, "A@x.example", "bounces", 400 * DAY)
    on(simulator, "b@x.example", "invalid_emails")
    on(simulator, "c@x.example", "spam_reports")
    on(simulator, "d@x.example", "unsubscribes")
    on(simulator, "e@x.example", "blocks")
    on(simulator, "f@x.example", 11)
    on(simulator, "g@x.example", 12)
    on(simulator, "h@x.example", 13)
    report = read_lists(shop, NOW)
    assert barred(shop) == [
        ("a@x.example", "hard_bounce", None, "list bounces of provider"),
        ("b@x.example", "hard_bounce", None, "list invalid_emails of provider"),
        ("c@x.example", "spam_complaint", None, "list spam_reports of provider"),
        ("d@x.example", "unsubscribe", "advertising", "list unsubscribes of provider"),
        ("f@x.example", "unsubscribe", "advertising", "group 11 of provider"),
        ("g@x.example", "unsubscribe", "survey", "group 12 of provider"),
        ("h@x.example", "unsubscribe", "advertising", "group 13 of provider"),
    ]
    assert (report.total, sum(report.read.values())) == (7, 7)
    with shop.engine.connect() as connection:
        counts = connection.scalar(select(Run.counts).where(Run.kind == "suppressions"))
        since = connection.scalar(select(Suppression.at).where(Suppression.email == "a@x.example"))
    assert counts["new"]["provider groups"] == 3
    assert since == NOW - 400 * DAY


@pytest.mark.briefly("sqlite")
def test_a_day_is_read_twice_and_what_is_older_once(shop: Shop, simulator: Simulator) -> None:
    on(simulator, "a@x.example", "bounces", 2 * DAY)
    assert read_lists(shop, NOW).total == 1
    # One came late, within the day before the last time; one so late that only --all finds it.
    on(simulator, "late@x.example", "bounces", 20 * HOUR)
    on(simulator, "later@x.example", "bounces", 30 * HOUR)
    later = NOW + HOUR
    simulator.set_clock(later)
    again = read_lists(shop, later)
    assert (again.read["provider bounces"], again.total) == (1, 1)
    assert read_lists(shop, later).total == 0
    assert read_lists(shop, later, everything=True).total == 1
    assert [row[0] for row in barred(shop)] == ["a@x.example", "late@x.example", "later@x.example"]


@pytest.mark.briefly("sqlite")
def test_lists_of_many_pages_are_read_whole(shop: Shop, simulator: Simulator) -> None:
    for number in range(1, 1_102):
        on(simulator, f"p{number}@x.example", "bounces", timedelta(minutes=number))
    report = read_lists(shop, NOW)
    assert report.new["provider bounces"] == 1_101
    assert len(barred(shop)) == 1_101


def test_what_somebody_lifted_stays_lifted(shop: Shop, simulator: Simulator) -> None:
    on(simulator, "a@x.example", "bounces")
    read_lists(shop, NOW)
    with writing(shop.engine) as connection:
        connection.execute(
            Suppression.__table__.update().values(ended_at=NOW, ended_why="a new mailbox")  # type: ignore[attr-defined]
        )
    assert read_lists(shop, NOW + HOUR).total == 0
    on(simulator, "a@x.example", "spam_reports", -HOUR / 2)
    simulator.set_clock(NOW + HOUR)
    assert read_lists(shop, NOW + HOUR).total == 1


@pytest.mark.briefly("sqlite")
def test_an_event_and_a_list_are_one_suppression(shop: Shop, simulator: Simulator) -> None:
    on(simulator, "a@x.example", "bounces")
    with writing(shop.engine) as connection:
        bar = Bar(SuppressionReason.HARD_BOUNCE, "send 1", NOW - 2 * HOUR, email="a@x.example")
        suppress_all(connection, [bar])
    assert read_lists(shop, NOW).total == 0
    assert barred(shop) == [("a@x.example", "hard_bounce", None, "send 1")]


@pytest.mark.briefly("sqlite")
def test_a_list_that_cannot_be_read_is_read_again_from_where_it_was(
    shop: Shop, simulator: Simulator
) -> None:
    on(simulator, "a@x.example", "bounces", 40 * DAY)
    simulator.down()
    with pytest.raises(DeliveryError):
        read_lists(shop, NOW)
    simulator.up()
    assert read_lists(shop, NOW + DAY).total == 1


@pytest.mark.briefly("sqlite")
def test_a_key_that_is_not_there_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LISTS_KEY")
    with pytest.raises(ConfigError, match="LISTS_KEY"):
        read_lists(shop, NOW)


@pytest.mark.briefly("sqlite")
def test_the_command_says_what_it_read(shop: Shop, simulator: Simulator) -> None:
    on(simulator, "a@x.example", "bounces")
    words = ["--project", str(shop.project.folder), "suppressions", "--as-of", "2026-06-15T07:00"]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    assert "provider bounces: 1 gelesen, 1 neu gesperrt" in told.output
    assert barred(shop)[0][0] == "a@x.example"


@pytest.mark.briefly("sqlite")
def test_without_sendgrid_there_is_nothing_to_read(house: Shop) -> None:
    assert read_lists(house, NOW).read == {}

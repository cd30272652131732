"""The provider is down for an hour: letters wait or take another way, and none goes twice."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from flows.store.models import Base
from tests.chaos.company import MINUTE, Plan, sendgrid, standing
from tests.chaos.lives import cradle
from tests.chaos.storm import rest
from tests.chaos.world import World, world
from tests.simulator.process import Simulator

LETTERS = 150
QUARTER = timedelta(minutes=15)


def rows(here: World, table: str) -> list[dict[str, Any]]:
    """All there is in a table."""
    with here.shop.engine.connect() as connection:
        found = connection.execute(select(Base.metadata.tables[table]))
        return [dict(row) for row in found.mappings()]


@pytest.mark.briefly("postgresql")
def test_letters_wait_for_an_hour_and_then_all_go_once(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    ways = {"sendgrid": sendgrid(digesting, connections=4)}
    plan = Plan(store_url, LETTERS, ways, rest="15 minutes")
    with world(tmp_path / "project", plan, digesting) as here:
        digesting.down()
        for _ in range(4):
            report = here.deliver()
            assert report.handed_over == 0
            assert report.halts
            assert here.queued() == report.waiting == LETTERS
            here.pass_by(QUARTER)
        (halt,) = rows(here, "halt")
        assert halt["outlet"] == "sendgrid"
        assert halt["until"] == here.now
        assert halt["ended_at"] is None
        (task,) = rows(here, "task")
        assert task["status"] == "open"
        assert rows(here, "doubt") == []
        digesting.up()
        assert here.deliver().handed_over == LETTERS
        assert rows(here, "halt")[0]["ended_at"] == here.now
        assert here.refuse_violations(doubtful=False) == {"accepted": LETTERS}


@pytest.mark.briefly("postgresql")
def test_a_provider_that_goes_down_while_letters_leave(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    ways = {"sendgrid": sendgrid(digesting, connections=4)}
    plan = Plan(store_url, LETTERS, ways, rest="15 minutes")
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        interrupted(here, senders)
        for _ in range(4):
            here.pass_by(QUARTER)
            assert here.deliver().handed_over == 0
        digesting.up()
        assert sum(rest(here, every=100)["stands"].values()) == LETTERS


def interrupted(here: World, senders: Any) -> None:
    """The provider goes down when it has taken a third of the letters."""
    here.simulator.pace(latency=0.03)
    senders.begin("send", here.now, block=30)
    wanted = LETTERS // 3
    assert senders.until(lambda: here.simulator.stats()["accepted"] >= wanted, 30) is None
    here.simulator.down()
    assert senders.finish() == 0
    here.simulator.pace()


@pytest.mark.briefly("postgresql")
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_certainly_did_not_go_takes_the_other_way_and_doubts_do_not(
    store_url: str, digesting: Simulator, tmp_path: Path, when: str
):
    main = sendgrid(digesting, connections=4, fallback="folder")
    plan = Plan(
        store_url,
        LETTERS,
        {"sendgrid": main, "folder": {"kind": "folder"}},
        once=1.0,
        rest="15 minutes",
    )
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        if when == "meanwhile":
            interrupted(here, senders)
        else:
            digesting.down()
            here.deliver()
        went = digesting.stats()["accepted"]
        while here.queued():
            here.pass_by(2 * MINUTE)
            here.deliver()
        doubtful = [
            row["id"]
            for row in standing(here.shop.engine, "id", "outcome", "outlet")
            if row["outcome"] == "in_doubt" and row["outlet"] == "sendgrid"
        ]
        assert bool(doubtful) == (when == "meanwhile")
        in_folder = {int(file.stem) for file in here.folder.glob("var/mails/*/*.eml")}
        assert not in_folder & set(doubtful)
        assert not in_folder & {int(number) for number in digesting.accepted()}
        digesting.up()
        here.come_to_rest()
        found = standing(here.shop.engine, "id", "outcome", "outlet")
        at_provider = {int(number): one["copies"] for number, one in digesting.accepted().items()}
        assert set(at_provider.values()) <= {1}
        assert len(at_provider) == went
        for row in found:
            if row["outcome"] == "in_doubt":
                assert row["id"] not in at_provider
                assert row["id"] not in in_folder
            else:
                assert row["outcome"] in ("accepted", "delivered")
                assert (row["id"] in at_provider) == (row["outlet"] == "sendgrid")
                assert (row["id"] in in_folder) == (row["outlet"] == "folder")

"""The clock on the wall jumps, forward and back, between deliveries and in the middle of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import chain, repeat
from pathlib import Path

import pytest

from flows.delivery.clocks import Tick
from flows.delivery.dispatch import Delivery
from flows.delivery.report import DeliveryReport
from flows.stages.composing import composer
from flows.stages.delivering import letterhead, terms
from tests.chaos.company import MINUTE, NOW, Plan, doubts, sendgrid, standing
from tests.chaos.lives import cradle
from tests.chaos.storm import rest
from tests.chaos.world import World, world
from tests.simulator.process import Simulator

LETTERS = 120
HOUR = timedelta(hours=1)


@contextmanager
def a_world(
    url: str, simulator: Simulator, folder: Path, valid: timedelta = timedelta(days=90)
) -> Iterator[World]:
    """A company of a few letters."""
    ways = {"sendgrid": sendgrid(simulator, connections=4)}
    plan = Plan(url, LETTERS, ways, valid=valid)
    with world(folder / "project", plan, simulator) as here:
        yield here


def jumping(*jumps: timedelta, every: int) -> Tick:
    """A clock that is so far off, and from every so many-th look on by the next of these."""
    looks = chain.from_iterable(repeat(jump, every) for jump in jumps)
    return lambda: NOW + next(looks, jumps[-1])


def empty(here: World, tick: Tick) -> DeliveryReport:
    """Send, ten letters at a time, by this clock."""
    project = here.shop.project
    rules = terms(project)
    compose = composer(project.templates, letterhead(project), rules.owner)
    small = type(rules)(**{**vars(rules), "block": 10, "most": 10})
    with here.ways() as ways:
        delivery = Delivery(here.shop.engine, ways, compose, small, tick)
        delivery.begin()
        delivery.empty()
    return delivery.report


def test_whatever_the_clock_does_while_letters_leave_each_arrives_once(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    with a_world(store_url, digesting, tmp_path) as here:
        clock = jumping(timedelta(0), HOUR, timedelta(0), 3 * HOUR, MINUTE, every=6)
        assert empty(here, clock).handed_over == LETTERS
        assert here.refuse_violations(doubtful=False) == {"accepted": LETTERS}


def test_nothing_leaves_before_its_time_by_a_clock_that_went_back(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    with a_world(store_url, digesting, tmp_path) as here:
        went = empty(here, jumping(timedelta(0), -HOUR, every=8)).handed_over
        assert 0 < went < LETTERS
        assert here.deliver(NOW - HOUR).handed_over == 0
        assert here.queued() == LETTERS - went
        assert here.deliver(NOW + MINUTE).handed_over == LETTERS - went
        assert here.refuse_violations(doubtful=False) == {"accepted": LETTERS}


def test_a_deadline_holds_from_the_moment_the_clock_has_jumped_past_it(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    with a_world(store_url, digesting, tmp_path, valid=30 * MINUTE) as here:
        went = empty(here, jumping(timedelta(0), HOUR, every=8)).handed_over
        assert 0 < went < LETTERS
        here.deliver(NOW + 2 * HOUR)
        columns = "outcome", "claimed_at", "valid_until"
        rows = standing(here.shop.engine, *columns)
        gone = [row for row in rows if row["outcome"] == "accepted"]
        assert len(gone) == went == digesting.stats()["accepted"]
        assert all(row["claimed_at"] <= row["valid_until"] for row in gone)
        assert {row["outcome"] for row in rows} == {"accepted", "expired"}


@pytest.mark.briefly("postgresql")
def test_claims_out_of_the_future_wait_until_the_clock_has_come_there(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    with (
        a_world(store_url, digesting, tmp_path) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        digesting.pace(latency=0.05)
        ahead: datetime = NOW + 2 * HOUR
        senders.begin("send", ahead, block=40)
        senders.until(lambda: digesting.stats()["accepted"] >= 50, 30)
        assert senders.kill() == -9
        digesting.pace()
        here.pass_by(HOUR)
        here.deliver()
        assert here.left() == {"claimed": 40}
        assert doubts(here.shop.engine) == []
        here.pass_by(HOUR + 2 * MINUTE)
        assert sum(rest(here, every=100)["stands"].values()) == LETTERS
        assert len(doubts(here.shop.engine)) >= 40


def test_a_clock_that_jumps_ahead_takes_no_letter_from_a_sender_that_lives(
    postgres_url: str, digesting: Simulator, tmp_path: Path
):
    with (
        a_world(postgres_url, digesting, tmp_path) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        digesting.pace(latency=0.2)
        senders.begin("send", here.now, block=60)
        assert senders.until(lambda: digesting.stats()["accepted"] >= 5, 30) is None
        # To everybody else, its claims look as if it were dead for long.
        here.deliver(NOW + HOUR)
        assert senders.finish() == 0
        here.pass_by(HOUR)
        digesting.pace()
        rest(here, every=100)

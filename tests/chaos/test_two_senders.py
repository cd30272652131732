"""Two processes that send from one store at once, and what becomes of it when they are killed."""

import random
from pathlib import Path

from tests.chaos.company import MINUTE, Plan, sendgrid, standing
from tests.chaos.lives import cradle
from tests.chaos.storm import FAULTS, rest
from tests.chaos.world import world
from tests.simulator.process import Simulator

LETTERS = 300


def test_two_senders_share_the_letters_and_send_none_twice(
    postgres_url: str, digesting: Simulator, tmp_path: Path
):
    plan = Plan(postgres_url, LETTERS, {"sendgrid": sendgrid(digesting, connections=8)})
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as one,
        cradle(here.folder, digesting.key) as other,
    ):
        digesting.pace(latency=0.02)
        for sender in (one, other):
            sender.begin("send", here.now, block=10)
        assert [one.finish(), other.finish()] == [0, 0]
        assert here.refuse_violations(doubtful=False) == {"accepted": LETTERS}
        rows = standing(here.shop.engine, "claim_id")
        assert len({row["claim_id"] for row in rows}) == LETTERS / 10


def test_whichever_of_two_senders_is_killed_each_letter_arrives_once(
    postgres_url: str, digesting: Simulator, tmp_path: Path
):
    dice = random.Random(3)  # noqa: S311
    plan = Plan(postgres_url, LETTERS, {"sendgrid": sendgrid(digesting, connections=8)})
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as one,
        cradle(here.folder, digesting.key) as other,
    ):
        digesting.pace(latency=0.01)
        digesting.faults(*FAULTS)
        killed = 0
        for _ in range(6):
            # Nobody lives on while time leaps: a lease is what a process that lives can rely on.
            here.pass_by(2 * MINUTE)
            one.begin("send", here.now, block=10)
            other.begin("deliver" if dice.random() < 0.3 else "send", here.now, block=10)
            for sender in dice.sample((one, other), 2):
                if sender.ended(dice.uniform(0.05, 0.25)) is None:
                    killed += sender.kill() == -9
        assert killed > 6
        done = rest(here, every=100)
        assert sum(done["stands"].values()) == LETTERS

"""A sender killed at any moment: what it had under way is in doubt, and goes out exactly once."""

from pathlib import Path

import pytest

from tests.chaos.company import Plan, sendgrid
from tests.chaos.lives import cradle
from tests.chaos.storm import TOO_LARGE, Storm, rest, told
from tests.chaos.world import world
from tests.long import LONG
from tests.simulator.process import Simulator

KILLS, LETTERS = (10, 400) if LONG else (5, 200)
MISCHIEF = {"duplicates": 0.3, "reordered": 1, "delayed": 0.1, "forged": 1}


@pytest.mark.briefly("postgresql")
@pytest.mark.slow
def test_each_letter_arrives_once_however_often_its_sender_is_killed(
    store_url: str, digesting: Simulator, tmp_path: Path
):
    weather(store_url, digesting, tmp_path, "single")


@pytest.mark.slow
def test_the_same_where_many_letters_leave_in_one_request(
    postgres_url: str, digesting: Simulator, tmp_path: Path
):
    weather(postgres_url, digesting, tmp_path, "batched")


def weather(url: str, simulator: Simulator, folder: Path, mode: str) -> None:
    """Go through a small storm."""
    batched = mode == "batched"
    ways = {"sendgrid": sendgrid(simulator, mode=mode, connections=8)}
    with (
        world(folder / "project", Plan(url, LETTERS, ways), simulator, **MISCHIEF) as here,
        cradle(here.folder, simulator.key) as senders,
    ):
        storm = Storm(here, senders, kills=KILLS, seed=7, latency=0.1 * batched)
        storm.rage(*([TOO_LARGE] if batched else []))
        done = rest(here, rejected=batched, every=80)
        assert storm.killed == KILLS
        assert sum(done["stands"].values()) == LETTERS
        assert sum(told(here.shop)["why"].values()) > 0

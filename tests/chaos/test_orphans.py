"""The process that started two others is killed: they end by themselves, and leave nothing open."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from flows.stages.delivering import SIDE_BY_SIDE_FROM
from tests.chaos.company import MINUTE, Plan, sendgrid
from tests.chaos.lives import cradle
from tests.chaos.world import world
from tests.simulator.process import Simulator

LETTERS = SIDE_BY_SIDE_FROM
_END_WITHIN = 30.0


def senders_of(process: int) -> list[int]:
    """The processes it started that send."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in children if b"spawn_main" in command_of(int(one))]


def command_of(process: int) -> bytes:
    """What is running under this number, if anything is."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_bytes()
    return b""


def test_senders_whose_parent_was_killed_note_what_they_sent_and_stop(
    postgres_url: str, digesting: Simulator, tmp_path: Path
):
    ways = {"sendgrid": sendgrid(digesting, connections=8)}
    with (
        world(
            tmp_path / "project", Plan(postgres_url, LETTERS, ways, senders=2), digesting
        ) as here,
        cradle(here.folder, digesting.key) as parents,
    ):
        digesting.pace(latency=0.05)
        parent = parents.begin("deliver", here.now)
        orphans: list[int] = []
        try:
            assert parents.until(lambda: digesting.stats()["accepted"] >= 100, 60) is None
            orphans = senders_of(parent)
            assert len(orphans) == 2
            assert parents.kill() == -9
            until = time.monotonic() + _END_WITHIN
            while any(map(command_of, orphans)) and time.monotonic() < until:
                time.sleep(0.05)
            assert not any(map(command_of, orphans))
        finally:
            for one in orphans:
                if b"spawn_main" in command_of(one):
                    os.kill(one, signal.SIGKILL)
        gone = digesting.stats()["accepted"]
        assert gone < LETTERS
        assert here.left() == {"queued": LETTERS - gone}
        digesting.pace()
        here.pass_by(2 * MINUTE)
        senders = parents.begin("deliver", here.now)
        assert senders
        assert parents.finish() == 0
        assert here.refuse_violations(doubtful=False) == {"accepted": LETTERS}

"""A run that crashes and one that never comes: a server tells people by webhook and by mail.

The runs are asked for, not scheduled: Prefect 3.8 holds back what it hears of a scheduled run for a
quarter of an hour where its schedule was made less than five minutes before.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.houses import kill, processes_of
from tests.long import LONG
from tests.test_alerts import ALERTS, House, alerted
from tests.waiting import within

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.slow,
    pytest.mark.skipif(not LONG, reason="waits for what does not come: part of make test-long"),
]

EVERY_MINUTE = """
deployments:
  - name: each-minute
    runs: respond
    cron: "* * * * *"
"""
SOON = "  missing_after: 1 minutes\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with alerted(tmp_path_factory.mktemp("firing") / "shop", EVERY_MINUTE, ALERTS + SOON) as made:
        yield made


def schedules(house: House) -> int:
    """The process that starts runs in time."""

    def started(pid: int) -> str:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode()

    return next(pid for pid in house.up.children() if "flows.schedules" in started(pid))


def test_a_run_whose_process_is_killed_is_told_by_webhook_and_by_mail(house: House):
    run = house.asked("each-minute")
    assert within(150, lambda: house.state(run) == "RUNNING")
    kill(*processes_of(run))
    assert within(60, lambda: house.state(run) == "CRASHED"), house.state(run)
    assert within(60, lambda: house.posted("run_crashed"))
    (crashed,) = house.posted("run_crashed")
    assert crashed["subject"] == "each-minute"
    assert crashed["text"].startswith("Stammkunde: each-minute crashed")
    subject = "Attention: a run crashed (each-minute)"
    assert within(180, lambda: subject in house.subjects())
    assert len(house.posted("run_crashed")) == 1


def test_a_run_that_never_comes_is_told_though_nothing_runs_that_could_tell(house: House):
    assert house.run("each-minute") == "COMPLETED"
    hanging = schedules(house)
    assert "stammkunde: alert each-minute is missing" in house.automations()
    # It hangs: it is there, and starts nothing any more.
    os.kill(hanging, signal.SIGSTOP)
    try:
        assert within(300, lambda: house.posted("run_missing"))
    finally:
        os.kill(hanging, signal.SIGCONT)
    (missing,) = house.posted("run_missing")
    assert missing["subject"] == "each-minute"
    subject = "Attention: a run is missing (each-minute)"
    # Mails wait for one another, and for the place of the one before: half a minute each.
    assert within(600, lambda: subject in house.subjects())

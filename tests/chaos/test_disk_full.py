"""The disk fills up under the store, or under the letters themselves."""

import resource
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.stages.shop import Shop
from flows.store.models import Halt, Task
from tests.chaos.company import MINUTE, NOW, Plan, address, doubts, sendgrid, standing
from tests.chaos.lives import cradle
from tests.chaos.storm import rest
from tests.chaos.world import world
from tests.simulator.process import Simulator

LETTERS = 200
_FULL, _ROOM = 1, resource.RLIM_INFINITY


def limit(process: int, size: int) -> None:
    """Let a process write no file beyond this size: to it, the disk is full."""
    hard = resource.prlimit(process, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, hard))


def test_a_sender_waits_for_room_and_loses_nothing(
    sqlite_url: str, digesting: Simulator, tmp_path: Path
):
    plan = Plan(sqlite_url, LETTERS, {"sendgrid": sendgrid(digesting, connections=4)})
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        digesting.pace(latency=0.02)
        sender = senders.begin("send", here.now, block=20)
        assert senders.until(lambda: digesting.stats()["accepted"] >= 50, 30) is None
        limit(sender, _FULL)
        assert senders.ended(2.0) is None
        stuck = digesting.stats()["accepted"]
        assert stuck < LETTERS
        assert senders.ended(0.5) is None
        assert digesting.stats()["accepted"] == stuck
        limit(sender, _ROOM)
        assert senders.finish() == 0
        assert here.refuse_violations(doubtful=False) == {"accepted": LETTERS}
        assert doubts(here.shop.engine) == []


def test_a_sender_that_dies_while_there_is_no_room_leaves_doubts_and_no_copies(
    sqlite_url: str, digesting: Simulator, tmp_path: Path
):
    plan = Plan(sqlite_url, LETTERS, {"sendgrid": sendgrid(digesting, connections=4)})
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        digesting.pace(latency=0.02)
        sender = senders.begin("send", here.now, block=20)
        assert senders.until(lambda: digesting.stats()["accepted"] >= 50, 30) is None
        limit(sender, _FULL)
        time.sleep(1.0)
        assert senders.kill() == -9
        here.pass_by(2 * MINUTE)
        assert sum(rest(here, every=100)["stands"].values()) == LETTERS


def halts(shop: Shop) -> Counter[str]:
    """What stood still, by outlet; each has to have a task of somebody's."""
    with shop.engine.connect() as connection:
        found = connection.execute(select(Halt.outlet, Halt.why)).all()
        about = set(connection.scalars(select(Task.about)))
    assert all(any(outlet in each for each in about) for outlet, _ in found)
    return Counter(outlet for outlet, _ in found)


def letters_in(folder: Path) -> set[str]:
    """Numbers of the sends whose letters lie there whole."""
    found = [file for file in folder.glob("*/*.eml") if not file.name.startswith(".")]
    for file in found:
        content = file.read_bytes()
        assert f"<{address(int(file.stem))}>".encode() in content
        assert content.endswith(b"--\r\n")
    assert len(found) == len({file.stem for file in found})
    return {file.stem for file in found}


def test_a_folder_without_room_rests_and_goes_on_later(
    postgres_url: str, digesting: Simulator, tmp_path: Path
):
    plan = Plan(postgres_url, LETTERS, {"folder": {"kind": "folder"}}, outlet="folder")
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        senders.begin("deliver", here.now, file_size=2_000)
        assert senders.finish() == 0
        assert Counter(row["outcome"] for row in standing(here.shop.engine, "outcome")) == {
            "queued": LETTERS
        }
        assert halts(here.shop) == {"folder": 1}
        here.now += 5 * MINUTE
        senders.begin("deliver", here.now)
        assert senders.finish() == 0
        assert {row["outcome"] for row in standing(here.shop.engine, "outcome")} == {"accepted"}
        assert len(letters_in(here.folder / "var" / "mails")) == LETTERS
        assert doubts(here.shop.engine) == []


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of half a megabyte, where this user may make one."""
    folder = tmp_path / "project" / "var" / "mails"
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False, timeout=30).returncode:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True, timeout=30)


def test_a_disk_that_is_full_in_the_middle_of_a_letter(
    sqlite_url: str, digesting: Simulator, tmp_path: Path, small: Path
):
    plan = Plan(sqlite_url, LETTERS, {"folder": {"kind": "folder"}}, outlet="folder")
    with world(tmp_path / "project", plan, digesting) as here:
        report = here.deliver()
        assert 0 < report.handed_over < LETTERS
        rows = standing(here.shop.engine, "id", "outcome")
        accepted = {str(row["id"]) for row in rows if row["outcome"] == "accepted"}
        assert {row["outcome"] for row in rows} == {"accepted", "queued"}
        assert accepted == letters_in(small)
        assert halts(here.shop) == {"folder": 1}
        subprocess.run(["mount", "-o", "remount,size=64m", str(small)], check=True, timeout=30)
        report = here.deliver(NOW + 5 * MINUTE)
        assert report.handed_over == LETTERS - len(accepted)
        assert len(letters_in(small)) == LETTERS
        assert (small / "index.html").read_text("utf-8").count('.html"') >= LETTERS

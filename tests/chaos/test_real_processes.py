"""The day in its real processes, each killed in turn: it is shown, and the next completes it."""

import getpass
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import postgres
from tests.chaos.houses import House, alive, house, kill, processes_of
from tests.chaos.test_database_restarted import ask
from tests.simulator.process import Simulator
from tests.waiting import within

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

CUSTOMERS = 700
EACH = 15
"""So many letters go before something is killed."""


@contextmanager
def keeping() -> Iterator[str]:
    """A PostgreSQL that may be killed, and keeps what it says it has kept."""
    with postgres.server() as address:
        ask(address, "ALTER SYSTEM SET synchronous_commit = on")
        ask(address, "SELECT pg_reload_conf()")
        yield address


def test_whatever_is_killed_nothing_is_lost_and_nothing_goes_twice(
    digesting: Simulator, tmp_path: Path
) -> None:
    if postgres.programs() is None:
        pytest.skip("PostgreSQL's programs are not installed (apt-get install postgresql)")
    with (
        keeping() as database,
        house(tmp_path, f"{database}/postgres", digesting, CUSTOMERS) as here,
    ):
        assert live_through(here, database) > 200


def live_through(here: House, database: str, each: int = EACH) -> int:
    """A day on which everything is killed; so many letters went, each once."""
    here.up()
    _kill_in_turn(here, database, each)
    # The next run completes the work.
    here.completed()
    assert here.violations() == []
    return here.letters()


def _kill_in_turn(here: House, database: str, each: int) -> None:
    # What carries out the run.
    run = here.begin()
    kill(*here.in_flight(run, each))
    assert here.ended(run, 60)[0] == "CRASHED"

    # Somebody thinks better of it and clicks "Cancel": the sender stops, and nothing is lost.
    run = here.begin()
    here.in_flight(run, each)
    here.ask(f"flow_runs/{run}/set_state", state={"type": "CANCELLING"})
    assert here.ended(run, 60)[0] == "CANCELLED"
    assert within(20, lambda: not processes_of(run)), "a cancelled run goes on sending"
    assert here.violations() == []
    assert here.left()

    # What starts runs: it is started again, and says what became of those under way.
    run = here.begin()
    before = here.in_flight(run, each)
    schedules = here.part("schedules")
    kill(schedules)
    assert here.ended(run)[0] == "CRASHED"
    assert within(60, lambda: not any(map(alive, before))), "a run outlives what looks after it"
    assert within(60, lambda: here.part("schedules") not in (0, schedules))

    # Prefect's server: nobody can be told anything, and the letters go on.
    run = here.begin()
    here.in_flight(run, each)
    server, letters = here.part("server"), here.letters()
    kill(server)
    assert within(60, lambda: here.part("server") not in (0, server))
    assert within(60, lambda: here.letters() > letters)
    here.state(run)
    # And the database with the letters: the run gets over it, or says so in a sentence.
    under_way = bool(processes_of(run))
    kill_database(database)
    # Whatever was under way is dead or has got over it: the rest may go fast.
    here.simulator.pace()
    kind, _, message = here.ended(run)
    assert kind == "COMPLETED" or "database" in message or not under_way, (kind, message)


def kill_database(address: str) -> None:
    """Kill it as a machine does that loses its power, and start it again."""
    data = Path(ask(address, "SHOW data_directory") or "")
    read = ["cat", str(data / "postmaster.pid")]
    told = subprocess.run(read, capture_output=True, text=True, check=True).stdout
    main = int(told.split()[0])
    os.kill(main, signal.SIGKILL)
    assert within(20, lambda: not alive(main))
    command = [f"{postgres.programs()}/pg_ctl", "-D", str(data), "-w", "restart"]
    as_root = getpass.getuser() == "root"
    run_as = ["runuser", "-u", "postgres", "--"] if as_root else []

    def started() -> bool:
        # What it had started for others needs a moment to notice.
        done = subprocess.run(
            [*run_as, *command],
            cwd="/",
            timeout=60,
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return done.returncode == 0

    assert within(60, started)

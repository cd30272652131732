"""The database restarts, without a word, while letters leave."""

import getpass
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests import postgres
from tests.chaos.company import MINUTE, Plan, sendgrid
from tests.chaos.lives import cradle
from tests.chaos.storm import rest
from tests.chaos.world import world
from tests.simulator.process import Simulator

LETTERS = 300


@pytest.fixture
def server() -> Iterator[str]:
    """A PostgreSQL that may be torn down, and keeps what it says it has kept."""
    if postgres.programs() is None:
        pytest.skip("PostgreSQL's programs are not installed (apt-get install postgresql)")
    with postgres.server() as address:
        ask(address, "ALTER DATABASE postgres SET synchronous_commit = on")
        yield address


def ask(address: str, question: str) -> str | None:
    """One statement to that server, and its answer."""
    engine = create_engine(
        f"{address}/postgres".replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with engine.connect() as connection:
        found = connection.execute(text(question))
        answer = str(found.scalar_one()) if found.returns_rows else None
    engine.dispose()
    return answer


def restart(address: str) -> None:
    """As if its machine had lost power, except that the disk has everything it was given."""
    folder = postgres.programs()
    data = ask(address, "SHOW data_directory")
    command = [f"{folder}/pg_ctl", "-D", str(data), "-m", "immediate", "-w", "restart"]
    as_root = getpass.getuser() == "root"
    run_as = ["runuser", "-u", "postgres", "--"] if as_root else []
    subprocess.run(
        [*run_as, *command],
        cwd="/",
        check=True,
        timeout=60,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("what", ["send", "deliver"])
def test_the_run_goes_on_or_the_next_one_completes_it(
    server: str, digesting: Simulator, tmp_path: Path, what: str
):
    plan = Plan(f"{server}/postgres", LETTERS, {"sendgrid": sendgrid(digesting, connections=4)})
    with (
        world(tmp_path / "project", plan, digesting) as here,
        cradle(here.folder, digesting.key) as senders,
    ):
        digesting.pace(latency=0.02)
        senders.begin(what, here.now, block=15)
        ended = None
        for share in (0.2, 0.5):
            if ended is None:
                ended = senders.until(
                    lambda share=share: digesting.stats()["accepted"] >= share * LETTERS, 30
                )
            restart(server)
        if ended is None:
            ended = senders.finish()
        # What is written outside of sending, such as the note of the run, may miss the database.
        assert ended == 0 or "OperationalError" in senders.said()
        here.pass_by(2 * MINUTE)
        assert sum(rest(here, every=100)["stands"].values()) == LETTERS

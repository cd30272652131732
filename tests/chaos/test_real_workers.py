"""A server and a worker of one's own: the dead are shown, the well left alone, hangs end."""

import asyncio
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import PrefectClient

from flows.automations import automate, dead_runs
from tests.chaos.houses import ROOT, House, alive, house, kill, processes_of
from tests.long import LONG
from tests.prefects import furnished
from tests.simulator.process import Simulator
from tests.waiting import healthy, within

pytestmark = [pytest.mark.prefect, pytest.mark.slow]

CUSTOMERS = 300
DEAD_AFTER = timedelta(seconds=12)
"""Four signs of life, as in earnest: 2 minutes where one comes every 30 s."""


def begin(here: House) -> None:
    """Start a server, and register the day on it."""
    api = f"http://127.0.0.1:{here.port}/api"
    home = {"PREFECT_HOME": str(furnished(here.folder.parent / "home"))}
    words = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(here.port)]
    here.start(*words, log="server.log", cwd=here.folder, **home)

    assert within(300, lambda: healthy(api)), here.told()
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", "--project", str(here.folder), "deploy"],
        cwd=ROOT,
        env=here.environment | home | {"PREFECT_API_URL": api},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr

    async def sooner() -> None:
        async with PrefectClient(api) as client:
            await automate(client, dead_runs(DEAD_AFTER))

    asyncio.run(sooner())


def worker(here: House) -> int:
    """Start a worker as the README says, in the project's folder; its number."""
    return here.start(
        *["prefect", "worker", "start", "--pool", "stammkunde"],
        log="worker.log",
        cwd=here.folder,
        PREFECT_API_URL=f"http://127.0.0.1:{here.port}/api",
        PREFECT_HOME=str(here.folder.parent / "home"),
    )


@pytest.mark.skipif(not LONG, reason="three minutes of signs of life: part of make test-long")
def test_who_dies_is_shown_and_who_hangs_ends(digesting: Simulator, tmp_path: Path) -> None:
    with house(tmp_path, f"sqlite:///{tmp_path / 'store.db'}", digesting, CUSTOMERS) as here:
        begin(here)
        first = worker(here)
        # Slow, and well: for longer than the dead may be silent.
        digesting.pace(latency=0.8)
        run = here.begin()
        working = here.in_flight(run, 3)
        kill(first)
        assert not within(1.5 * DEAD_AFTER.total_seconds(), lambda: here.state(run)[0] != "RUNNING")
        assert any(map(alive, working)), "a run dies with its worker"
        # Now nobody is left who could tell what became of it.
        kill(*working)
        kind, _, message = here.ended(run, 60)
        assert kind == "CRASHED"
        assert message.startswith("No sign of life for 2 minutes. The next run completes the work")

        digesting.pace()
        worker(here)
        here.completed()
        assert here.violations() == []
        assert here.letters() > 60

        # Something that hears nothing at all: the process ends, and the next run can begin.
        (here.folder / "deaf").touch()
        run = here.begin("hasty")
        assert within(60, lambda: processes_of(run))
        kind, name, message = here.ended(run)
        assert (kind, name) == ("FAILED", "Timed out"), message
        assert message.startswith(
            "Ended: it took longer than config/deployments.yaml lets hasty take"
        )
        assert within(20, lambda: not processes_of(run)), "it hangs on"
        (here.folder / "deaf").unlink()
        assert here.ended(here.begin("hasty"))[0] in {"COMPLETED", "FAILED"}
        assert within(10, lambda: here.state(run)[1] == "Timed out"), "it is shown as a crash"

"""Fixtures to import into a conftest: one simulator for the session, new for every test."""

from collections.abc import Iterator

import pytest

from tests.simulator.process import Simulator, running


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    """A simulator that keeps messages in full and tells of events on flush only."""
    with running(every=0) as started:
        yield started


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator of the session, as at its start."""
    simulator_process.reset()
    return simulator_process

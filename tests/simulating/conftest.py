"""The simulator of the session, and a way to post to it."""

from tests.simulator.fixtures import simulator, simulator_process

__all__ = ["simulator", "simulator_process"]

"""How much time passes, whatever the clock on the wall does."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

# Where there is one, a clock that also runs while the machine sleeps: a lease does not wait.
_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

Tick = Callable[[], datetime]
"""The moment a delivery takes for now."""


def passing() -> float:
    """Seconds since some moment in the past."""
    return time.clock_gettime(_RUNNING)


def standing(now: datetime) -> Tick:
    """It stays that moment."""
    return lambda: now


def ticking(now: datetime) -> Tick:
    """Time goes on from that moment."""
    began = passing()
    return lambda: now + timedelta(seconds=passing() - began)

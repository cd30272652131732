"""The simulator's clock: real, shifted, or standing still until it is moved."""

import time
from datetime import datetime


class Clock:
    """Says what time it is at SendGrid, in seconds since 1970."""

    def __init__(self) -> None:
        self._shift = 0.0
        self._stands_at: float | None = None

    def now(self) -> float:
        """This moment."""
        if self._stands_at is not None:
            return self._stands_at
        return wall() + self._shift

    def set(self, moment: float, running: bool = False) -> None:
        """Go to that moment; from there on run, or stand still."""
        if running:
            self._stands_at, self._shift = None, moment - wall()
        else:
            self._stands_at = moment

    def advance(self, seconds: float) -> None:
        """Go on by so much."""
        if self._stands_at is not None:
            self._stands_at += seconds
        else:
            self._shift += seconds

    def real(self) -> None:
        """Be the real clock again."""
        self._stands_at, self._shift = None, 0.0


def wall() -> float:
    """The real time. Rate limits count by it, whatever the simulator's clock says."""
    return time.time()  # noqa: TID251


def moment(written: float | str) -> float:
    """Seconds since 1970, from a number or from ISO 8601 with its time zone."""
    if isinstance(written, str):
        read = datetime.fromisoformat(written)
        if read.tzinfo is None:
            raise ValueError(f'"{written}" needs its time zone')
        return read.timestamp()
    return float(written)

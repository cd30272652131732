"""How many requests a second are taken, and how long each answer takes."""

from tests.simulator.clock import wall

UNLIMITED = 10_000


class Pace:
    """A window of one second, counted by the real clock as rate limits are."""

    def __init__(self) -> None:
        self.per_second: int | None = None
        self.latency = 0.0
        self._second = 0
        self._used = 0
        self.refused = 0

    def take(self) -> tuple[bool, tuple[tuple[bytes, bytes], ...]]:
        """Whether one more request fits, and the headers that say how many still do."""
        second = int(wall())
        if second != self._second:
            self._second, self._used = second, 0
        limit = self.per_second or UNLIMITED
        fits = self.per_second is None or self._used < limit
        if fits:
            self._used += 1
        else:
            self.refused += 1
        left = max(0 if self.per_second else 1, limit - self._used)
        headers = (
            (b"x-ratelimit-limit", b"%d" % limit),
            (b"x-ratelimit-remaining", b"%d" % left),
            (b"x-ratelimit-reset", b"%d" % (second + 1)),
        )
        return fits, headers

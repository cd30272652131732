"""How many requests a second are taken, and how long each answer takes."""

from tests.simulator.clock import wall

UNLIMITED = 10_000
Headers = tuple[tuple[bytes, bytes], ...]


class Pace:
    """A window of one second, counted by the real clock as rate limits are."""

    def __init__(self) -> None:
        self.per_second: int | None = None
        self.latency = 0.0
        self.refused = 0
        self._second = 0
        self._used = 0
        self._unlimited: Headers = ()

    def take(self) -> tuple[bool, Headers]:
        """Whether one more request fits, and the headers that say how many still do."""
        second = int(wall())
        if second != self._second:
            self._second, self._used = second, 0
            self._unlimited = self._headers(UNLIMITED, UNLIMITED - 1)
        if self.per_second is None:
            return True, self._unlimited
        fits = self._used < self.per_second
        if fits:
            self._used += 1
        else:
            self.refused += 1
        return fits, self._headers(self.per_second, self.per_second - self._used)

    def _headers(self, limit: int, left: int) -> Headers:
        return (
            (b"x-ratelimit-limit", b"%d" % limit),
            (b"x-ratelimit-remaining", b"%d" % max(0, left)),
            (b"x-ratelimit-reset", b"%d" % (self._second + 1)),
        )

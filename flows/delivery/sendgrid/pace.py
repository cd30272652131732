"""How fast, and how many requests at once: as the settings allow, and as SendGrid bears it."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds that only ever grow."""

_CREDIT = 0.02
_SMOOTHING = 1 / 8
_FORGETTING = 1.01
_NOTICEABLE = 0.1


class Bucket:
    """At most so many messages a second, evenly spread; None is as many as SendGrid takes.

    Time in which nobody sent is not made up for, but for a fiftieth of a second: a program wakes
    up a little late, and would otherwise stay below a high pace.
    """

    def __init__(self, per_second: float | None, clock: Clock) -> None:
        self._each = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._free_at = clock()

    def wait(self) -> float:
        """Seconds until the next message may leave."""
        return max(0.0, self._free_at - self._clock())

    def take(self, messages: int) -> None:
        """So many messages leave now, which `wait` has allowed."""
        self._free_at = max(self._free_at, self._clock() - _CREDIT) + messages * self._each

    def hold(self, seconds: float) -> None:
        """Nothing leaves for so long."""
        self._free_at = max(self._free_at, self._clock() + seconds)


class Window:
    """How many requests may be under way: from 1 to `most`.

    It begins with one, so that a wrong key costs one request, and grows by one an answer until
    SendGrid refuses for the first time; from then on by one a round. A refusal halves it, and so
    does an answer that takes twice as long as the best did. What was under way when it was halved
    says nothing about the narrower window, and does not halve it again.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._size = 1.0
        self._brisk_below = float(most)
        self._narrowed_at = clock() - 1
        self._smooth = self._best = 0.0

    @property
    def size(self) -> int:
        """How many requests may be under way now."""
        return int(self._size)

    def answered(self, began: float, took: float | None = None) -> None:
        """A request that began then was answered; `took` is left out where it says nothing."""
        if took is not None and self._slower(took):
            self.refused(began)
            return
        grown = self._size + (1 if self._size < self._brisk_below else 1 / self._size)
        self._size = min(float(self._most), grown)

    def refused(self, began: float) -> None:
        """A request that began then was too much, or failed."""
        if began <= self._narrowed_at:
            return
        self._narrowed_at = self._clock()
        self._size = self._brisk_below = max(1.0, self._size / 2)

    def _slower(self, took: float) -> bool:
        """Whether answers have come to take twice as long as they did at their best.

        The best is forgotten slowly, so that a lasting change is taken for what it is; and a
        tenth of a second more is nothing yet.
        """
        self._smooth += (took - self._smooth) * (_SMOOTHING if self._smooth else 1)
        self._best = min(self._best * _FORGETTING, self._smooth) if self._best else self._smooth
        return self._smooth > max(2 * self._best, self._best + _NOTICEABLE)

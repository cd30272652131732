"""What is looked after while messages leave: hours, breakers, and how far it has got."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.delivery import clocks
from flows.delivery.dispatch import Delivery
from flows.stages import breaking
from flows.stages.recheck import postpone
from flows.stages.shop import Progress, Shop

_COUNTING_SHARE = 20
_LOOK_EVERY = 10.0
_MINUTE = timedelta(minutes=1)


@dataclass
class Meanwhile:
    """What the process that had others start does while they send."""

    delivery: Delivery
    due: int
    progress: Progress
    count_from: float = 0.0

    def __call__(self) -> None:
        self.delivery.look_after()
        began = clocks.passing()
        if began < self.count_from:
            return
        done = max(self.due - self.delivery.waiting(), 0)
        self.progress("deliver", done, self.due)
        # Counting takes time where much waits; it should not take much of it.
        self.count_from = clocks.passing() + _COUNTING_SHARE * (clocks.passing() - began)


@dataclass
class Watch:
    """What is looked after between blocks: hours that end, and messages that come back."""

    shop: Shop
    postponed: int = 0
    _postponed_at: datetime | None = None
    _looked_at: float = field(default_factory=lambda: clocks.passing() - _LOOK_EVERY)

    def __call__(self, at: datetime) -> None:
        if self._postponed_at is None or at - self._postponed_at >= _MINUTE:
            self._postponed_at = at
            self.postponed += postpone(self.shop, at)
        if clocks.passing() - self._looked_at >= _LOOK_EVERY:
            self._looked_at = clocks.passing()
            breaking.look(self.shop, at)

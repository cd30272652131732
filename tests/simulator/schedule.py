"""Batches, and messages that leave later unless they are withdrawn in time."""

import heapq
import secrets
from collections.abc import Iterator
from itertools import count
from typing import Any

IN_TIME = 600
"""Only a word said so many seconds before send_at is sure to be heard."""
MOST_OPEN = 100
BATCH_LIVES = 10 * 86400


class Schedule:
    """What waits for its moment, and the batches it may be withdrawn by."""

    def __init__(self) -> None:
        self._made: dict[str, float] = {}
        self._status: dict[str, tuple[str, float]] = {}
        self._waiting: list[tuple[float, int, str | None, Any]] = []
        self._held: list[tuple[float, int, str | None, Any]] = []
        self._number = count()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._held)

    def new_batch(self, now: float) -> str:
        """A batch id, good for ten days."""
        batch = secrets.token_urlsafe(24)
        self._made[batch] = now
        return batch

    def knows(self, batch: str, now: float) -> bool:
        """Whether there is such a batch."""
        made = self._made.get(batch)
        return made is not None and now < made + BATCH_LIVES

    def statuses(self, now: float) -> dict[str, str]:
        """Batches cancelled or paused."""
        return {
            batch: status for batch, (status, _) in self._status.items() if self.knows(batch, now)
        }

    def set_status(self, batch: str, status: str, now: float) -> None:
        """Cancel or pause a batch."""
        if self._status.get(batch, ("", 0.0))[0] == status:
            return
        self._status[batch] = (status, now)
        if status == "cancel":
            self._let_go(batch, now)

    def drop_status(self, batch: str, now: float) -> None:
        """Let a batch go again."""
        self._status.pop(batch, None)
        self._let_go(batch, now)

    def add(self, send_at: float, batch: str | None, what: Any) -> None:
        """Have something leave at that moment."""
        heapq.heappush(self._waiting, (send_at, next(self._number), batch, what))

    def due(self, now: float) -> Iterator[tuple[Any, float, bool]]:
        """What leaves by now, each with its moment and whether it was withdrawn in time."""
        while self._waiting and self._waiting[0][0] <= now:
            one = heapq.heappop(self._waiting)
            send_at, _, batch, what = one
            status, since = self._status.get(batch or "", ("", 0.0))
            in_time = since <= send_at - IN_TIME
            if status == "pause" and in_time:
                self._held.append(one)
            else:
                yield what, send_at, status == "cancel" and in_time

    def _let_go(self, batch: str, now: float) -> None:
        """What was paused in time and is past its moment follows the new word at once."""
        kept = []
        for one in self._held:
            if one[2] != batch:
                kept.append(one)
                continue
            status, since = self._status.get(batch, ("", 0.0))
            moved = max(one[0], since + IN_TIME if status == "cancel" else now)
            heapq.heappush(self._waiting, (moved, *one[1:]))
        self._held = kept

"""Everything the simulator knows, in one place."""

from collections import Counter, deque
from pathlib import Path
from typing import Any

from tests.simulator.account import Account
from tests.simulator.behaviour import Behaviour
from tests.simulator.clock import Clock
from tests.simulator.faults import Faults
from tests.simulator.logbook import Logbook
from tests.simulator.mailboxes import Keep, Mailboxes
from tests.simulator.pace import Pace
from tests.simulator.schedule import Schedule
from tests.simulator.suppressions import Suppressions
from tests.simulator.tally import Tally
from tests.simulator.webhook import Webhook

REMEMBER = 100_000
_REQUESTS_KEPT = 1000


class World:
    """The state of one simulator."""

    def __init__(
        self,
        keep: Keep = "full",
        remember: int = REMEMBER,
        seed: int = 0,
        behaviour: dict[str, float] | None = None,
        webhook: str | None = None,
        folder: Path | None = None,
        every: float = 30.0,
    ) -> None:
        self._options = (keep, remember, seed, behaviour, webhook, folder, every)
        self.webhook = Webhook()
        self.reset()

    def reset(self) -> None:
        """Be as at the start, except for the key events are signed with."""
        keep, remember, seed, behaviour, webhook, folder, every = self._options
        self.clock = Clock()
        self.account = Account()
        self.faults = Faults()
        self.pace = Pace()
        self.mailboxes = Mailboxes(keep)
        self.accepted = Tally()
        self.withdrawn = Tally()
        self.suppressions = Suppressions()
        self.schedule = Schedule()
        self.log = Logbook(remember)
        self.behaviour = Behaviour(behaviour, seed)
        self.counts: Counter[str] = Counter()
        self.requests: deque[dict[str, Any]] = deque(maxlen=_REQUESTS_KEPT)
        self.webhook.reset(webhook, folder, every, seed)

    def stats(self) -> dict[str, Any]:
        """Counts of what happened so far."""
        return {
            **self.counts,
            "accepted": self.accepted.total,
            "withdrawn": self.withdrawn.total,
            "in_mailboxes": len(self.mailboxes),
            "hidden": self.mailboxes.hidden,
            "scheduled": len(self.schedule),
            "remembered": len(self.log),
            "rate_limited": self.pace.refused,
            "faults": [{"what": r.what, "when": r.when, "hits": r.hits} for r in self.faults.rules],
            "webhook": self.webhook.stats(),
        }

"""Senders are killed at random points, again and again, while the provider fails in every way."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flows.stages.shop import Shop
from tests.chaos.company import MINUTE, doubts
from tests.chaos.lives import Cradle
from tests.chaos.world import Violation, World
from tests.chaos.zygote import REFUSED

FAULTS: tuple[dict[str, Any], ...] = (
    {"what": "status 503", "when": "after_accept", "share": 0.02},
    {"what": "status 500", "when": "after_body", "share": 0.02},
    {"what": "status 502", "when": "before_body", "share": 0.01},
    {"what": "status 504", "when": "after_accept", "share": 0.01},
    {"what": "reset", "when": "before_body", "share": 0.01},
    {"what": "reset", "when": "after_body", "share": 0.01},
    {"what": "reset", "when": "after_accept", "share": 0.02},
    {"what": "close", "when": "before_body", "share": 0.01},
    {"what": "close", "when": "after_accept", "share": 0.01},
    {"what": "cut", "when": "after_accept", "share": 0.01},
    {"what": "timeout", "when": "after_body", "share": 0.005, "seconds": 0.2},
    {"what": "timeout", "when": "after_accept", "share": 0.005, "seconds": 0.2},
    {"what": "html", "when": "after_body", "share": 0.005, "status": 200},
    {"what": "html", "when": "before_body", "share": 0.001, "status": 403},
    {"what": "empty", "when": "after_accept", "share": 0.005, "status": 200},
    {"what": "status 429", "when": "after_body", "share": 0.001},
    {"what": "status 503", "when": "before_body", "share": 0.01, "path": "/v3/logs"},
)
"""Shares of requests that fail, before and after their messages were taken."""

TOO_LARGE: dict[str, Any] = {"what": "status 413", "when": "after_body", "share": 0.02}
"""Of requests that carry many messages, which can be split."""

_BLOCKS = (5, 10, 20, 40)
_BY_STAGE = 0.1
_STEP = 2 * MINUTE
_UNTIL_DECIDED = 6 * MINUTE
_PATIENCE = 5.0
_BACK_AT_MOST = timedelta(hours=1)


@dataclass
class Storm:
    """How often senders are killed, and what came of it."""

    world: World
    cradle: Cradle
    kills: int
    seed: int = 0
    latency: float = 0.0
    ask_every: int = 4
    hear_every: int = 20
    killed: int = 0
    lives: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    progress: Callable[[str], None] = lambda _line: None
    _reach: float = 0.2

    def rage(self, *more: dict[str, Any]) -> None:
        """Kill until it has been often enough; there has to be something left to send till then."""
        dice = random.Random(self.seed)  # noqa: S311
        world = self.world
        faults = [fault | {"seed": dice.randrange(2**31)} for fault in (*FAULTS, *more)]
        world.simulator.faults(*faults)
        world.simulator.pace(latency=self.latency)
        while self.killed < self.kills:
            if self.lives > 3 * self.kills + 20:
                raise Violation(f"only {self.killed} of {self.lives} senders could be killed")
            world.pass_by(_STEP)
            fair = world.unsettled() / (self.kills - self.killed)
            if world.queued() < min(fair, 2 * _BLOCKS[-1]):
                # Almost everything is in doubt: nobody could be killed while sending.
                world.pass_by(_UNTIL_DECIDED)
                world.look_into()
            self._live(dice, fair)
            if self.lives % self.hear_every == 0:
                world.hear()
            if self.lives % self.ask_every == 0:
                world.look_into()
            if self.lives % 50 == 0:
                self.progress(f"{self.killed} kills, {self._gone()} letters gone")
        self.hits = world.simulator.stats()["faults"]
        world.simulator.faults()
        world.simulator.pace()

    def _live(self, dice: random.Random, fair: float) -> None:
        """One sender, from its birth to its violent death."""
        world, cradle = self.world, self.cradle
        before = self._gone()
        self.lives += 1
        # Whoever sends too much too early leaves nothing for later kills.
        scarce = fair < 0.9 * world.plan.letters / self.kills
        if not scarce and dice.random() < _BY_STAGE:
            cradle.begin("deliver", world.now, ticking=dice.random() < 0.5)
        else:
            blocks = [size for size in _BLOCKS if size < fair and not scarce] or _BLOCKS[:1]
            cradle.begin("send", world.now, block=dice.choice(blocks))
        if dice.random() < 0.5:
            aim = before + dice.randint(1, max(1, round(fair if scarce else 2 * fair)))
            ended = cradle.until(lambda: self._gone() >= aim, _PATIENCE)
        else:
            ended = cradle.ended(dice.uniform(0, self._reach))
            quick = self._gone() - before > fair
            self._reach = min(0.6, max(0.05, self._reach * (0.7 if quick else 1.1)))
        if ended is None:
            ended = cradle.kill()
        self.killed += ended == -9
        self.ends[{-9: "killed", 0: "done", REFUSED: "refused"}.get(ended, "failed")] += 1
        if ended not in (-9, 0, REFUSED):
            raise Violation(f"a sender failed by itself ({ended}): {cradle.said()[-4000:]}")

    def _gone(self) -> int:
        """So many letters have been accepted so far."""
        return int(self.world.simulator.stats()["accepted"])


def told(shop: Shop) -> dict[str, Counter[str]]:
    """Why there were doubts, and what settled them."""
    why: Counter[str] = Counter()
    settled: Counter[str] = Counter()
    for row in doubts(shop.engine):
        why[_short(row["why"])] += 1
        settled[f"{row['settled_as']}: {_short(row['known'] or 'nothing known')}"] += 1
    return {"why": why, "settled": settled}


def rest(world: World, *, rejected: bool = False, every: int = 1) -> dict[str, Any]:
    """After the storm: settle everything, and look at every single message."""
    world.simulator.faults()
    rounds = world.come_to_rest()
    # What the provider still holds back leaves.
    world.pass_by(_BACK_AT_MOST)
    first = world.refuse_violations(doubtful=True, rejected=rejected)
    by_hand = world.send_what_did_not_go()
    rounds += world.come_to_rest()
    world.pass_by(_BACK_AT_MOST)
    world.hear(everything=True)
    last = world.refuse_violations(doubtful=False, rejected=rejected)
    looked = world.refuse_strange_letters(every)
    return {
        "rounds": rounds,
        "stood": dict(first),
        "sent by hand": by_hand,
        "stands": dict(last),
        "letters looked at": looked,
    }


def _short(said: str) -> str:
    """A sentence without what is different in each of them."""
    head = said.split(";")[0] if said.startswith("not in") else said
    words = ["#" if any(sign.isdigit() for sign in word) else word for word in head.split()]
    return " ".join(words)[:90]

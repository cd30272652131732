"""More important messages that are due soon, which those of today must not stand in the way of."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from segments.attention import days_of
from segments.journey.gathering import Candidates, Stand
from segments.journey.history import NOBODY, at_once, codes_of, distinct, moments, numbers
from segments.journey.holds import Holds
from segments.spec import Send
from segments.state import Specs

Ahead = Callable[[np.ndarray, datetime], pd.DataFrame]
"""Who of these customers comes to a send by that moment, as `segments.journey.ahead` tells it:
customer_id, enrollment_id, journey, version, entry_key, node, due_at."""


def nothing_ahead(customers: np.ndarray, until: datetime) -> pd.DataFrame:
    """Nobody comes to anything."""
    return pd.DataFrame({"customer_id": np.array([], dtype="int64")})


@dataclass(frozen=True)
class Upcoming:
    """One row for each message due within the look-ahead that could go then; see `Candidates`."""

    stands: tuple[Stand, ...]
    stand: np.ndarray
    who: np.ndarray
    enrollment_id: np.ndarray
    entry_key: pd.api.extensions.ExtensionArray
    due_at: np.ndarray

    def __len__(self) -> int:
        return len(self.stand)


def upcoming(
    found: Candidates, who: np.ndarray, ahead: Ahead, specs: Specs, now: datetime
) -> Upcoming | None:
    """What is due after today for these customers; None if there is nothing.

    Left out is what would not go for a reason known today: shadow, permission, complaint, lock.
    """
    days = days_of(specs.policy.attention.look_ahead)
    if not days or not len(who):
        return None
    customers = found.customers.numbers
    asked = customers[distinct(who)]
    today = specs.calendar.days(at_once(now))[0]
    ends = specs.calendar.begins(np.array([today + days + 1]))[0]
    until = pd.Timestamp(ends, tz="UTC").to_pydatetime() - timedelta(microseconds=1)
    told = ahead(asked, until)
    if told.empty:
        return None
    who = codes_of(customers, told["customer_id"].to_numpy(dtype="int64"))
    stands, stand = _stands(told, specs)
    due = moments(told["due_at"])
    later_on = specs.calendar.days(due) > today
    kept = np.flatnonzero((who >= 0) & (stand >= 0) & later_on)
    kept = kept[~_hopeless(found, specs, stands, stand[kept], who[kept])]
    if not len(kept):
        return None
    purposes = np.array([each.journey.purpose.value for each in stands], dtype=object)
    regions = None
    if found.customers.has("region"):
        regions = found.customers.column("region").take(who[kept])
    return Upcoming(
        stands=tuple(stands),
        stand=stand[kept],
        who=who[kept],
        enrollment_id=numbers(told["enrollment_id"])[kept],
        entry_key=told["entry_key"].array[kept],
        # What is due on a Sunday goes on Monday.
        due_at=specs.calendar.next_allowed(due[kept], purposes[stand[kept]], regions=regions),
    )


def _stands(told: pd.DataFrame, specs: Specs) -> tuple[list[Stand], np.ndarray]:
    """The sends they come to, NOBODY for those of journeys that rest or only look as if."""
    stands: list[Stand] = []
    place = []
    alike = told.groupby(["journey", "version", "node"], sort=False)
    for journey, version, node in alike.size().index:
        program = specs.program(str(journey), str(version))
        at = None if program is None else program.positions.get(str(node))
        step = None if program is None or at is None else program.nodes[at].step
        if program is None or at is None or not isinstance(step, Send):
            place.append(NOBODY)
            continue
        stand = Stand(program, program.nodes[at], step)
        place.append(NOBODY if stand.shadow else len(stands))
        stands.append(stand)
    return stands, np.array(place, dtype="int64")[alike.ngroup().to_numpy()]


def _hopeless(
    found: Candidates, specs: Specs, stands: list[Stand], stand: np.ndarray, who: np.ndarray
) -> np.ndarray:
    purposes = np.array([each.journey.purpose.value for each in stands], dtype=object)
    held = Holds(found.customers, specs.policy).any(who, purposes[stand])
    for place, each in enumerate(stands):
        rows = np.flatnonzero(stand == place)
        # Whether an order's own categories let a message go is seen when it is due.
        if len(rows) and each.journey.categories != "order":
            allowed = found.addressees.grounds(each.journey, who[rows], None).allowed
            held[rows] |= ~found.addressees.reached(allowed)[who[rows]]
    return held

"""What a report is made of: plain numbers and frames, whoever counted them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from segments.effect.nps import NPS
from segments.effect.pooled import POOLED
from segments.effect.sums import ESTIMATES
from segments.effect.variants import VARIANTS
from segments.names import Outcome

SENT = frozenset({Outcome.ACCEPTED, Outcome.DELIVERED})
WAITING = frozenset({Outcome.QUEUED, Outcome.CLAIMED})
FAILED = frozenset(
    {
        Outcome.BOUNCED,
        Outcome.DROPPED,
        Outcome.REJECTED,
        Outcome.IN_DOUBT,
        Outcome.RENDER_FAILED,
    }
)
HELD_BACK = frozenset({Outcome.SKIPPED, Outcome.EXPIRED, Outcome.CANCELLED})
GHOSTS = frozenset({Outcome.GHOST})
LATER = frozenset({Outcome.DEFERRED})

TALLIES: dict[str, frozenset[Outcome]] = {
    "sent": SENT,
    "waiting": WAITING,
    "ghosts": GHOSTS,
    "held_back": HELD_BACK,
    "later": LATER,
    "failed": FAILED,
}
"""Every outcome belongs to exactly one of these figures, in the order a report names them."""


def _empty(*columns: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(columns))


@dataclass(frozen=True)
class RunFacts:
    """What one run, or one day, did. What was not measured stays empty and is left out.

    `pulled`: per table of intake the numbers read, new, changed, rejected. The frames `entered`,
    `left`, `sends`, `tasks`, `phases`, `rejects` are those of `flows.store.counts.Counts`;
    `journeys` is from `flows.store.counts.journey_counts`. `effects`, and `house` for all
    advertising together, are `segments.effect.sums.ESTIMATES`, `pooled` is `POOLED`, `variants`
    are `VARIANTS`, and `attributed` and `displaced` come from `flows.store.evidence`. `nps` has a
    row per journey that asks for a score. `titles` names journeys for readers, `values` what one
    message of each is expected to bring, as its YAML says, in minor units. `notes` are sentences
    for "What needs attention", such as that a source is stale.
    """

    now: datetime
    zone: str = "Europe/Berlin"
    currency: str = "EUR"
    dry_run: bool = False
    titles: Mapping[str, str] = field(default_factory=dict)
    pulled: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    entered: pd.DataFrame = field(default_factory=lambda: _empty("journey", "arm", "number"))
    left: pd.DataFrame = field(default_factory=lambda: _empty("journey", "reason", "number"))
    sends: pd.DataFrame = field(
        default_factory=lambda: _empty(
            "journey", "message", "outcome", "reason", "number", "example"
        )
    )
    tasks: pd.DataFrame = field(default_factory=lambda: _empty("journey", "kind", "number"))
    phases: pd.DataFrame = field(default_factory=lambda: _empty("before", "after", "number"))
    rejects: pd.DataFrame = field(
        default_factory=lambda: _empty("source", "number", "place", "row", "column", "reason")
    )
    journeys: pd.DataFrame = field(
        default_factory=lambda: _empty("journey", "what", "word", "number")
    )
    effects: pd.DataFrame = field(default_factory=lambda: _empty(*ESTIMATES))
    house: pd.DataFrame = field(default_factory=lambda: _empty(*ESTIMATES))
    pooled: pd.DataFrame = field(default_factory=lambda: _empty(*POOLED))
    variants: pd.DataFrame = field(default_factory=lambda: _empty(*VARIANTS))
    attributed: pd.DataFrame = field(default_factory=lambda: _empty("journey", "orders", "revenue"))
    displaced: pd.DataFrame = field(
        default_factory=lambda: _empty("journey", "by", "waited", "lost")
    )
    nps: pd.DataFrame = field(default_factory=lambda: _empty("journey", *NPS))
    values: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def title(self, journey: str) -> str:
        """What readers call a journey."""
        return self.titles.get(journey, journey)


@dataclass(frozen=True)
class Figures:
    """The five figures of a day."""

    orders: int = 0
    began: int = 0
    sent: int = 0
    held_out: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class DayFacts:
    """What a day's page tells beside what was done: what it compares with, and what waits.

    `figures` are those of the day, `before` those of `day_before`, when it was last decided.
    `funnels` is from `flows.store.pictures.funnel_counts`, `waits` from
    `flows.store.review.waiting`. `still` are sentences about what stands still. `doubts` are rows
    of messages in doubt, of `in_doubt` in all. `overdue` are tasks that nobody has done in time.
    `mails` is the page of the mails that were laid into a folder, if any are.
    """

    run: RunFacts
    figures: Figures = field(default_factory=Figures)
    before: Figures | None = None
    day_before: datetime | None = None
    funnels: pd.DataFrame = field(
        default_factory=lambda: _empty("journey", "arm", "stage", "number")
    )
    waits: pd.DataFrame = field(
        default_factory=lambda: _empty("journey", "run_id", "messages", "valid_until")
    )
    still: tuple[str, ...] = ()
    doubts: tuple[dict[str, str | int], ...] = ()
    in_doubt: int = 0
    overdue: int = 0
    mails: str = ""


def figures(sends: pd.DataFrame, entered: pd.DataFrame, orders: int) -> Figures:
    """The five figures from what was counted."""
    found = tally(sends)
    return Figures(
        orders, int(entered["number"].sum()), found["sent"], found["ghosts"], found["held_back"]
    )


def tally(sends: pd.DataFrame) -> dict[str, int]:
    """The figures of a report, `TALLIES`, added up over these sends."""
    return {
        name: int(sends.loc[sends["outcome"].isin(outcomes), "number"].sum())
        for name, outcomes in TALLIES.items()
    }


def records(counts: pd.DataFrame) -> list[dict[str, Any]]:
    """A row as a dict each, for the few rows that are read and not reckoned with."""
    return [{str(name): value for name, value in row.items()} for row in counts.to_dict("records")]

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
    "held_back": HELD_BACK,
    "ghosts": GHOSTS,
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


def tally(sends: pd.DataFrame) -> dict[str, int]:
    """The figures of a report, `TALLIES`, added up over these sends."""
    return {
        name: int(sends.loc[sends["outcome"].isin(outcomes), "number"].sum())
        for name, outcomes in TALLIES.items()
    }


def records(counts: pd.DataFrame) -> list[dict[str, Any]]:
    """A row as a dict each, for the few rows that are read and not reckoned with."""
    return [{str(name): value for name, value in row.items()} for row in counts.to_dict("records")]

"""How the comparison begins for those who enter: what was drawn, for how long, and who they are."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from segments.journey.holdout import everywhere, position, share_held_out
from segments.journey.nodes import NodeKind, Program
from segments.spec import Journey
from segments.state import Specs

DEFAULT_WINDOW = 90.0
"""Days an outcome is followed where a journey names no goal."""

BEGINNING = {
    "outcome_seconds": "Int64",
    "drawn_share": "float64",
    "kept_out": "boolean",
    "phase": "str",
    "quadrant": "str",
    "variants": "str",
}
"""What is written with an enrollment once: how long its outcome is followed; the share of holdout
it was drawn with; whether the house keeps the customer out of all advertising, missing where that
does not matter; phase and value field on that day; and the variant of every split of the journey,
`STEP=NAME`, a space between two."""


def outcome_seconds(journey: Journey) -> int:
    """How long what a customer does is counted, from the first message or ghost on."""
    days = journey.goal.within.days if journey.goal else DEFAULT_WINDOW
    return round(days * 86_400)


def beginnings(entered: pd.DataFrame, profiles: pd.DataFrame, specs: Specs) -> pd.DataFrame:
    """`BEGINNING` for rows of `Plan.enrollments` that enter, in their order and with their index.

    All of it is drawn or known on entering, so nothing that a message does later can shift it.
    """
    people = profiles.set_index("customer_id").loc[
        entered["customer_id"], ["customer_key", "phase", "quadrant"]
    ]
    keys = people["customer_key"].to_numpy(dtype=object)
    many = len(entered)
    seconds = np.zeros(many, dtype="int64")
    share, kept = np.zeros(many), np.full(many, np.nan)
    variants = np.full(many, None, dtype=object)
    names, versions = (entered[name].to_numpy(dtype=object) for name in ("journey", "version"))
    for name, version in sorted(set(zip(names, versions, strict=True))):
        program = specs.program(name, version)
        if program is None:
            continue
        places = np.flatnonzero((names == name) & (versions == version))
        journey = program.journey
        seconds[places] = outcome_seconds(journey)
        share[places] = share_held_out(journey, specs.policy)
        out = everywhere(keys[places], journey, specs.policy)
        if out is not None:
            kept[places] = out
        drawn = list(_drawn(program, keys[places]))
        if drawn:
            variants[places] = [" ".join(each) for each in zip(*drawn, strict=True)]
    rows = pd.DataFrame(
        {
            "outcome_seconds": seconds,
            "drawn_share": share,
            "kept_out": pd.array(kept, dtype="Float64"),
            "phase": people["phase"].to_numpy(),
            "quadrant": people["quadrant"].to_numpy(),
            "variants": variants,
        },
        index=entered.index,
    )
    return rows.astype(BEGINNING)


def _drawn(program: Program, keys: np.ndarray) -> Iterator[np.ndarray]:
    """For each split, the variant of each customer, as travelling draws it."""
    for node in program.nodes:
        if node.kind == NodeKind.SPLIT:
            bounds = np.array([bound for _, bound, _ in node.shares])
            names = np.array([f"{node.id}={name}" for name, _, _ in node.shares], dtype=object)
            yield names[
                np.searchsorted(bounds, position(f"{program.name}/{node.id}", keys), side="right")
            ]

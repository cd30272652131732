"""Frames the tests of effects share: values per customer, and the sums a store would give."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from segments.effect.sums import SUMS, sums_of

Values = Sequence[float] | np.ndarray


def units(
    treated: Values,
    held_out: Values,
    before_treated: Values | None = None,
    before_held_out: Values | None = None,
    share: float = 0.5,
) -> pd.DataFrame:
    """`UNITS` for these outcomes, with what was before where it is given."""
    frame = pd.DataFrame(
        {
            "arm": ["treated"] * len(treated) + ["held_out"] * len(held_out),
            "y": np.array([*treated, *held_out], dtype=np.float64),
            "share": share,
        }
    )
    if before_treated is not None and before_held_out is not None:
        frame["x"] = np.array([*before_treated, *before_held_out], dtype=np.float64)
    return frame


def sums(
    treated: Values,
    held_out: Values,
    *before: Values,
    journey: str = "j",
    outcome: str = "margin",
    share: float = 0.5,
) -> pd.DataFrame:
    """`SUMS` for these outcomes."""
    frame = units(treated, held_out, *before, share=share)
    if frame.empty:
        return pd.DataFrame(columns=list(SUMS))
    return sums_of(frame, journey, outcome)


def only(rows: pd.DataFrame) -> pd.Series:
    """The one row there is."""
    assert len(rows) == 1
    return rows.iloc[0]


def spending(size: int, mean: float, seed: int) -> np.ndarray:
    """Many spend nothing, some a little, few a lot."""
    draw = np.random.default_rng(seed)
    return np.round(draw.exponential(mean, size) * (draw.random(size) < 0.4))

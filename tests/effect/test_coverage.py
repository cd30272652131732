"""Intervals throw dice: they cover the truth as often as they promise, on skewed rare spending."""

import numpy as np
import pandas as pd

from segments.effect.estimate import estimate
from segments.effect.sums import merged

RUNS, CUSTOMERS, HELD, EFFECT = 600, 3000, 0.2, 12.0


def experiments(seed: int) -> pd.DataFrame:
    """Many experiments at once as sums: what was before explains about half, the effect is known
    and falls on those who buy."""
    draw = np.random.default_rng(seed)
    shape = (RUNS, CUSTOMERS)
    loyal = draw.gamma(1.5, 60, shape)
    buys = draw.random(shape) < 0.5
    out = draw.random(shape) < HELD
    x = loyal * (draw.random(shape) < 0.9)
    y = np.where(buys, loyal + draw.exponential(40, shape) + np.where(out, 0, 2 * EFFECT), 0.0)
    figures = {
        "customers": np.ones(shape),
        "complete": np.ones(shape),
        "nonzero": y != 0,
        "total": y,
        "squares": y**2,
        "before": x,
        "before_squares": x**2,
        "product": x * y,
        "expected": np.full(shape, HELD),
        "expected_variance": np.full(shape, HELD * (1 - HELD)),
    }
    return merged(
        pd.concat(
            [
                pd.DataFrame(
                    {
                        "journey": [f"{run:03}" for run in range(RUNS)],
                        "part": None,
                        "arm": arm,
                        "outcome": "margin",
                        **{name: (own * value).sum(axis=1) for name, value in figures.items()},
                    }
                )
                for arm, own in (("treated", ~out), ("held_out", out))
            ]
        )
    )


def test_intervals_cover_the_true_effect_as_often_as_they_say():
    rows = estimate(experiments(3), CUSTOMERS)
    for name in ("", "adjusted_"):
        covered = (rows[f"{name}low"] <= EFFECT) & (rows[f"{name}high"] >= EFFECT)
        assert 0.93 <= covered.mean() <= 0.97
    assert ((rows["sequence_low"] <= EFFECT) & (rows["sequence_high"] >= EFFECT)).mean() > 0.99
    truth = rows["mean_held_out"].mean()
    covered = (rows["ratio_low"] <= 1 + EFFECT / truth) & (rows["ratio_high"] >= 1 + EFFECT / truth)
    assert 0.93 <= covered.mean() <= 0.97
    assert rows["adjusted_error"].std() < rows["error"].mean()
    assert 0.1 < rows["reduction"].mean() < 0.5
    assert 0.001 < (rows["ratio_p"] < 0.05).mean() < 0.09

"""All journeys as one: precision weights, how unlike they are, and what they brought in total."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segments.effect.estimate import estimate
from segments.effect.pooled import LEAST, POOLED, chi_square_tail, pooled
from segments.effect.sums import SUMS
from tests.effect.cases import only, spending, sums

EFFECTS = np.array([28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16])
ERRORS = np.array([14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6])
"""D. B. Rubin, Estimation in parallel randomized experiments, Journal of Educational Statistics 6
(1981): eight schools, the gain from coaching and its standard error."""


def estimated(effects: np.ndarray, errors: np.ndarray, **more: object) -> pd.DataFrame:
    """Rows such as `estimate` answers, as far as pooling reads them."""
    frame = pd.DataFrame(
        {
            "journey": [f"j{place}" for place in range(len(effects))],
            "part": pd.array([None] * len(effects), dtype="str"),
            "outcome": "margin",
            "complete_treated": 900,
            "complete_held_out": 100,
            "nonzero_treated": 0.5,
            "nonzero_held_out": 0.5,
            "adjusted_difference": effects,
            "adjusted_error": errors,
        }
    )
    return frame.assign(**more)


def test_the_eight_schools_have_their_published_common_effect():
    """Weighted by precision, 7.870546 (the data and the figure as in R. Almond's course notes)."""
    row = only(pooled(estimated(EFFECTS, ERRORS)))
    assert row["difference"] == pytest.approx(7.870546, abs=5e-7)
    assert row["error"] == pytest.approx((ERRORS**-2.0).sum() ** -0.5)
    assert row["journeys"] == 8
    # Q is below its expectation of 7: nothing but chance, so that the typical is the common effect
    assert row["heterogeneity"] == 0
    assert row["between"] == 0
    assert row["heterogeneity_p"] > 0.5
    assert (row["typical_low"], row["typical_high"]) == pytest.approx((row["low"], row["high"]))


def test_unlike_journeys_widen_the_interval_of_the_typical_one():
    effects, errors = np.array([1.0, 5.0, 9.0]), np.array([1.0, 1.0, 1.0])
    row = only(pooled(estimated(effects, errors)))
    # Q = 16 + 0 + 16 = 32 with 2 degrees; tau^2 = (32 - 2) / (3 - 3/3)
    assert row["heterogeneity"] == pytest.approx(30 / 32)
    assert row["between"] == pytest.approx(15**0.5)
    assert row["heterogeneity_p"] == pytest.approx(stats.chi2.sf(32, 2))
    assert row["difference"] == 5
    assert row["typical_high"] - 5 == pytest.approx(1.959964 * (16 / 3) ** 0.5)


def test_what_all_brought_is_the_sum_over_those_treated():
    frame = estimated(np.array([2.0, 3.0]), np.array([1.0, 2.0]), complete_treated=[100, 50])
    row = only(pooled(frame))
    assert row["total"] == 350
    half = 1.959964 * (100.0**2 + 100.0**2) ** 0.5
    assert (row["total_low"], row["total_high"]) == pytest.approx((350 - half, 350 + half))


def test_a_journey_with_hardly_any_outcome_is_left_out_and_counted():
    frame = estimated(np.array([2.0, 500.0]), np.array([1.0, 0.001]))
    frame.loc[1, "nonzero_held_out"] = (LEAST - 1) / 100
    row = only(pooled(frame))
    assert (row["journeys"], row["left_out"]) == (1, 1)
    assert row["difference"] == 2
    assert np.isnan(row["heterogeneity_p"])


def test_nothing_to_pool_answers_nan():
    frame = estimated(np.array([2.0]), np.array([np.nan]))
    row = only(pooled(frame))
    assert row["journeys"] == 0
    assert row[["difference", "low", "sequence_low", "total"]].isna().all()
    assert pooled(estimate(pd.DataFrame(columns=list(SUMS)))).empty
    assert list(pooled(estimate(pd.DataFrame(columns=list(SUMS))))) == list(POOLED)


def test_journeys_too_small_alone_can_tell_together():
    frames = [
        sums(
            spending(600, 115, seed), spending(200, 85, 100 + seed), journey=f"j{seed}", share=0.25
        )
        for seed in range(12)
    ]
    rows = estimate(pd.concat(frames), 12_000)
    together = only(pooled(rows, planned=12_000))
    assert (rows["verdict"] == "undecided").sum() > 9
    assert together["sequence_low"] > 0
    assert together["missing"] == 0


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 19, 40])
def test_the_tail_of_chi_square_is_scipys(freedom: int):
    for value in (0.0, 0.3, 2.0, 11.0, 90.0):
        assert chi_square_tail(value, freedom) == pytest.approx(
            stats.chi2.sf(value, freedom), rel=1e-12
        )

"""Differences, intervals and verdicts, held against scipy and against figures done by hand."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from segments.effect.uplift import NEEDED, SUMS, uplift


def sums_of(
    journey: str, treated: Sequence[float], held_out: Sequence[float], share: float = 0.5
) -> pd.DataFrame:
    """The sums a store would give for these values per customer."""
    rows = []
    for arm, given_values in (("treated", treated), ("held_out", held_out)):
        values = np.asarray(given_values, dtype=np.float64)
        if len(values):
            rows.append(
                {
                    "journey": journey,
                    "arm": arm,
                    "customers": len(values),
                    "complete": len(values),
                    "reached": int((values > 0).sum()),
                    "nonzero": int((values != 0).sum()),
                    "total": values.sum(),
                    "total_squares": (values**2).sum(),
                    "expected": share * len(values),
                    "expected_variance": share * (1 - share) * len(values),
                }
            )
    return pd.DataFrame(rows, columns=list(SUMS))


def only(rows: pd.DataFrame) -> pd.Series:
    assert len(rows) == 1
    return rows.iloc[0]


def spending(size: int, mean: float, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    return np.round(draw.exponential(mean, size) * (draw.random(size) < 0.4))


@pytest.mark.parametrize(("treated", "held_out"), [(900, 110), (40, 3), (5000, 5000), (2, 2)])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_interval_is_the_one_of_scipys_welch_test(treated: int, held_out: int, level: float):
    one, two = spending(treated, 60_000, 1), spending(held_out, 40_000, 2)
    one[0], two[0] = 123.0, 77.0
    row = only(uplift(sums_of("j", one, two), level))
    test = stats.ttest_ind(one, two, equal_var=False)
    interval = test.confidence_interval(level)
    assert row["difference"] == pytest.approx(one.mean() - two.mean())
    assert row["degrees"] == pytest.approx(test.df, rel=1e-9)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high), rel=1e-7)


def test_figures_done_by_hand():
    row = only(uplift(sums_of("j", [100, 0, 200, 100], [0, 100])))
    assert row["customers_treated"] == 4
    assert row["customers_held_out"] == 2
    assert row["value_treated"] == 100
    assert row["value_held_out"] == 50
    assert row["bought_share_treated"] == 0.75
    assert row["bought_share_held_out"] == 0.5
    assert row["difference"] == 50
    assert row["lift"] == 1.0
    assert row["complete"] == 1.0
    # variances 20000/3 and 5000; squared errors 5000/3 and 2500
    assert row["degrees"] == pytest.approx((5000 / 3 + 2500) ** 2 / ((5000 / 3) ** 2 / 3 + 2500**2))


def test_verdicts():
    draw = np.random.default_rng(4)
    low, high = draw.normal(100, 10, 200), draw.normal(120, 10, 200)
    sums = pd.concat(
        [
            sums_of("better", high, low),
            sums_of("worse", low, high),
            sums_of("same", low, low),
            sums_of("small", high[:20], low),
            sums_of("rare", [*high[:30], *[0] * 500], low),
            sums_of("everybody", high, []),
            sums_of("nobody_treated", [], high),
        ]
    )
    rows = uplift(sums).set_index("journey")
    assert rows["verdict"].to_dict() == {
        "better": "helps",
        "worse": "hurts",
        "same": "undecided",
        "small": "too_few",
        "rare": "too_few",
        "everybody": "no_holdout",
        "nobody_treated": "too_few",
    }
    assert rows["missing"].to_dict() == {
        "better": 0,
        "worse": 0,
        "same": 0,
        "small": 30,
        "rare": 20,
        "everybody": NEEDED,
        "nobody_treated": NEEDED,
    }


@pytest.mark.parametrize(
    ("treated", "held_out"),
    [([1, 2, 3], []), ([], [1, 2, 3]), ([1, 2, 3], [4]), ([5], [4]), ([7] * 9, [7] * 9)],
    ids=["nobody held out", "nobody treated", "one held out", "one of each", "no variance"],
)
def test_without_variance_on_both_sides_there_is_no_interval(
    treated: list[int], held_out: list[int]
):
    row = only(uplift(sums_of("j", treated, held_out)))
    assert row[["low", "high", "degrees"]].isna().all()
    assert row["verdict"] in ("no_holdout", "too_few")


def test_equal_values_have_no_variance_however_large():
    row = only(uplift(sums_of("j", [123_456_789] * 70, [123_456_789] * 61)))
    assert np.isnan(row["low"])
    assert row["difference"] == 0
    assert row["verdict"] == "undecided"


def test_one_sided_variance_is_enough():
    one, two = [1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 2.0]
    row = only(uplift(sums_of("j", one, two)))
    around_one = stats.ttest_1samp(one, 0).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((around_one.low - 2, around_one.high - 2))


def test_lift_needs_something_to_be_relative_to():
    assert np.isnan(only(uplift(sums_of("j", [1, 2], [0, 0])))["lift"])
    assert np.isnan(only(uplift(sums_of("j", [1, 2], [-5, 0])))["lift"])


def test_no_sums_no_rows():
    rows = uplift(pd.DataFrame(columns=list(SUMS)))
    assert rows.empty
    assert "verdict" in rows


def test_sample_ratio_agrees_with_scipys_chi_square():
    row = only(uplift(sums_of("j", [1] * 930, [1] * 70, share=0.1)))
    chosen = stats.chisquare([930, 70], [900, 100])
    assert row["ratio_p"] == pytest.approx(chosen.pvalue, rel=1e-9)
    assert not row["ratio_alarm"]


def test_arms_drawn_otherwise_than_configured_raise_the_alarm():
    assert only(uplift(sums_of("j", [1] * 950, [1] * 50, share=0.1)))["ratio_alarm"]


def test_a_share_changed_half_way_raises_no_alarm():
    before, after = sums_of("j", [1] * 900, [1] * 100, 0.1), sums_of("j", [1] * 500, [1] * 500, 0.5)
    row = only(uplift(pd.concat([before, after])))
    assert row["ratio_p"] == pytest.approx(1.0)


@pytest.mark.parametrize("share", [0.0, np.nan, 0.01], ids=["none", "unknown", "few expected"])
def test_sample_ratio_keeps_silent_where_it_does_not_hold(share: float):
    row = only(uplift(sums_of("j", [1] * 90, [1] * 10, share)))
    assert np.isnan(row["ratio_p"])
    assert not row["ratio_alarm"]


values = st.lists(st.integers(-10_000, 1_000_000), max_size=8)


@settings(max_examples=40, deadline=None)
@given(arms=st.lists(st.tuples(values, values), min_size=1, max_size=4), order=st.randoms())
def test_the_order_of_rows_changes_nothing(arms, order):
    parts = [sums_of(f"j{at}", one, two) for at, (one, two) in enumerate(arms)]
    sums = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    shuffled = list(sums.index)
    order.shuffle(shuffled)
    pd.testing.assert_frame_equal(uplift(sums), uplift(sums.loc[shuffled]))


@settings(max_examples=40, deadline=None)
@given(one=values, two=values)
def test_exchanging_the_arms_turns_the_sign(one, two):
    if not one or not two:
        return
    there, back = only(uplift(sums_of("j", one, two))), only(uplift(sums_of("j", two, one)))
    assert there["difference"] == pytest.approx(-back["difference"])
    assert (there["low"], there["high"]) == pytest.approx(
        (-back["high"], -back["low"]), nan_ok=True
    )

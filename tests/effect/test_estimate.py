"""Differences, intervals and adjustment, held against scipy and against figures done by hand."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from segments.effect.comparison import ADJUSTED_FROM
from segments.effect.estimate import estimate, judged
from segments.effect.moments import of_values
from segments.effect.sums import ESTIMATES, FIGURES, SUMS, merged, sums_of
from tests.effect.cases import only, spending, sums, units


@pytest.mark.parametrize(("treated", "held_out"), [(900, 110), (40, 3), (5000, 5000), (2, 2)])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_interval_is_the_one_of_scipys_welch_test(treated: int, held_out: int, level: float):
    one, two = spending(treated, 60_000, 1), spending(held_out, 40_000, 2)
    one[0], two[0] = 123.0, 77.0
    row = only(estimate(sums(one, two), level=level))
    test = stats.ttest_ind(one, two, equal_var=False)
    interval = test.confidence_interval(level)
    assert row["difference"] == pytest.approx(one.mean() - two.mean())
    assert row["degrees"] == pytest.approx(test.df, rel=1e-9)
    assert row["difference"] / row["error"] == pytest.approx(test.statistic)
    assert (row["low"], row["high"]) == pytest.approx((interval.low, interval.high), rel=1e-7)


def test_figures_done_by_hand():
    row = only(estimate(sums([100, 0, 200, 100], [0, 100])))
    assert (row["customers_treated"], row["customers_held_out"]) == (4, 2)
    assert (row["mean_treated"], row["mean_held_out"]) == (100, 50)
    assert (row["nonzero_treated"], row["nonzero_held_out"]) == (0.75, 0.5)
    assert row["difference"] == 50
    assert row["ratio"] == 2
    assert row["complete"] == 1
    # variances 20000/3 and 5000; squared errors 5000/3 and 2500
    assert row["error"] == pytest.approx((5000 / 3 + 2500) ** 0.5)
    # squared errors by squared means: 1/6 and 1
    width = np.exp(1.959964 * (1 / 6 + 1) ** 0.5)
    assert (row["ratio_low"], row["ratio_high"]) == pytest.approx((2 / width, 2 * width))


def test_the_means_of_growthbooks_own_test_give_its_interval():
    """gbstats, tests/frequentist/test_tests.py, test_two_sided_ttest_absolute: n = 3407 and 3461,
    sums 1396.87 and 2422.7, squares 52377.9767 and 134698.29 give 0.29 in (0.04538, 0.53462)."""
    row = only(estimate(_growthbook(3407)))
    assert row["difference"] == pytest.approx(0.29, abs=5e-6)
    assert row["error"] == pytest.approx(0.12478, abs=5e-6)
    assert (row["low"], row["high"]) == pytest.approx((0.04538, 0.53462), abs=5e-6)


def _growthbook(control: int) -> pd.DataFrame:
    known = {"journey": "j", "part": None, "outcome": "revenue", "nonzero": 100.0}
    figures = {
        "treated": {"complete": 3461, "total": 2422.7, "squares": 134698.29},
        "held_out": {"complete": control, "total": 1396.87, "squares": 52377.9767},
    }
    rows = [
        dict.fromkeys(SUMS, 0.0) | known | {"arm": arm, "customers": own["complete"]} | own
        for arm, own in figures.items()
    ]
    return pd.DataFrame(rows)


def test_adjusting_is_a_regression_on_what_was_before():
    """The coefficient of the arm in y ~ arm + x, whose slope is the pooled one within arms."""
    draw = np.random.default_rng(3)
    before = draw.gamma(1.2, 90, 900)
    held_out = np.arange(900) % 5 == 0
    after = 0.8 * before + draw.normal(0, 40, 900) + np.where(held_out, 0, 12)
    row = only(
        estimate(sums(after[~held_out], after[held_out], before[~held_out], before[held_out]))
    )
    design = np.column_stack([np.ones(900), ~held_out, before])
    fitted = np.linalg.lstsq(design, after, rcond=None)[0]
    assert row["adjusted_difference"] == pytest.approx(fitted[1])
    assert row["theta"] == pytest.approx(fitted[2])
    left = after - fitted[2] * before
    test = stats.ttest_ind(left[~held_out], left[held_out], equal_var=False)
    interval = test.confidence_interval()
    assert (row["adjusted_low"], row["adjusted_high"]) == pytest.approx(
        (interval.low, interval.high)
    )
    within = np.concatenate([part - part.mean() for part in (before[held_out], before[~held_out])])
    outcome = np.concatenate([part - part.mean() for part in (after[held_out], after[~held_out])])
    assert row["reduction"] == pytest.approx(np.corrcoef(within, outcome)[0, 1] ** 2, abs=0.05)
    assert row["adjusted_error"] == pytest.approx(row["error"] * (1 - row["reduction"]) ** 0.5)


def test_without_a_past_the_adjusted_figures_are_the_plain_ones():
    row = only(estimate(sums(spending(300, 500, 1), spending(60, 400, 2))))
    assert row["theta"] == 0
    assert row["reduction"] == 0
    assert row["adjusted_difference"] == row["difference"]
    assert (row["adjusted_low"], row["adjusted_high"]) == (row["low"], row["high"])
    assert (row["sequence_low"], row["sequence_high"]) == (
        row["plain_sequence_low"],
        row["plain_sequence_high"],
    )


def test_a_past_that_explains_everything_leaves_no_noise():
    before = [float(x) for x in range(1, 2 * ADJUSTED_FROM + 1)]
    one, two = before[:ADJUSTED_FROM], before[ADJUSTED_FROM:]
    row = only(estimate(sums([x + 3 for x in one], two, one, two)))
    assert row["adjusted_difference"] == pytest.approx(3)
    assert row["adjusted_error"] == 0
    assert row["reduction"] == 1


def test_what_a_handful_brought_before_is_not_taken_out():
    draw = np.random.default_rng(8)
    before = draw.gamma(2, 50, 400)
    after = before + draw.normal(0, 5, 400)

    def of(held_out: int) -> pd.Series:
        parts = (slice(held_out, None), slice(held_out))
        return only(estimate(sums(*(x[part] for x in (after, before) for part in parts))))

    few, enough = of(ADJUSTED_FROM - 1), of(ADJUSTED_FROM)
    assert (few["theta"], few["reduction"]) == (0, 0)
    assert (few["adjusted_difference"], few["adjusted_error"]) == (few["difference"], few["error"])
    assert enough["reduction"] > 0.9


def test_an_outcome_not_known_yet_counts_as_a_customer_only():
    frame = units([10, 20, np.nan], [5, 15, 10])
    row = only(estimate(sums_of(frame, "j", "margin")))
    assert (row["customers_treated"], row["complete_treated"]) == (3, 2)
    assert row["complete"] == pytest.approx(5 / 6)
    assert row["mean_treated"] == 15


def test_a_past_not_known_is_taken_to_be_the_mean_of_those_known():
    frame = units([10, 20, 30], [5, 15, 10], [1, 2, 3], [1, np.nan, 3])
    filled = frame.assign(x=frame["x"].fillna(2.0))
    pd.testing.assert_frame_equal(sums_of(frame), sums_of(filled))


@pytest.mark.parametrize(
    ("treated", "held_out"),
    [([1, 2, 3], []), ([], [1, 2, 3]), ([1, 2, 3], [4]), ([5], [4]), ([7] * 9, [7] * 9)],
    ids=["nobody held out", "nobody treated", "one held out", "one of each", "no variance"],
)
def test_without_variance_on_both_sides_there_is_no_interval(
    treated: list[int], held_out: list[int]
):
    row = only(estimate(sums(treated, held_out)))
    ends = ["low", "high", "adjusted_low", "sequence_low", "plain_sequence_high", "degrees"]
    assert row[ends].isna().all()
    assert row["verdict"] in ("no_holdout", "undecided")


def test_equal_values_have_no_variance_however_large():
    row = only(estimate(sums([123_456_789] * 70, [123_456_789] * 61)))
    assert row["difference"] == 0
    assert np.isnan(row["low"])
    assert row["verdict"] == "undecided"


def test_one_sided_variance_is_enough():
    one, two = [1.0, 2.0, 3.0, 4.0], [2.0, 2.0, 2.0]
    row = only(estimate(sums(one, two)))
    around_one = stats.ttest_1samp(one, 0).confidence_interval()
    assert (row["low"], row["high"]) == pytest.approx((around_one.low - 2, around_one.high - 2))


def test_a_ratio_needs_something_to_be_relative_to():
    assert np.isnan(only(estimate(sums([1, 2], [0, 0])))["ratio"])
    assert np.isnan(only(estimate(sums([1, 2], [-5, 0])))["ratio"])


def test_no_sums_no_rows():
    rows = estimate(pd.DataFrame(columns=list(SUMS)))
    assert rows.empty
    assert list(rows) == list(ESTIMATES)


def test_parts_and_outcomes_stand_beside_one_another():
    whole = sums([1, 2, 3], [1, 1, 2])
    frames = [
        whole.assign(journey=journey, part=part, outcome=outcome)
        for journey in ("b", "a")
        for part in ("phase:maturity", None)
        for outcome in ("margin", "goal")
    ]
    rows = estimate(pd.concat(frames))
    assert list(rows["journey"]) == ["a"] * 4 + ["b"] * 4
    assert list(rows["outcome"][:4]) == ["goal", "margin"] * 2
    assert list(rows["part"].isna()) == [True, True, False, False] * 2
    assert (rows["difference"] == rows["difference"].iloc[0]).all()


def test_rows_of_the_same_key_add_up():
    one, two = sums([1, 2, 3], [1, 1, 2]), sums([5, 6], [4, 4, 9])
    both = sums([1, 2, 3, 5, 6], [1, 1, 2, 4, 4, 9])
    pd.testing.assert_frame_equal(estimate(pd.concat([one, two])), estimate(both))


@pytest.mark.parametrize(
    ("treated", "held_out", "share", "chi_square"),
    [
        (1000, 1000, 0.5, 0.0),
        (1040, 960, 0.5, 3.2),
        (9100, 900, 0.1, 100**2 / 900),
    ],
)
def test_sample_ratio_is_scipys_chi_square(
    treated: int, held_out: int, share: float, chi_square: float
):
    row = only(estimate(sums(np.arange(treated), np.arange(held_out), share=share)))
    total = treated + held_out
    expected = [(1 - share) * total, share * total]
    test = stats.chisquare([treated, held_out], expected)
    assert test.statistic == pytest.approx(chi_square)
    assert row["ratio_p"] == pytest.approx(test.pvalue)
    assert row["ratio_alarm"] == (test.pvalue < 0.001)


def test_a_share_changed_half_way_raises_no_alarm():
    early = sums(np.arange(900), np.arange(100), share=0.1)
    late = sums(np.arange(500), np.arange(500), share=0.5)
    row = only(estimate(pd.concat([early, late])))
    assert row["ratio_p"] == pytest.approx(1)


def test_an_unknown_share_leaves_the_ratio_open():
    row = only(estimate(sums(np.arange(900), np.arange(100), share=float("nan"))))
    assert np.isnan(row["ratio_p"])
    assert not row["ratio_alarm"]


values = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=12)


def figures(one: Sequence[float], two: Sequence[float], *past: Sequence[float]) -> dict[str, float]:
    """What follows from two sides alone, without frames, which would take their time."""
    sides = [
        of_values(np.array(y), np.array(x))
        for y, x in zip((one, two), past or ([0.0] * len(one), [0.0] * len(two)), strict=True)
    ]
    nonzero = (np.array([50.0]), np.array([50.0]))
    return {name: value[0] for name, value in judged(*sides, 1000.0, 0.95, nonzero).items()}


@given(one=values, two=values)
@settings(deadline=None)
def test_swapping_the_arms_turns_the_sign(one: list[float], two: list[float]):
    there, back = figures(one, two), figures(two, one)
    for name, other in (("difference", "difference"), ("low", "high"), ("high", "low")):
        assert there[name] == pytest.approx(-back[other], abs=1e-9, nan_ok=True)
    assert there["ratio"] == pytest.approx(1 / back["ratio"], nan_ok=True)
    assert there["sequence_low"] == pytest.approx(-back["sequence_high"], abs=1e-9, nan_ok=True)


@given(one=values, two=values, times=st.sampled_from([0.01, 3.0, 100.0]))
@settings(deadline=None)
def test_another_unit_of_money_scales_every_figure(
    one: list[float], two: list[float], times: float
):
    sides = (one, two, one[::-1], two[::-1])
    euros = figures(*sides)
    cents = figures(*[[value * times for value in values] for values in sides])
    for name in ("difference", "error", "adjusted_difference", "adjusted_error", "sequence_high"):
        assert cents[name] == pytest.approx(euros[name] * times, rel=1e-6, abs=1e-6, nan_ok=True)
    for name in ("ratio", "ratio_high", "theta"):
        assert cents[name] == pytest.approx(euros[name], rel=1e-6, nan_ok=True)


@given(one=values, two=values, more=st.integers(-500, 500))
@settings(deadline=None)
def test_a_constant_added_to_the_past_changes_nothing(
    one: list[float], two: list[float], more: int
):
    past = (one[::-1], two[::-1])
    plain = figures(one, two, *past)
    moved = figures(one, two, *[[x + more for x in side] for side in past])
    for name in ("difference", "adjusted_difference", "adjusted_error", "theta"):
        assert moved[name] == pytest.approx(plain[name], rel=1e-6, abs=1e-6, nan_ok=True)


@given(parts=st.lists(st.tuples(values, values), min_size=1, max_size=4))
@settings(max_examples=10, deadline=None)
def test_sums_of_disjoint_customers_merge_to_the_sums_of_all(parts: list[tuple[list[float], ...]]):
    apart = pd.concat([sums(one, two, one[::-1], two[::-1]) for one, two in parts])
    one = [value for part in parts for value in part[0]]
    two = [value for part in parts for value in part[1]]
    past = [[value for part in parts for value in part[side][::-1]] for side in (0, 1)]
    whole = sums(one, two, *past)
    pd.testing.assert_frame_equal(merged(apart), whole[[*SUMS]], check_exact=False)
    assert set(FIGURES) < set(whole)

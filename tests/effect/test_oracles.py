"""The same figures from other people's programs, where they happen to be installed."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segments.effect.arms import against_control
from segments.effect.estimate import estimate
from segments.effect.variants import holm
from segments.effect.wilson import lower_bound
from tests.effect.cases import only, sums

SIZE = 3000


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    draw = np.random.default_rng(31)
    variant = (draw.random(SIZE) < 0.8).astype(int)
    before = draw.gamma(1.4, 70, SIZE)
    spent = before * 0.6 + draw.exponential(45, SIZE) + 6 * variant
    return pd.DataFrame({"variant": variant, "spent": spent, "before": before})


def estimated(people: pd.DataFrame, *, past: bool) -> pd.Series:
    one, two = (people[people["variant"] == side] for side in (1, 0))
    before = (one["before"].to_numpy(), two["before"].to_numpy()) if past else ()
    spent = (one["spent"].to_numpy(), two["spent"].to_numpy())
    return only(estimate(sums(*spent, *before, share=0.2)))


@pytest.mark.parametrize("past", [False, True], ids=["plain", "adjusted"])
def test_tea_tasting_finds_the_same(people: pd.DataFrame, past: bool):
    """Its slope is that of both arms together, ours the one within them: the same but for what
    the arms differ in by chance."""
    tea = pytest.importorskip("tea_tasting", reason="tea-tasting is not installed")
    metric = tea.Mean("spent", "before") if past else tea.Mean("spent")
    result = tea.Experiment(spent=metric).analyze(people)["spent"]
    row = estimated(people, past=past)
    digits = 2e-3 if past else 1e-9
    assert row["adjusted_difference"] == pytest.approx(result.effect_size, rel=digits)
    assert row["adjusted_low"] == pytest.approx(result.effect_size_ci_lower, rel=5 * digits)
    assert row["adjusted_high"] == pytest.approx(result.effect_size_ci_upper, rel=digits)
    if not past:
        # Theirs takes Student's quantile on the logarithm, ours the normal one.
        assert row["ratio"] - 1 == pytest.approx(result.rel_effect_size)
        assert row["ratio_low"] - 1 == pytest.approx(result.rel_effect_size_ci_lower, rel=0.02)
        assert row["ratio_high"] - 1 == pytest.approx(result.rel_effect_size_ci_upper, rel=0.02)


def test_tea_tasting_finds_the_same_sample_ratio(people: pd.DataFrame):
    tea = pytest.importorskip("tea_tasting", reason="tea-tasting is not installed")
    result = tea.Experiment(
        sizes=tea.SampleRatio({0: 0.2, 1: 0.8}, method="norm", correction=False)
    ).analyze(people)["sizes"]
    assert estimated(people, past=False)["ratio_p"] == pytest.approx(result.pvalue, rel=1e-6)


def test_statsmodels_regression_gives_the_adjusted_difference(people: pd.DataFrame):
    linear = pytest.importorskip(
        "statsmodels.regression.linear_model", reason="statsmodels is not installed"
    )
    design = np.column_stack([np.ones(SIZE), people["variant"], people["before"]])
    fitted = linear.OLS(people["spent"].to_numpy(), design).fit(cov_type="HC2")
    row = estimated(people, past=True)
    assert row["adjusted_difference"] == pytest.approx(fitted.params[1], rel=1e-9)
    assert row["theta"] == pytest.approx(fitted.params[2], rel=1e-9)
    assert row["adjusted_error"] == pytest.approx(fitted.bse[1], rel=5e-3)


def test_statsmodels_corrects_for_several_arms_alike():
    several = pytest.importorskip(
        "statsmodels.stats.multitest", reason="statsmodels is not installed"
    )
    p = np.random.default_rng(2).random(9) ** 3
    assert holm(p) == pytest.approx(several.multipletests(p, method="holm")[1])


def test_statsmodels_has_the_same_bound_for_a_share():
    proportion = pytest.importorskip(
        "statsmodels.stats.proportion", reason="statsmodels is not installed"
    )
    low, _ = proportion.proportion_confint(7, 900, alpha=0.1, method="wilson")
    assert lower_bound(7, 900) == pytest.approx(low)


def test_scipy_finds_the_same_between_two_shares():
    """Bought or not, as 0 and 1: Welch on such figures is next to the usual z test."""
    draw = np.random.default_rng(4)
    arm = draw.integers(0, 2, SIZE)
    bought = (draw.random(SIZE) < 0.1 + 0.015 * arm).astype(np.float64)
    row = only(against_control(arm, ["control", "mail"], 0, bought))
    table = pd.crosstab(arm, bought)
    assert row["p"] == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=0.05
    )

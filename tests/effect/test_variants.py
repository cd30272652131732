"""Variants of a split against the others: figures, corrections and verdicts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from segments.effect.variants import VARIANTS, holm, variants
from tests.effect.cases import sums

DRAW = np.random.default_rng(12)


def split(*values: np.ndarray, step: str = "subject", outcome: str = "margin") -> pd.DataFrame:
    held_out = DRAW.normal(0, 1, 30)
    return pd.concat(
        [
            sums(own, held_out, outcome=outcome).assign(part=f"variant:{step}/{name}")
            for name, own in zip("abcd", values, strict=False)
        ]
    )


def test_two_variants_are_one_comparison_seen_from_both_sides():
    a, b = DRAW.normal(10, 3, 400), DRAW.normal(12, 3, 380)
    rows = variants(split(a, b))
    test = stats.ttest_ind(a, b, equal_var=False)
    assert list(rows["variant"]) == ["a", "b"]
    assert list(rows["step"]) == ["subject", "subject"]
    assert rows["adjusted_difference"].tolist() == pytest.approx(
        [a.mean() - b.mean(), b.mean() - a.mean()]
    )
    assert rows["p"].tolist() == pytest.approx([test.pvalue] * 2, abs=1e-10)
    assert rows["p_holm"].tolist() == rows["p"].tolist()
    interval = test.confidence_interval()
    assert (rows["adjusted_low"][0], rows["adjusted_high"][0]) == pytest.approx(
        (interval.low, interval.high)
    )
    assert rows["verdict"].tolist() == ["hurts", "helps"]


def test_of_more_each_is_held_against_all_others_and_corrected():
    a, b, c = (DRAW.normal(mean, 3, 300) for mean in (10, 10, 11))
    rows = variants(split(a, b, c))
    test = stats.ttest_ind(c, np.concatenate([a, b]), equal_var=False)
    assert rows["p"][2] == pytest.approx(test.pvalue, abs=1e-10)
    assert rows["p_holm"][2] == pytest.approx(min(3 * test.pvalue, 1), abs=1e-9)
    assert (rows["p_holm"] >= rows["p"]).all()
    assert rows["complete_others"].tolist() == [600, 600, 600]
    pair = variants(split(c, np.concatenate([a, b])))
    widths = [(part["sequence_high"] - part["sequence_low"]) for part in (rows, pair)]
    assert widths[0][2] > widths[1][0]


def test_fewer_complaints_are_the_better_variant():
    few, many = DRAW.binomial(1, 0.1, 900), DRAW.binomial(1, 0.3, 900)
    rows = variants(split(few, many, outcome="complaints"))
    assert rows["verdict"].tolist() == ["helps", "hurts"]


def test_splits_and_lone_variants_are_kept_apart():
    a, b = DRAW.normal(10, 3, 60), DRAW.normal(10, 3, 60)
    rows = variants(pd.concat([split(a, b), split(b, a, step="hour"), split(a, step="lone")]))
    assert rows["step"].tolist() == ["hour", "hour", "subject", "subject"]


def test_rare_outcomes_get_no_verdict():
    a, b = np.array([9.0] * 30 + [0.0] * 300), np.array([0.0] * 300 + [1.0])
    rows = variants(split(a, b))
    assert rows["missing"].tolist() == [49, 49]
    assert set(rows["verdict"]) == {"undecided"}


def test_without_variants_there_are_no_rows():
    rows = variants(sums([1, 2, 3], [1, 2]))
    assert rows.empty
    assert list(rows) == list(VARIANTS)


@pytest.mark.parametrize(
    ("p", "corrected"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02, float("nan"), 0.03], [0.04, float("nan"), 0.04]),
        ([], []),
    ],
)
def test_holm_by_hand(p: list[float], corrected: list[float]):
    assert holm(np.array(p)) == pytest.approx(corrected, nan_ok=True)

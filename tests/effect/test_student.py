"""The quantiles of t, held against scipy."""

import numpy as np
import pytest
from scipy import stats

from segments.effect.student import t_quantile

DEGREES = np.array([1, 1.0001, 1.5, 2, 2.5, 3, 4.7, 10, 29.9, 100, 1e3, 1e5, 1e7, 1e9])


@pytest.mark.parametrize("probability", [0.6, 0.9, 0.95, 0.975, 0.995])
def test_quantiles_agree_with_scipy_to_seven_digits(probability: float):
    assert t_quantile(probability, DEGREES) == pytest.approx(
        stats.t.ppf(probability, DEGREES), rel=1e-7
    )


def test_one_degree_is_the_tangent():
    assert t_quantile(0.975, np.array([1.0]))[0] == pytest.approx(np.tan(np.pi * 0.475), rel=1e-9)


def test_the_middle_is_zero():
    assert t_quantile(0.5, np.array([1.0, 7.0])).tolist() == [0.0, 0.0]


def test_below_one_degree_and_without_any_there_is_no_answer():
    assert np.isnan(t_quantile(0.975, np.array([0.5, np.nan]))).all()


@pytest.mark.parametrize("probability", [0.2, 1.0])
def test_the_lower_half_and_certainty_are_refused(probability: float):
    with pytest.raises(ValueError, match="probability"):
        t_quantile(probability, np.array([3.0]))

"""Outliers cut: the threshold, how many, and when it is refused."""

import numpy as np

from segments.effect.winsorise import winsorised


def test_what_is_above_the_quantile_becomes_it():
    values = np.array([*range(1, 100), 10_000.0])
    cut = winsorised(values, 0.95)
    assert cut is not None
    assert cut.threshold == np.quantile(values, 0.95)
    assert cut.number == 5
    assert cut.values.max() == cut.threshold
    assert (cut.values[:95] == values[:95]).all()


def test_losses_and_unknown_values_stay():
    values = np.array([-500.0, np.nan, *range(1, 99)])
    cut = winsorised(values, 0.9)
    assert cut is not None
    assert cut.values[0] == -500
    assert np.isnan(cut.values[1])


def test_where_fewer_buy_than_are_cut_nothing_would_be_left():
    assert winsorised(np.array([0.0] * 995 + [10.0] * 5), 0.99) is None
    assert winsorised(np.zeros(50), 0.99) is not None
    assert winsorised(np.full(3, np.nan), 0.99) is not None

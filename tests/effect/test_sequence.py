"""Confidence sequences: published values, their price, and that looking daily does not fool."""

import numpy as np
import pytest

from segments.effect.comparison import compared
from segments.effect.moments import Moments
from segments.effect.sequence import NEEDED, half_width, needed_number


def side(number: float, mean: float, noise: float) -> Moments:
    """One arm whose mean has this squared standard error."""
    parts = (number, mean, noise * number * (number - 1), 0.0, 0.0, 0.0)
    return Moments(*(np.array([part]) for part in parts))


def of_money(number: float, total: float, squares: float) -> Moments:
    mean = total / number
    return side(number, mean, (squares - total * mean) / (number - 1) / number)


def of_share(number: float, hits: float) -> Moments:
    share = hits / number
    return side(number, share, share * (1 - share) / number)


@pytest.mark.parametrize(
    ("control", "variant", "planned", "centre", "low", "high"),
    [
        (
            of_money(3000, 1396.87, 52377.9767),
            of_money(3461, 2422.7, 134698.29),
            *(1000, 0.50336, -0.55844, 1.56516),
        ),
        (of_share(3000, 1396), of_share(3461, 2422), 5000, 0.50386, 0.40098, 0.60675),
    ],
    ids=["money", "shares"],
)
def test_growthbooks_sequential_values_are_reproduced(
    control: Moments, variant: Moments, planned: float, centre: float, low: float, high: float
):
    """gbstats, tests/frequentist/test_tests.py, TestSequentialTTest: the relative difference, its
    standard error by the delta method, to all five digits printed there."""
    error = np.sqrt(
        control.noise() * variant.mean**2 / control.mean**4 + variant.noise() / control.mean**2
    )
    half = half_width(error, control.number + variant.number, planned)
    found = compared(variant, control)["ratio"] - 1
    assert found.round(5) == [centre]
    assert (found - half).round(5) == [low]
    assert (found + half).round(5) == [high]


def test_at_the_planned_number_it_is_half_as_wide_again_as_one_look():
    error = np.array([1.0])
    assert half_width(error, np.array([7000.0]), 7000.0) / 1.959964 == pytest.approx(1.55, abs=0.01)


def test_it_is_narrowest_for_its_error_about_the_planned_number():
    numbers = np.array([10, 100, 800, 1000, 1200, 10_000, 1e6])
    widths = half_width(np.ones(7), numbers, 1000.0)
    assert widths.argmin() in (2, 3, 4)
    assert (widths > 1.959964).all()


def test_it_falls_below_any_width_in_the_end():
    error, number = np.array([2.0, 2.0, 2.0]), np.full(3, 500.0)
    width = np.array([3.0, 0.5, 0.0])
    needed = needed_number(error, number, width, 2000.0)
    reached = half_width(error * np.sqrt(number / needed), needed, 2000.0)
    assert reached[:2] == pytest.approx(width[:2])
    assert needed[2] == np.inf


def test_nothing_is_known_without_noise_or_customers():
    assert np.isnan(half_width(np.array([0.0, 1.0]), np.array([9.0, 0.0]), 100.0)).all()


def _looks(draw: np.random.Generator, runs: int, days: int, daily: int, held: float) -> np.ndarray:
    """Rare, skewed spending without any effect, summed up day by day: number, sum, squares and
    non-zero values, by arm, run and day."""
    shape = (runs, days * daily)
    y = draw.exponential(100, shape) * (draw.random(shape) < 0.08)
    out = draw.random(shape) < held
    sums = [
        np.stack([(own * f).cumsum(axis=1)[:, daily - 1 :: daily] for f in (1.0, y, y**2, y > 0)])
        for own in (~out, out)
    ]
    return np.stack(sums)


def test_looking_daily_at_no_effect_seldom_misleads_the_sequence_but_often_the_interval():
    looks = _looks(np.random.default_rng(20), runs=300, days=40, daily=200, held=0.2)
    number, total, squares, nonzero = looks[:, 0], looks[:, 1], looks[:, 2], looks[:, 3]
    variance = (squares - total**2 / number) / (number - 1) / number
    error, apart = np.sqrt(variance.sum(axis=0)), total[0] / number[0] - total[1] / number[1]
    half = half_width(error, number.sum(axis=0), 8000.0)
    decided = nonzero.min(axis=0) >= NEEDED
    assert ((np.abs(apart) > half) & decided).any(axis=1).mean() <= 0.05
    assert ((np.abs(apart) > 1.959964 * error) & decided).any(axis=1).mean() > 0.15

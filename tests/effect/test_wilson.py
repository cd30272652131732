"""Wilson's bound: against published intervals, scipy, and what any such bound must obey."""

import pytest
from hypothesis import given
from hypothesis import strategies as some
from scipy import stats

from segments.effect.wilson import CERTAIN, lower_bound

NEWCOMBE = [(81, 263, 0.2553), (15, 148, 0.0624), (0, 20, 0.0), (1, 29, 0.0061)]
"""Newcombe 1998, table I, method 3: the lower ends of his four examples, 95 % on both sides."""


@pytest.mark.parametrize(("hits", "of", "published"), NEWCOMBE)
def test_bounds_are_those_newcombe_published(hits: int, of: int, published: float):
    assert round(lower_bound(hits, of, z=1.959964), 4) == published


@pytest.mark.parametrize(
    ("hits", "of"), [(1, 10), (31, 900), (4, 200), (3, 1_000_000), (700_000, 1_000_000), (9, 9)]
)
def test_one_sided_bounds_agree_with_scipy(hits: int, of: int):
    theirs = stats.binomtest(hits, of, alternative="greater").proportion_ci(0.95, method="wilson")
    assert lower_bound(hits, of) == pytest.approx(theirs.low, rel=1e-9)


def test_the_quantile_is_the_textbooks():
    assert round(CERTAIN, 3) == 1.645


def test_where_nothing_was_counted_nothing_is_certain():
    assert lower_bound(0, 0) == 0.0


@pytest.mark.parametrize(("hits", "of"), [(-1, 3), (4, 3)])
def test_more_hits_than_cases_are_refused(hits: int, of: int):
    with pytest.raises(ValueError, match="as many as there are cases"):
        lower_bound(hits, of)


cases = some.integers(1, 10**7).flatmap(lambda of: some.tuples(some.integers(0, of), some.just(of)))


@given(cases)
def test_a_bound_lies_between_zero_and_what_was_seen(case: tuple[int, int]):
    hits, of = case
    assert 0 <= lower_bound(hits, of) <= hits / of


@given(cases, some.floats(0.5, 4))
def test_wanting_to_be_more_certain_lowers_it(case: tuple[int, int], z: float):
    hits, of = case
    assert lower_bound(hits, of, z + 0.1) <= lower_bound(hits, of, z)


@given(cases.filter(lambda case: case[0] < case[1]))
def test_one_more_hit_among_as_many_raises_it(case: tuple[int, int]):
    hits, of = case
    assert lower_bound(hits, of) < lower_bound(hits + 1, of)


@given(cases.filter(lambda case: case[0] > 0))
def test_the_same_share_of_more_raises_it(case: tuple[int, int]):
    hits, of = case
    assert lower_bound(hits, of) < lower_bound(2 * hits, 2 * of)


@given(cases)
def test_it_is_where_the_tail_of_the_normal_begins(case: tuple[int, int]):
    hits, of = case
    bound = lower_bound(hits, of)
    assert (hits / of - bound) ** 2 == pytest.approx(
        CERTAIN**2 * bound * (1 - bound) / of, rel=1e-6, abs=1e-18
    )

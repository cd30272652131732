"""ABC, potential and the four fields, by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.customer.value import abc, abc_cuts, expected_revenue, potential, quadrants
from segments.policy import ValuePolicy
from tests.customer.rows import words


def money(*values: int | None) -> pd.Series:
    return pd.Series(list(values), dtype="Int64")


def letters(*values: int) -> str:
    net = money(*values)
    return "".join(abc(net, *abc_cuts(net)))


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        ((50, 30, 15, 5), "AABC"),
        ((5, 15, 30, 50), "CBAA"),
        ((79, 16, 5), "AAC"),
        ((100,), "A"),
        ((40, 40, 10, 5, 5), "AABBB"),
        ((90, 0, -10), "ADD"),
        ((0, -5), "DD"),
        ((10, 10, 10, 10), "AAAA"),
    ],
    ids=[
        "80 and 95 reached exactly",
        "any order",
        "the one that passes 80 is still A",
        "alone",
        "a tie with the last of B is B",
        "nothing and less is D",
        "nobody positive",
        "all alike",
    ],
)
def test_abc(net: tuple[int, ...], expected: str):
    assert letters(*net) == expected


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-1_000, 100_000), min_size=1, max_size=40))
def test_a_is_the_shortest_prefix_that_reaches_80_percent(net: list[int]):
    found = letters(*net)
    positive = sorted((value for value in net if value > 0), reverse=True)
    in_a = sum(value for value, letter in zip(net, found, strict=True) if letter == "A")
    assert in_a * 100 >= sum(positive) * 80
    assert all((letter == "D") == (value <= 0) for value, letter in zip(net, found, strict=True))
    if positive:
        last = min(value for value, letter in zip(net, found, strict=True) if letter == "A")
        above = sum(value for value in positive if value > last)
        ties = positive.count(last)
        # Without anybody of the last value, 80 % would not be reached.
        assert (in_a - last * ties) == above
        assert above * 100 < sum(positive) * 80


def test_expected_revenue_is_the_usual_order_as_often_as_a_year_has_room():
    typical = pd.Series([73.0, 73.0, None], dtype="Float64")
    found = expected_revenue(money(2, 0, 1), money(30_000, 0, 9_000), typical)
    assert found[0] == 75_000
    assert found[1] == 0
    assert pd.isna(found[2])


def test_nothing_is_expected_of_those_who_have_ended_or_never_bought():
    typical = pd.Series([73.0, 73.0, 73.0], dtype="Float64")
    phase = words("ended", "prospect", "at_risk")
    found = potential(money(2, 0, 2), money(30_000, 0, 30_000), typical, phase)
    assert found.tolist() == [0, 0, 75_000]


def fields(
    revenues: list[int], expected: list[float], before: list[str | None], **policy: float
) -> list[str]:
    found = quadrants(
        money(*revenues),
        pd.Series(expected, dtype="Float64"),
        words(*before),
        ValuePolicy(**policy),
        1_000.0,
        2_000.0,
    )
    return found.tolist()


def test_low_and_high_make_four_fields():
    found = fields([999, 999, 1_000, 1_000], [1_999, 2_000, 1_999, 2_000], [None] * 4)
    assert found == ["small", "development", "premium", "top"]


def test_cuts_written_in_the_policy_are_in_the_projects_currency():
    assert fields([5_000], [70_000], [None], revenue=50, potential=700) == ["top"]
    assert fields([4_999], [69_999], [None], revenue=50, potential=700) == ["small"]


def test_the_field_changes_only_once_the_cut_is_crossed_by_a_tenth():
    stay = fields([1_099, 901], [0, 0], ["small", "premium"])
    leave = fields([1_100, 899], [0, 0], ["small", "premium"])
    assert stay == ["small", "premium"]
    assert leave == ["premium", "small"]


def test_nothing_is_never_high_even_where_the_median_is_nothing():
    found = quadrants(
        money(0), pd.Series([0.0], dtype="Float64"), words(None), ValuePolicy(), 0.0, None
    )
    assert found.tolist() == ["small"]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(0.91, 1.09), min_size=2, max_size=6),
    st.sampled_from(["small", "top", "premium", "development"]),
)
def test_wobbling_around_the_cut_does_not_flap(wobble: list[float], start: str):
    before = start
    for share in wobble:
        now = fields([int(1_000 * share)], [float(np.floor(2_000 * share))], [before])[0]
        assert now == before

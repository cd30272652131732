"""Who is kept out for comparison."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.journey.holdout import arms, position
from segments.policy import Policy
from segments.spec import Journey
from tests.builders import journey

KEYS = [f"K{number}" for number in range(4000)]


def _held_out(share, name="care", policy=0.0, purpose="service"):
    spec = Journey.model_validate(journey(name, holdout=share, purpose=purpose))
    found = arms(KEYS, spec, Policy(holdout=policy))
    return {key for key, arm in zip(KEYS, found, strict=True) if arm == "held_out"}


@given(st.floats(0, 1), st.floats(0, 1))
def test_raising_the_share_only_adds_customers(one, other):
    less, more = sorted((one, other))
    assert _held_out(less) <= _held_out(more)


def test_the_share_is_met_and_each_journey_draws_anew():
    first, second = _held_out(0.2), _held_out(0.2, name="other")
    assert 0.17 < len(first) / len(KEYS) < 0.23
    assert 0.02 < len(first & second) / len(KEYS) < 0.06


def test_the_global_holdout_keeps_the_same_customers_out_of_all_advertising():
    one = _held_out(0, "one", policy=0.1, purpose="advertising")
    other = _held_out(0, "other", policy=0.1, purpose="advertising")
    assert one == other != set()
    assert _held_out(0, "one", policy=0.1) == set()


@pytest.mark.parametrize("attention", ["legal", "complaint_recovery"])
def test_nobody_is_held_out_of_what_nobody_may_miss(attention):
    spec = Journey.model_validate(journey(purpose="advertising", attention=attention))
    assert set(arms(KEYS, spec, Policy(holdout=1.0))) == {"treated"}


def test_the_answer_is_the_same_on_every_machine():
    assert position("care", ["K1", "K2"]).round(6).tolist() == [0.841239, 0.93224]

"""What a comparison can show: against the textbook's factor, and by throwing dice."""

import numpy as np
import pytest

from segments.effect.power import detectable_effect, needed_customers


def test_the_factor_for_95_percent_and_four_out_of_five_is_the_textbooks():
    assert needed_customers(1.0, 1.0, 0.5) == pytest.approx(7.849 / 0.25, rel=1e-4)


def test_effect_and_number_of_customers_are_one_formula_turned_round():
    effect = detectable_effect(spread=400.0, customers=1_200, holdout=0.1)
    assert effect is not None
    assert needed_customers(400.0, effect, 0.1) == pytest.approx(1_200)


@pytest.mark.parametrize(
    ("customers", "holdout"), [(0, 0.1), (100, 0.0), (100, 1.0)], ids=["nobody", "none", "all"]
)
def test_where_nobody_is_compared_nothing_can_be_found(customers: int, holdout: float):
    assert detectable_effect(10.0, customers, holdout) is None


def test_a_larger_holdout_up_to_one_half_finds_smaller_effects():
    found = [detectable_effect(10.0, 1_000, share) for share in (0.05, 0.1, 0.2, 0.5)]
    assert found == sorted(found, reverse=True)


def test_the_promised_effect_is_found_four_times_out_of_five():
    rng = np.random.default_rng(3)
    customers, holdout, spread = 2_000, 0.2, 50.0
    effect = detectable_effect(spread, customers, holdout)
    assert effect is not None
    out = int(customers * holdout)
    held = rng.normal(100, spread, (2_000, out))
    treated = rng.normal(100 + effect, spread, (2_000, customers - out))
    error = np.sqrt(
        held.var(axis=1, ddof=1) / out + treated.var(axis=1, ddof=1) / (customers - out)
    )
    found = np.abs(treated.mean(axis=1) - held.mean(axis=1)) / error > 1.96
    assert found.mean() == pytest.approx(0.8, abs=0.04)

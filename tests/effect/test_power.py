"""What a comparison can show: against the textbook's factor, and by throwing dice."""

import numpy as np
import pytest

from segments.effect.estimate import estimate
from segments.effect.power import (
    PLANS,
    SEQUENTIAL,
    detectable_effect,
    holdout_costs,
    needed_customers,
    needed_weeks,
    plans,
    seen_before,
)
from segments.effect.sequence import half_width
from tests.effect.cases import sums


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


def test_what_the_past_explains_need_not_be_held_out_for():
    plain, adjusted = (needed_customers(50.0, 5.0, 0.1, share) for share in (0.0, 0.4))
    assert plain is not None
    assert adjusted == pytest.approx(0.6 * plain)
    effect = detectable_effect(50.0, 1_000, 0.1, 0.4)
    assert effect is not None
    assert needed_customers(50.0, effect, 0.1, 0.4) == pytest.approx(1_000)


def test_weeks_are_customers_by_their_pace():
    customers = needed_customers(50.0, 5.0, 0.1)
    assert customers is not None
    assert needed_weeks(50.0, 5.0, 40.0, 0.1) == pytest.approx(customers / 40)
    assert needed_weeks(50.0, 5.0, 0.0, 0.1) is None
    assert needed_weeks(50.0, 0.0, 40.0, 0.1) is None


def test_plans_are_the_same_formula_by_share_and_weeks():
    rows = plans(spread=400.0, weekly=100.0, shares=[0.1, 0.5], weeks=[4, 13], reduction=0.36)
    assert list(rows) == list(PLANS)
    assert rows["share"].tolist() == [0.1, 0.1, 0.5, 0.5]
    assert rows["held_out"].tolist() == [40, 130, 200, 650]
    for row in rows.to_dict("records"):
        expected = detectable_effect(400.0, row["customers"], row["share"])
        assert row["detectable"] == pytest.approx(expected)
        assert row["detectable_adjusted"] == pytest.approx(0.8 * expected)
        assert row["detectable_any_time"] == pytest.approx(0.8 * expected * SEQUENTIAL**0.5)
    assert plans(1.0, 0.0, [0.1], [4])["detectable"].isna().all()


def test_looking_at_any_time_costs_what_the_width_of_the_sequence_says():
    one = np.ones(1)
    width = half_width(one, one * 5000, 5000.0) / 1.959964
    assert width**2 == pytest.approx(SEQUENTIAL, abs=0.02)


def test_a_holdout_costs_what_those_held_out_would_have_brought():
    frame = sums([30, 20, 40, 30], [10, 20])
    row = holdout_costs(estimate(frame)).iloc[0]
    assert row["difference"] == 15
    assert row["cost"] == 30
    assert row["at_stake"] == 60
    assert (row["cost_low"], row["cost_high"]) == pytest.approx(
        (2 * row["adjusted_low"], 2 * row["adjusted_high"])
    )
    assert row["known_to"] == pytest.approx((row["high"] - row["low"]) / 2)


def test_spread_and_what_the_past_explains_come_from_the_same_sums():
    draw = np.random.default_rng(6)
    x = draw.exponential(50, 400)
    y = 0.6 * x + draw.exponential(30, 400)
    sums = {
        "complete": 400.0,
        "total": y.sum(),
        "squares": (y**2).sum(),
        "before": x.sum(),
        "before_squares": (x**2).sum(),
        "product": (x * y).sum(),
    }
    spread, explained = seen_before(sums)
    assert spread == pytest.approx(y.std(ddof=1))
    assert explained == pytest.approx(np.corrcoef(x, y)[0, 1] ** 2)
    assert seen_before(dict.fromkeys(sums, 0.0)) == (0.0, 0.0)

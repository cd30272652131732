"""What is said of a comparison: when it may be said, and how long it still takes."""

import numpy as np
import pandas as pd
import pytest

from segments.effect.estimate import estimate
from segments.effect.sequence import NEEDED, half_width
from tests.effect.cases import only, spending, sums

DRAW = np.random.default_rng(4)
LOW, HIGH = DRAW.normal(100, 10, 400), DRAW.normal(106, 10, 400)


def test_verdicts():
    rows = estimate(
        pd.concat(
            [
                sums(HIGH, LOW, journey="better"),
                sums(LOW, HIGH, journey="worse"),
                sums(LOW, LOW[::-1], journey="same"),
                sums(HIGH[:20], LOW, journey="small"),
                sums([*HIGH[:30], *[0] * 500], LOW, journey="rare", share=0.43),
                sums(HIGH, [], journey="everybody", share=0.0),
                sums([], HIGH, journey="nobody_treated", share=1.0),
            ]
        ).assign(expected=np.nan)
    ).set_index("journey")
    assert rows["verdict"].to_dict() == {
        "better": "helps",
        "worse": "hurts",
        "same": "undecided",
        "small": "undecided",
        "rare": "undecided",
        "everybody": "no_holdout",
        "nobody_treated": "undecided",
    }
    assert rows["missing"].to_dict() == {
        "better": 0,
        "worse": 0,
        "same": 0,
        "small": 30,
        "rare": 20,
        "everybody": NEEDED,
        "nobody_treated": NEEDED,
    }


@pytest.mark.parametrize("outcome", ["returns", "complaints", "unsubscribes"])
def test_fewer_returns_are_a_help(outcome: str):
    more, fewer = DRAW.binomial(1, 0.6, 900), DRAW.binomial(1, 0.2, 900)
    assert only(estimate(sums(fewer, more, outcome=outcome)))["verdict"] == "helps"
    assert only(estimate(sums(more, fewer, outcome=outcome)))["verdict"] == "hurts"
    assert only(estimate(sums(more, fewer, outcome="orders")))["verdict"] == "helps"


def test_no_effect_is_said_once_the_sequence_lies_within_what_matters():
    same = sums(LOW, LOW[::-1])
    assert only(estimate(same, 800, matters={"margin": 5}))["verdict"] == "no_effect"
    assert only(estimate(same, 800, matters={"margin": 1}))["verdict"] == "undecided"
    assert only(estimate(same, 800, matters={"orders": 5}))["verdict"] == "undecided"


def test_an_effect_seen_is_told_even_where_it_hardly_matters():
    assert only(estimate(sums(HIGH, LOW), 800, matters={"margin": 50}))["verdict"] == "helps"


def test_wrongly_divided_arms_get_no_verdict():
    row = only(estimate(sums(HIGH, LOW[:250]), pace=1))
    assert row["ratio_alarm"]
    assert row["verdict"] == "undecided"
    assert np.isnan(row["weeks_to_go"])


def test_weeks_to_go_are_those_until_the_sequence_is_as_narrow_as_the_difference():
    frame = sums(DRAW.normal(101, 10, 500), DRAW.normal(100, 10, 500))
    row = only(estimate(frame, 5000, pace=100, horizon=1000))
    assert row["verdict"] == "undecided"
    number = 1000 + 100 * row["weeks_to_go"]
    error = row["error"] * np.sqrt(1000 / number)
    half = half_width(np.array([error]), np.array([number]), 5000.0)
    assert half == pytest.approx(abs(row["difference"]))
    assert np.isnan(only(estimate(frame, 5000))["weeks_to_go"])


def test_what_matters_can_be_known_earlier_than_the_sign():
    frame = sums(LOW, LOW[::-1] + 0.01)
    rows = [
        only(estimate(frame, pace=10, matters=matters, horizon=1e9))
        for matters in ({"margin": 1.0}, None)
    ]
    assert 0 < rows[0]["weeks_to_go"] < rows[1]["weeks_to_go"]


def test_too_small_to_ever_tell_is_what_would_take_longer_than_anybody_waits():
    frame = sums(spending(300, 100, 1), spending(200, 100, 2), share=0.4)
    assert only(estimate(frame, pace=1, horizon=52))["verdict"] == "too_small"
    assert only(estimate(frame, pace=1, horizon=1e9))["verdict"] == "undecided"
    assert only(estimate(frame))["verdict"] == "undecided"


def test_missing_outcomes_are_waited_for_in_the_arm_that_lacks_them():
    frame = sums([1, 200] * 200, [0] * 30 + [1] * 10 + [2] * 9, share=0.109)
    row = only(estimate(frame, pace=449))
    # 31 more non-zero outcomes; of 449 customers, the held out bring about 20
    assert row["missing"] == 31
    assert row["weeks_to_go"] == pytest.approx(31 / 20)


def test_nothing_known_yet_means_no_weeks():
    frame = sums(np.full(80, np.nan), np.full(20, np.nan), share=0.2)
    row = only(estimate(frame, pace=5))
    assert row["verdict"] == "undecided"
    assert np.isnan(row["weeks_to_go"])
    assert row["missing"] == NEEDED


def test_no_entries_at_all_never_decide():
    row = only(estimate(sums(LOW, LOW[::-1] + 0.5), pace=0))
    assert row["weeks_to_go"] == np.inf
    assert row["verdict"] == "too_small"


def test_a_part_fills_at_its_share_of_the_pace():
    whole = sums(LOW, LOW[::-1] + 0.5)
    half = whole.assign(
        part="quadrant:top",
        **{name: whole[name] / 2 for name in whole.columns[4:]},
    )
    alone = only(estimate(half, pace=50, horizon=1e9))
    beside = estimate(pd.concat([whole, half]), pace=100, horizon=1e9)
    assert beside["weeks_to_go"].iloc[1] == pytest.approx(alone["weeks_to_go"])


def test_detectable_is_what_the_plan_finds_four_times_out_of_five():
    draw = np.random.default_rng(8)
    frame = sums(draw.normal(0, 10, 4000), draw.normal(0, 10, 1000), share=0.2)
    row = only(estimate(frame, planned=20_000))
    effect = row["detectable"]
    assert effect == pytest.approx(2.8016 * 10 / (20_000 * 0.2 * 0.8) ** 0.5, rel=0.05)
    trials = draw.normal(effect, 10 * (1 / 16_000 + 1 / 4_000) ** 0.5, 4000)
    found = np.abs(trials) > 1.959964 * 10 * (1 / 16_000 + 1 / 4_000) ** 0.5
    assert found.mean() == pytest.approx(0.8, abs=0.03)

"""Companies that live twice: what is true of them, and whether measuring finds it."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from flows.company.demand import chance
from flows.company.reactions import ARRIVES, lift
from flows.company.truth import OTHER_MESSAGE, true_effects
from flows.company.twins import Twins, live_twice
from segments.names import Arm, Yardstick
from tests.bench import rehearsed

FIRST = date(2026, 3, 2)
LIFTS = {"much": 1.0, "nothing": 0.0}
WINDOW = 40


@pytest.fixture(scope="module")
def twins() -> Twins:
    """Some thousand customers of two journeys."""
    return live_twice(5, 4000, LIFTS, FIRST, window=WINDOW, share=0.25)


def test_every_shipped_journey_has_a_true_effect_and_one_has_none() -> None:
    effects = true_effects()
    assert {"newsletter", "reassurance", "revitalization", "second_order"} <= set(effects)
    assert max(effects["newsletter"].messages.values()) == 0
    for effect in effects.values():
        messages = pd.Series(list(effect.messages))
        assert lift(messages).tolist() == list(effect.messages.values())
    assert lift(pd.Series(["of_our_own"])).tolist() == [OTHER_MESSAGE]


def test_a_journey_that_does_nothing_leaves_both_lives_alike(twins: Twins) -> None:
    people = twins.people
    idle = people["journey"] == "nothing"
    for outcome in (Yardstick.ORDERS, Yardstick.REVENUE, Yardstick.MARGIN, Yardstick.GOAL):
        brought = twins.brought(outcome)
        assert not brought[idle].any()
        assert twins.truth(outcome)["nothing"] == 0
        assert twins.truth(outcome)["much"] > 0


def test_what_a_journey_brings_is_what_its_parameters_say(twins: Twins) -> None:
    people = twins.people[twins.people["journey"] == "much"]
    brought = twins.brought(Yardstick.ORDERS)[people.index]
    touched = people["touched_at"].to_numpy("datetime64[D]")
    expected = sum(
        chance(people, 1.0, touched + day) - chance(people, 0.0, touched + day)
        for day in range(1, 32)
    )
    error = brought.std() / np.sqrt(len(brought))
    # Every fiftieth order is cancelled.
    assert brought.mean() == pytest.approx(expected.mean() * ARRIVES * 0.98, abs=4 * error)


def test_orders_are_those_of_the_life_that_was_lived(twins: Twins) -> None:
    people, units = twins.people, twins.units(Yardstick.ORDERS)
    held_out = people["arm"] == Arm.HELD_OUT
    assert 0.2 < held_out.mean() < 0.3
    assert units["y"][held_out].equals(people["without_orders"][held_out])
    assert units["y"][~held_out].equals(people["with_orders"][~held_out])
    sales = twins.orders[(twins.orders["kind"] == "sale") & twins.orders["cancelled_at"].isna()]
    lived = sales.groupby("customer").size().reindex(people["customer"], fill_value=0)
    happened = (units["x"] + units["y"]).to_numpy()
    # A window ends on the hour the touch was made, so its last morning may be one order short.
    assert (lived.to_numpy() >= happened).all()
    assert (lived.to_numpy() == happened).mean() > 0.99
    assert set(twins.lines["order"]) == set(twins.orders["order"])


def test_a_few_companies_are_measured_as_they_are() -> None:
    found = [rehearsed.company(seed, 1600, entering=30) for seed in range(1, 4)]
    judgements = rehearsed.judged(found)
    held = rehearsed.coverage(judgements)
    misled = rehearsed.errors(judgements)
    assert (held["cases"] == 3 * len(rehearsed.STRONGEST)).all()
    assert (held[["plain", "adjusted"]] >= 9 / 12).all(axis=None)
    assert (misled[["verdict", "verdict_of_nothing"]] == 0).all(axis=None)


def test_the_same_seed_makes_the_same_company() -> None:
    one, two, other = (
        live_twice(seed, 200, LIFTS, FIRST, window=WINDOW).people for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)

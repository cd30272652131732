"""How a comparison begins: written on entering, and the same whatever happens later."""

import pytest

from segments.decide import decide
from segments.journey.beginning import BEGINNING, beginnings
from tests.builders import NOW, ago, going_on, orders, profiles, specs, state

SPLIT = {
    "id": "which",
    "split": [
        {"variant": "short", "steps": [{"send": "short", "to": "buyer"}]},
        {"variant": "long", "weight": 3, "steps": [{"send": "long", "to": "buyer"}]},
    ],
}


def _entering(*journeys, number=200, **policy):
    people = [{"phase": "maturity", "quadrant": "top"} for _ in range(number)]
    bought = [{"customer_id": at + 1, "ordered_at": ago(0.5)} for at in range(number)]
    given = specs(*journeys, **policy)
    base = state(profiles(*people), bought=orders(*bought))
    plan = decide(base, given, NOW)
    assert len(plan.enrollments) == number * len(journeys)
    return plan, base, given, beginnings(plan.enrollments, base.profiles, given)


def test_share_window_phase_and_field_are_those_of_the_day_of_entry():
    care = {"holdout": "10%", "goal": {"event": "order", "within": "30 days"}}
    _, _, _, begun = _entering(care, number=3)
    assert list(begun) == list(BEGINNING)
    first = begun.iloc[0]
    assert (first["outcome_seconds"], first["drawn_share"]) == (30 * 86_400, pytest.approx(0.1))
    assert (first["phase"], first["quadrant"]) == ("maturity", "top")
    assert begun[["kept_out", "variants"]].isna().all(axis=None)


def test_without_a_goal_ninety_days_are_followed():
    assert _entering({}, number=1)[-1]["outcome_seconds"].tolist() == [90 * 86_400]


def test_the_house_keeps_the_same_customers_out_of_all_advertising():
    ads = [{"name": name, "purpose": "advertising"} for name in ("one", "two")]
    _, _, _, begun = _entering(*ads, holdout=0.2)
    kept = begun["kept_out"].to_numpy(dtype=bool).reshape(2, -1)
    assert (kept[0] == kept[1]).all()
    assert 0.1 < kept[0].mean() < 0.3
    assert begun["drawn_share"].unique() == pytest.approx([0.2])


def test_the_variant_noted_is_the_one_travelled():
    plan, _, _, begun = _entering({"steps": [SPLIT, {"wait": "9 days"}]})
    noted = begun["variants"]
    assert set(noted) == {"which=short", "which=long"}
    assert 0.6 < (noted == "which=long").mean() < 0.9
    assert going_on(plan)["flags"].tolist() == noted.tolist()
    sent = plan.sends.set_index("ref")["message"]
    assert ("which=" + sent.astype("str")).tolist() == noted.loc[sent.index].tolist()


def test_nobody_entering_is_no_row():
    _, base, given, _ = _entering({}, number=1)
    nobody = decide(base, given, NOW).enrollments.iloc[:0]
    assert list(beginnings(nobody, base.profiles, given)) == list(BEGINNING)

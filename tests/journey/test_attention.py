"""Who may take a customer's attention, case by case."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from segments.decide import decide
from segments.journey.budgets import compile_budgets
from segments.journey.program import ProgramError
from segments.names import AttentionClass
from segments.policy import Policy
from segments.state import Specs
from tests.builders import NOW, ago, contacts, orders, profiles, specs, state
from tests.journey.bidding import ANY_TIME, bid, coming, told

FREE = {"caps": [], "min_gap": "0 days", "look_ahead": "0 days"}
DAY = timedelta(days=1)


def house(*journeys: dict[str, Any], **attention: Any) -> Specs:
    """Journeys that may write at any hour, and nothing limited but what is said."""
    return specs(*journeys, calendar=ANY_TIME, attention=FREE | attention)


def touch(days: float, purpose: str = "service", **more: Any) -> dict[str, Any]:
    """A message of another journey so many days ago; of no purpose: a colleague's call."""
    journey = "earlier" if purpose else ""
    return {"customer_id": 1, "at": ago(days), "purpose": purpose, "journey": journey, **more}


def test_the_class_decides_before_anything_else():
    names = [word.value for word in AttentionClass if word != AttentionClass.LEGAL]
    spec = house(
        *(
            {"name": name, "attention": name, "priority": 10 * place, "value": place}
            for place, name in enumerate(names)
        )
    )
    while len(spec.programs) > 1:
        sends = bid(spec)
        best = spec.programs[0].name
        assert list(sends.index[sends["outcome"] == "queued"]) == [best]
        others = sends.drop(best)
        assert set(others["reason"]) == {"outranked"}
        assert set(others["outranked_by"]) == {best}
        spec = Specs(spec.policy, spec.programs[1:])


@pytest.mark.parametrize(
    ("loser", "winner", "why"),
    [
        ({"attention": "repeat"}, {"attention": "reassurance"}, "reassurance > repeat"),
        ({"priority": 40}, {"priority": 80}, "service 80 > 40"),
        ({"value": 3}, {"value": 12.5}, "service: value 12.5 > 3"),
        (
            {"valid_for": "3 days"},
            {"valid_for": "2 days"},
            "service: valid until 2026-06-17 00:00 < 2026-06-18 00:00",
        ),
    ],
    ids=["class", "priority", "value", "deadline"],
)
def test_the_loser_is_told_by_whom_and_by_what_it_was_outranked(loser, winner, why):
    sends = bid(house({"name": "a_loser", **loser}, {"name": "winner", **winner}))
    assert sends.loc["winner", "outcome"] == "queued"
    assert told(sends, "a_loser") == ["deferred", "outranked", why]
    assert sends.loc["a_loser", "outranked_by"] == "winner"


def test_alike_in_everything_the_lot_decides_and_favours_nobody():
    people = profiles(*({} for _ in range(60)))
    spec = house({"name": "one"}, {"name": "two"})
    rows = [
        {"journey": name, "customer_id": number}
        for number in people["customer_id"]
        for name in ("one", "two")
    ]
    sends = bid(spec, *rows, people=people)
    won = sends[sends["outcome"] == "queued"]
    assert won["customer_id"].is_unique
    assert len(won) == 60
    assert 15 < (won["journey"] == "one").sum() < 45
    assert set(sends["why"].dropna()) == {"service 50 = 50: by lot"}


@pytest.mark.parametrize(
    ("ago_days", "purpose", "outcome"),
    [
        (7, "advertising", "queued"),
        (6.999, "advertising", "deferred"),
        (1, "service", "queued"),
        (1, "", "queued"),
    ],
    ids=["a whole week", "a minute less", "another purpose", "a call"],
)
def test_a_cap_of_a_purpose_counts_its_messages_to_the_minute(ago_days, purpose, outcome):
    cap = {"most": 1, "within": "7 days", "purpose": "advertising"}
    spec = house({"purpose": "advertising"}, caps=[cap])
    sends = bid(spec, touches=[touch(ago_days, purpose)])
    assert sends.loc["care", "outcome"] == outcome


def test_a_cap_of_all_counts_messages_of_every_kind_and_what_colleagues_did():
    spec = house({}, caps=[{"most": 3, "within": "7 days"}])
    got = [touch(1, "survey"), touch(2, ""), touch(3, "legal"), touch(8)]
    assert told(bid(spec, touches=got), "care") == ["deferred", "capped", "3 of 3 in 7 days"]
    assert bid(spec, touches=got[1:]).loc["care", "outcome"] == "queued"


def test_a_message_that_is_to_go_later_today_counts_as_well():
    spec = house({}, caps=[{"most": 1, "within": "2 hours"}])
    later = [{**touch(0, ""), "at": NOW + timedelta(hours=1)}]
    assert bid(spec, touches=later).loc["care", "reason"] == "capped"


def test_the_gap_counts_days_of_the_business_whatever_the_hour():
    spec = house({}, min_gap="2 days")
    late = [{**touch(0), "at": NOW - timedelta(hours=8)}]
    assert told(bid(spec, touches=late), "care") == [
        "deferred",
        "too_soon",
        "earlier on 2026-06-14, gap 2 days",
    ]
    assert bid(spec, touches=late, now=NOW + DAY).loc["care", "outcome"] == "queued"


def test_a_call_of_today_keeps_the_gap_and_is_no_message_of_today():
    called = [touch(0.01, "")]
    assert bid(house({}), touches=called).loc["care", "outcome"] == "queued"
    assert told(bid(house({}, min_gap="1 day"), touches=called), "care") == [
        "deferred",
        "too_soon",
        "a colleague on 2026-06-15, gap 1 day",
    ]


def test_whoever_got_a_message_today_is_outranked_by_it():
    sends = bid(house({}, min_gap="2 days"), touches=[touch(0.01)])
    assert told(sends, "care") == ["deferred", "outranked", "earlier went today"]
    assert sends.loc["care", "outranked_by"] == "earlier"


def test_legal_messages_go_on_any_day_and_the_others_wait_for_them():
    spec = house(
        {"name": "law", "purpose": "legal"},
        {"name": "terms", "purpose": "legal", "priority": 10},
        {"name": "help"},
        caps=[{"most": 0, "within": "7 days"}],
        min_gap="9 days",
    )
    sends = bid(spec, touches=[touch(0.01)])
    assert list(sends.loc[["law", "terms"], "outcome"]) == ["queued", "queued"]
    assert sends.loc["help", "reason"] == "capped"
    free = bid(house({"name": "law", "purpose": "legal"}, {"name": "help"}))
    assert told(free, "help") == ["deferred", "outranked", "legal > service"]


def test_exempt_classes_pass_caps_and_gap_but_there_is_one_message_a_day():
    spec = house(
        {"attention": "complaint_recovery"},
        caps=[{"most": 1, "within": "7 days"}],
        min_gap="3 days",
    )
    assert bid(spec, touches=[touch(1)]).loc["care", "outcome"] == "queued"
    assert bid(spec, touches=[touch(0.01)]).loc["care", "reason"] == "outranked"


def test_messages_of_one_step_to_several_people_are_one_touch():
    spec = house({}, caps=[{"most": 2, "within": "30 days"}], min_gap="5 days")
    step = {"enrollment_id": 7, "node": "intro"}
    to_three = [touch(6, **step), touch(6, **step), touch(7, **step)]
    assert bid(spec, touches=to_three).loc["care", "outcome"] == "queued"
    own = [touch(0.01, enrollment_id=1, node="thanks", journey="care")]
    assert bid(spec, touches=own).loc["care", "outcome"] == "queued"


def test_several_people_share_the_fate_of_their_message():
    to = {"roles": ["decision_maker", "user"], "max": 2}
    spec = house({"steps": [{"send": "thanks", "to": to}]}, caps=[{"most": 1, "within": "7 days"}])
    people = contacts(
        {"role": "user"}, {"role": "decision_maker", "customer_id": 1}, {"customer_id": 1}
    )
    sends = bid(spec, to=people)
    assert list(sends["contact_id"]) == [102, 101]
    assert list(sends["outcome"]) == ["queued", "queued"]
    full = bid(spec, to=people, touches=[touch(1)])
    assert list(full["reason"]) == ["capped", "capped"]


def test_a_weak_message_does_not_block_a_strong_one_that_is_due_soon():
    weak, strong = {"name": "weak", "attention": "newsletter"}, {"name": "strong"}
    spec = house(weak, strong, min_gap="2 days", look_ahead="3 days")
    version = spec.programs[1].version
    ahead = coming({"journey": "strong", "version": version, "due_at": NOW + DAY})
    sends = bid(spec, {"journey": "weak"}, ahead=ahead)
    assert told(sends, "weak") == ["deferred", "outranked", "saved for strong on 2026-06-16"]
    assert sends.loc["weak", "outranked_by"] == "strong"
    assert bid(spec, {"journey": "weak"}).loc["weak", "outcome"] == "queued"


@pytest.mark.parametrize(
    ("weak", "strong", "due", "attention"),
    [
        ({}, {}, 1, {}),
        ({}, {"priority": 90}, 2, {}),
        ({}, {"priority": 90, "status": "shadow"}, 1, {}),
        ({"valid_for": "2 days"}, {"priority": 90}, 1, {}),
        ({"attention": "complaint_recovery"}, {"priority": 90}, 1, {}),
        ({"attention": "repeat"}, {"purpose": "legal"}, 1, {}),
        ({}, {"priority": 90}, 1, {"look_ahead": "0 days"}),
        ({}, {"priority": 90}, 0.1, {}),
    ],
    ids=[
        "no stronger",
        "gap over by then",
        "shadow",
        "would be stale",
        "exempt",
        "legal goes anyway",
        "not looking",
        "today",
    ],
)
def test_nothing_is_saved_where_it_would_not_help(weak, strong, due, attention):
    attention = {"min_gap": "2 days", "look_ahead": "3 days", **attention}
    spec = house({"name": "weak", **weak}, {"name": "strong", **strong}, **attention)
    version = spec.programs[1].version
    ahead = coming({"journey": "strong", "version": version, "due_at": NOW + due * DAY})
    assert bid(spec, {"journey": "weak"}, ahead=ahead).loc["weak", "outcome"] == "queued"


def test_deciding_looks_ahead_through_waits_and_choices():
    way = [{"when": "order_value >= 500", "steps": [{"send": "thanks"}]}, {"else": []}]
    steps = [{"wait": "2 days"}, {"choose": way}]
    spec = house(
        {"name": "weak", "priority": 10},
        {"name": "strong", "priority": 90, "steps": steps},
        min_gap="3 days",
        look_ahead="3 days",
    )
    for value, outcome in ((50_000, "deferred"), (49_999, "queued")):
        bought = orders({"order_value": value})
        sends = decide(state(profiles({}), bought=bought), spec, NOW).sends
        assert list(sends["outcome"]) == [outcome]
        assert sends["why"].iloc[0] == "saved for strong on 2026-06-17" or value < 50_000


def test_what_is_due_on_sunday_is_expected_on_monday():
    weak, strong = {"name": "weak", "priority": 10}, {"name": "strong", "priority": 90}
    attention = FREE | {"min_gap": "2 days", "look_ahead": "3 days"}
    hours = {"hours": {"service": "monday-friday 8:00-18:00"}}
    friday = NOW + 4 * DAY
    for calendar, outcome in ((hours, "queued"), (ANY_TIME, "deferred")):
        spec = specs(weak, strong, calendar=calendar, attention=attention)
        version = spec.programs[1].version
        ahead = coming({"journey": "strong", "version": version, "due_at": friday + DAY})
        sends = bid(spec, {"journey": "weak"}, now=friday, ahead=ahead)
        assert sends.loc["weak", "outcome"] == outcome


def test_a_message_that_would_become_stale_gives_way_to_a_higher_class_only():
    weak = {"name": "weak", "attention": "newsletter", "valid_for": "2 days"}
    spec = house(weak, {"name": "strong"}, min_gap="2 days", look_ahead="3 days")
    version = spec.programs[1].version
    ahead = coming({"journey": "strong", "version": version, "due_at": NOW + DAY})
    assert bid(spec, {"journey": "weak"}, ahead=ahead).loc["weak", "reason"] == "outranked"


def test_a_message_waits_where_it_would_take_the_last_place_in_a_cap():
    spec = house(
        {"name": "weak", "priority": 10},
        {"name": "strong", "priority": 90},
        caps=[{"most": 2, "within": "7 days"}],
        look_ahead="3 days",
    )
    version = spec.programs[1].version
    ahead = coming({"journey": "strong", "version": version, "due_at": NOW + 2 * DAY})
    for touches, outcome in (
        ([touch(3)], "deferred"),
        ([], "queued"),
        ([touch(5.5)], "queued"),
        ([touch(3), touch(3.5)], "deferred"),
    ):
        sends = bid(spec, {"journey": "weak"}, ahead=ahead, touches=touches)
        assert sends.loc["weak", "outcome"] == outcome, touches
    assert sends.loc["weak", "reason"] == "capped"


@pytest.mark.parametrize(
    ("profile", "person"),
    [
        ({}, {"consent_advertising": False}),
        ({"open_complaints": 1}, {}),
        ({"sales_lock": True}, {}),
    ],
    ids=["no permission", "complaint", "sales lock"],
)
def test_no_place_is_saved_for_what_could_not_go(profile, person):
    weak = {"name": "weak", "attention": "win_back"}
    strong = {"name": "strong", "purpose": "advertising"}
    spec = house(weak, strong, min_gap="2 days", look_ahead="3 days")
    version = spec.programs[1].version
    ahead = coming({"journey": "strong", "version": version, "due_at": NOW + DAY})
    sends = bid(
        spec, {"journey": "weak"}, ahead=ahead, people=profiles(profile), to=contacts(person)
    )
    assert sends.loc["weak", "outcome"] == "queued"


def test_budgets_differ_and_the_first_rule_that_applies_counts():
    attention = FREE | {
        "caps": [{"most": 1, "within": "7 days"}],
        "budgets": [
            {"when": 'quadrant == "top"', "caps": [{"most": 2, "within": "7 days"}]},
            {"when": "responses_90d == 0", "min_gap": "5 days", "caps": []},
            {"when": 'quadrant in ["top", "premium"]', "caps": []},
        ],
    }
    policy = Policy.model_validate({"calendar": ANY_TIME, "attention": attention})
    spec = house({})
    spec = Specs(policy, spec.programs, budgets=compile_budgets(policy.attention, {}))
    people = profiles(
        {"quadrant": "top", "responses_90d": 0},
        {"quadrant": "small", "responses_90d": 0},
        {"quadrant": "premium"},
        {"quadrant": "small"},
    )
    rows = [{"customer_id": number} for number in people["customer_id"]]
    touches = [{**touch(2), "customer_id": number} for number in people["customer_id"]]
    sends = bid(spec, *rows, people=people, touches=touches).set_index("customer_id")
    assert list(sends["reason"].astype(object).where(sends["reason"].notna(), None)) == [
        None,
        "too_soon",
        None,
        "capped",
    ]


def test_faults_of_budgets_are_all_told_with_their_place():
    policy = Policy.model_validate(
        {
            "attention": {
                "budgets": [{"when": "quadrnt == 1"}, {"when": "orders > 1"}, {"when": "("}]
            }
        }
    )
    with pytest.raises(ProgramError) as caught:
        compile_budgets(policy.attention, {})
    places = [place for place, _ in caught.value.faults]
    assert places == [("attention", "budgets", 0, "when"), ("attention", "budgets", 2, "when")]
    assert 'Did you mean "quadrant"?' in caught.value.faults[0][1]


@pytest.mark.parametrize(
    "written",
    [
        {"caps": [{"most": 1, "within": "1 month"}]},
        {"caps": [{"most": 1, "within": "0 days"}]},
        {"caps": [{"most": -1, "within": "7 days"}]},
        {"min_gap": "4 hours"},
        {"look_ahead": "2 business days"},
        {"budgets": [{"when": "orders > 1", "min_gap": "1 month"}]},
    ],
    ids=["month", "nothing", "below nought", "hours", "business days", "of a budget"],
)
def test_what_cannot_be_counted_is_refused(written):
    with pytest.raises(ValueError, match=r"Write|greater than"):
        Policy.model_validate({"attention": written})


def test_the_policy_says_how_far_back_touches_matter():
    policy = Policy.model_validate(
        {
            "attention": {
                "budgets": [{"when": "orders > 1", "caps": [{"most": 9, "within": "90 days"}]}]
            }
        }
    )
    assert policy.attention.memory == timedelta(days=90)
    assert Policy.model_validate({"attention": FREE}).attention.memory == DAY


def test_ghosts_take_the_place_a_message_would_have_taken():
    spec = house({"name": "first", "priority": 90}, {"name": "second"})
    rows = [{"journey": "first", "arm": "held_out"}, {"journey": "second"}]
    sends = bid(spec, *rows)
    assert list(sends["outcome"]) == ["ghost", "deferred"]
    assert pd.isna(sends.loc["first", "reason"])

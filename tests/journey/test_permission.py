"""The law of writing to people: who may get what, on what basis, and if not, why not."""

from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.journey.permission import objecting, permission, unused
from segments.names import Purpose
from segments.policy import Policy
from segments.spans import Span
from tests.builders import NOW, ago, contacts, frame

NOTHING: dict[str, Any] = {"consent_advertising": False, "consent_survey": False}
SAFETY = {"similar_to": {"masks": ["masks", "gloves"], "helmets": ["helmets"]}}


def verdicts(
    *people: dict[str, Any],
    purpose: str = "advertising",
    bought: dict[int, list[str]] | None = None,
    about: Any = (),
    now: Any = NOW,
    **rules: Any,
) -> list[str]:
    """Basis, or reason in brackets, of contacts 101, 102, ... who have said nothing so far."""
    rows = [
        {"contact_id": number, "category": category}
        for number, categories in (bought or {}).items()
        for category in categories
    ]
    found = permission(
        contacts(*({**NOTHING, **person} for person in people)),
        frame("grounds", *rows),
        Purpose(purpose),
        about,
        Policy.model_validate({"permission": rules}),
        now,
    )
    assert (found["basis"].isna() != found["reason"].isna()).all()
    told: list[str] = found["basis"].fillna("(" + found["reason"] + ")").tolist()
    return told


def test_advertising_needs_consent_between_businesses_too() -> None:
    assert verdicts({}, {"consent_advertising": True}) == ["(no_permission)", "consent"]


@pytest.mark.parametrize("purpose", ["service", "legal"])
def test_what_performs_the_contract_needs_no_consent(purpose: str) -> None:
    assert verdicts({}, {"objected": True}, purpose=purpose) == ["contract", "contract"]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_nobody_is_written_to_without_an_address_or_at_one_that_is_barred(purpose: str) -> None:
    everything = {"consent_advertising": True, "consent_survey": True}
    people = ({"has_address": False}, {"suppressed": True}, {"suppressed": True, "objected": True})
    assert verdicts(*({**everything, **person} for person in people), purpose=purpose) == [
        "(no_address)",
        "(suppressed)",
        "(suppressed)",
    ]


@pytest.mark.parametrize("purpose", list(Purpose))
@pytest.mark.parametrize("barred", [Purpose.SERVICE, Purpose.LEGAL])
def test_what_performs_the_contract_may_be_barred_by_itself(purpose: Purpose, barred: Purpose):
    people = contacts({}, {}).assign(**{f"suppressed_{barred}": [False, True]})
    found = permission(people, frame("grounds"), purpose, (), Policy(), NOW)
    assert found["basis"].notna().tolist() == [True, purpose != barred]
    assert found["reason"].tolist()[1:] == (["suppressed"] if purpose == barred else [np.nan])


def test_whoever_bought_masks_may_hear_of_masks_and_gloves_but_not_of_helmets() -> None:
    def about(*categories: str) -> list[str]:
        return verdicts({}, {}, bought={101: ["masks"]}, about=categories, **SAFETY)

    assert about("masks") == ["existing_customer", "(no_permission)"]
    assert about("masks", "gloves") == ["existing_customer", "(no_permission)"]
    assert about("helmets") == ["(not_similar)", "(no_permission)"]


def test_a_newsletter_across_all_goods_goes_to_those_who_consented_only() -> None:
    people = ({}, {"consent_advertising": True})
    bought = {101: ["masks"], 102: ["masks"]}
    for about in (("masks", "helmets"), ()):
        assert verdicts(*people, bought=bought, about=about, **SAFETY) == [
            "(not_similar)",
            "consent",
        ]


def test_two_purchases_together_may_carry_a_message() -> None:
    bought = {101: ["masks", "helmets"], 102: ["masks"]}
    assert verdicts({}, {}, bought=bought, about=("gloves", "helmets"), **SAFETY) == [
        "existing_customer",
        "(not_similar)",
    ]


def test_similar_is_what_somebody_wrote_down_and_one_way_only() -> None:
    bought = {101: ["gloves"], 102: ["lamps"]}
    assert verdicts({}, {}, bought=bought, about=("masks",), **SAFETY) == ["(not_similar)"] * 2
    assert verdicts({}, {}, bought=bought, about=("lamps",), **SAFETY) == [
        "(not_similar)",
        "existing_customer",
    ]
    nothing = {"similar_to": {"lamps": []}}
    assert verdicts({}, {}, bought=bought, about=("lamps",), **nothing) == ["(not_similar)"] * 2


@pytest.mark.parametrize("typed", [list, np.array, pd.Series], ids=["text", "objects", "series"])
def test_a_message_about_the_order_is_about_other_goods_for_everybody(typed: Any) -> None:
    about = typed(["masks", "masks\ngloves", "masks\nhelmets", "", "masks"])
    if typed is list:
        about = pd.Series(about, dtype="str")
    if typed is np.array:
        about = about.astype(object)
        about[3] = None
    bought = {number: ["masks"] for number in (101, 102, 103, 104)}
    assert verdicts({}, {}, {}, {}, {}, bought=bought, about=about, **SAFETY) == [
        "existing_customer",
        "existing_customer",
        "(not_similar)",
        "(not_similar)",
        "(no_permission)",
    ]


def test_the_basis_is_told_and_consent_is_named_first() -> None:
    bought = {101: ["masks"], 102: ["masks"]}
    people = ({"consent_advertising": True}, {})
    assert verdicts(*people, bought=bought, about=("masks",)) == ["consent", "existing_customer"]


def test_a_consent_counts_only_once_it_is_confirmed() -> None:
    asked = {"unconfirmed_advertising": True, "unconfirmed_survey": True}
    for purpose in ("advertising", "survey"):
        assert verdicts(asked, purpose=purpose) == ["(no_permission)"]
        assert verdicts(asked, purpose=purpose, double_opt_in=False) == ["consent"]


def test_a_consent_nobody_used_for_long_sleeps_where_the_policy_says_so() -> None:
    people = tuple(
        {"consent_advertising": True, "used_advertising": at}
        for at in (ago(30), NOW - timedelta(days=729), NOW - timedelta(days=730), ago(1000))
    )
    assert verdicts(*people) == ["consent"] * 4
    assert verdicts(*people, consent_dormant_after="24 months") == [
        "consent",
        "consent",
        "(consent_dormant)",
        "(consent_dormant)",
    ]
    assert verdicts(*people, consent_dormant_after="29 days") == ["(consent_dormant)"] * 4


def test_the_exception_wakes_whom_a_sleeping_consent_lost() -> None:
    asleep = {"consent_advertising": True, "used_advertising": ago(999)}
    rules = {"consent_dormant_after": "24 months", "bought": {101: ["masks"]}}
    assert verdicts(asleep, about=("masks",), **rules) == ["existing_customer"]
    assert verdicts(asleep, about=("helmets",), **rules) == ["(consent_dormant)"]


def test_long_unused_consents_can_be_counted_before_they_sleep() -> None:
    people = contacts({"used_advertising": ago(400)}, {"used_survey": ago(400)}, {})
    people["used_advertising"] = people["used_advertising"].where(people["contact_id"] != 103)
    year = Span(12, "months")
    assert list(unused(people, Purpose.ADVERTISING, year, NOW)) == [True, False, False]
    assert list(unused(people, Purpose.SURVEY, year, NOW)) == [False, True, False]


@pytest.mark.parametrize(
    ("person", "verdict"),
    [
        ({}, "(no_permission)"),
        ({"consent_survey": True}, "consent"),
        ({"consent_advertising": True}, "consent"),
        ({"consent_advertising": True, "suppressed_survey": True}, "(suppressed)"),
        ({"consent_advertising": True, "suppressed_advertising": True}, "(suppressed)"),
        ({"consent_survey": True, "suppressed_advertising": True}, "consent"),
        ({"consent_survey": True, "suppressed_survey": True}, "(suppressed)"),
        ({"consent_survey": True, "objected": True}, "(objected)"),
    ],
    ids=[
        "nothing said",
        "agreed to surveys",
        "agreed to advertising",
        "no more surveys",
        "no more advertising",
        "surveys yes, advertising no",
        "surveys no more after all",
        "objected",
    ],
)
def test_a_survey_is_advertising_but_for_those_who_agreed_to_surveys(
    person: dict[str, Any], verdict: str
) -> None:
    assert verdicts(person, purpose="survey") == [verdict]


def test_a_survey_about_what_was_bought_may_go_to_existing_customers() -> None:
    bought = {101: ["masks"], 102: ["lamps"]}
    assert verdicts({}, {}, purpose="survey", bought=bought, about=("masks",)) == [
        "existing_customer",
        "(not_similar)",
    ]


def test_an_unsubscribed_address_gets_no_advertising_but_its_service() -> None:
    person = {"consent_advertising": True, "suppressed_advertising": True}
    assert verdicts(person) == ["(suppressed)"]
    assert verdicts(person, purpose="service") == ["contract"]


@pytest.mark.parametrize("purpose", ["advertising", "survey"])
def test_an_objection_beats_every_ground(purpose: str) -> None:
    person = {"consent_advertising": True, "consent_survey": True, "objected": True}
    found = verdicts(person, purpose=purpose, bought={101: ["masks"]}, about=("masks",))
    assert found == ["(objected)"]


def test_a_customer_all_of_whose_people_objected_is_left_out_of_profiling() -> None:
    people = contacts(
        {"customer_id": 1, "objected": True},
        {"customer_id": 1, "objected": True},
        {"customer_id": 2, "objected": True},
        {"customer_id": 2},
        {"customer_id": 3},
        {"customer_id": 4, "objected": True},
    )
    assert list(objecting(people)) == [1, 4]
    assert list(objecting(people.iloc[::-1])) == [1, 4]
    assert list(objecting(people[~people["objected"]])) == []
    assert list(objecting(people.head(0))) == []


def test_nobody_is_decided_about_nobody() -> None:
    assert verdicts() == []
    assert verdicts(about=pd.Series([], dtype="str")) == []


_flags = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in (
            "has_address",
            "suppressed",
            "suppressed_advertising",
            "suppressed_survey",
            "consent_advertising",
            "consent_survey",
            "unconfirmed_advertising",
            "unconfirmed_survey",
            "objected",
        )
    }
    | {name: st.sampled_from([ago(5), ago(900)]) for name in ("used_advertising", "used_survey")}
)
_goods = st.sampled_from(["masks", "gloves", "helmets", "lamps"])
_cases = st.fixed_dictionaries(
    {
        "people": st.lists(_flags, min_size=1, max_size=4),
        "purpose": st.sampled_from([str(purpose) for purpose in Purpose]),
        "grounds": st.lists(st.tuples(st.integers(101, 104), _goods), max_size=6),
        "lists": st.lists(st.lists(_goods, max_size=3), min_size=4, max_size=4),
        "each": st.booleans(),
        "rules": st.fixed_dictionaries(
            {
                "double_opt_in": st.booleans(),
                "consent_dormant_after": st.sampled_from([None, "24 months"]),
                "similar_to": st.sampled_from([{}, SAFETY["similar_to"]]),
            }
        ),
    }
)


def judged(case: dict[str, Any], grounds: list[tuple[int, str]]) -> list[str]:
    bought: dict[int, list[str]] = {}
    for number, category in grounds:
        bought.setdefault(number, []).append(category)
    about: Any = tuple(case["lists"][0])
    if case["each"]:
        about = pd.Series(["\n".join(case["lists"][n]) for n, _ in enumerate(case["people"])])
    people = case["people"]
    return verdicts(*people, purpose=case["purpose"], bought=bought, about=about, **case["rules"])


@settings(deadline=None, max_examples=60)
@given(_cases, st.data())
def test_an_objection_more_or_a_ground_less_never_allows_more(
    case: dict[str, Any], data: st.DataObject
) -> None:
    before = judged(case, case["grounds"])
    place = data.draw(st.integers(0, len(case["people"]) - 1))
    objecting_one = [
        {**person, "objected": True} if place == number else person
        for number, person in enumerate(case["people"])
    ]
    without = data.draw(st.sets(st.sampled_from(case["grounds"]))) if case["grounds"] else set()
    fewer = [ground for ground in case["grounds"] if ground not in without]
    no_consent = [{**person, "consent_advertising": False} for person in case["people"]]
    for after in (
        judged({**case, "people": objecting_one}, case["grounds"]),
        judged(case, fewer),
        judged({**case, "people": no_consent}, case["grounds"]),
    ):
        assert all(
            now.startswith("(") or not then.startswith("(")
            for then, now in zip(before, after, strict=True)
        )


@settings(deadline=None, max_examples=60)
@given(_cases)
def test_the_law_agrees_with_a_plain_reading_of_it(case: dict[str, Any]) -> None:
    lists = case["lists"] if case["each"] else [case["lists"][0]] * 4
    found = judged(case, case["grounds"])
    for number, person in enumerate(case["people"]):
        theirs = [category for who, category in case["grounds"] if who == 101 + number]
        assert found[number] == plainly(
            person, theirs, lists[number], case["purpose"], case["rules"]
        )


def plainly(
    person: dict[str, Any],
    bought: list[str],
    about: list[str],
    purpose: str,
    rules: dict[str, Any],
) -> str:
    """One contact at a time, in the order in which a lawyer would ask."""
    if not person["has_address"]:
        return "(no_address)"
    if person["suppressed"]:
        return "(suppressed)"
    if purpose in ("service", "legal"):
        return "contract"

    def agreed(scope: str) -> str | None:
        given = person[f"consent_{scope}"]
        given |= person[f"unconfirmed_{scope}"] and not rules["double_opt_in"]
        if not given:
            return None
        asleep = rules["consent_dormant_after"] and person[f"used_{scope}"] == ago(900)
        return "asleep" if asleep else "awake"

    consents = {agreed(purpose)}
    if person[f"suppressed_{purpose}"]:
        return "(suppressed)"
    if purpose == "survey":
        if person["suppressed_advertising"] and agreed("survey") != "awake":
            return "(suppressed)"
        consents.add(agreed("advertising"))
    if person["objected"]:
        return "(objected)"
    if "awake" in consents:
        return "consent"
    map_ = rules["similar_to"]
    offered = {each for category in bought for each in map_.get(category, [category])}
    if about and set(about) <= offered:
        return "existing_customer"
    if "asleep" in consents:
        return "(consent_dormant)"
    return "(not_similar)" if bought else "(no_permission)"

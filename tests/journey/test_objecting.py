"""What permission does to journeys: objections keep out of them, goods and basis go with sends."""

from typing import Any

import pytest

from segments.decide import decide
from tests.builders import NOW, contacts, going_on, orders, profiles, specs, state

OFFER = {"purpose": "advertising", "holdout": "50%"}
CALL = {
    **OFFER,
    "holdout": "0%",
    "steps": [{"wait": "1 day"}, {"task": {"call": "owner", "about": "Offer"}}, {"send": "offer"}],
}
AGAINST = {"objected": True}


def test_customers_who_all_object_enter_no_advertising_and_no_comparison_of_it() -> None:
    people = [{"orders": 1} for _ in range(20)]
    bought = orders(*({"customer_id": number} for number in range(1, 21)))
    everybody = contacts(*(AGAINST for _ in people))
    plan = decide(state(profiles(*people), to=everybody, bought=bought), specs(OFFER), NOW)
    assert plan.enrollments.empty
    assert plan.sends.empty


def test_one_person_who_does_not_object_is_enough() -> None:
    two = contacts({"customer_id": 1, **AGAINST}, {"customer_id": 1, "role": "user"})
    plan = decide(
        state(profiles({}), to=two, bought=orders({})), specs({**OFFER, "holdout": "0%"}), NOW
    )
    assert plan.sends["contact_id"].tolist() == [102]


@pytest.mark.parametrize("purpose", ["service", "legal"])
def test_an_objection_keeps_nobody_out_of_their_service(purpose: str) -> None:
    plan = decide(
        state(profiles({}), to=contacts(AGAINST), bought=orders({})),
        specs({"purpose": purpose}),
        NOW,
    )
    assert plan.sends["outcome"].tolist() == ["queued"]


@pytest.mark.parametrize(
    ("purpose", "person", "tasks"),
    [("advertising", AGAINST, 0), ("advertising", {}, 1), ("service", AGAINST, 1)],
    ids=["objected under way", "nobody objected", "a task of service"],
)
def test_no_task_of_advertising_is_made_for_who_objected_under_way(
    purpose: str, person: dict[str, Any], tasks: int
) -> None:
    journey = specs({**CALL, "purpose": purpose})
    first = state(profiles({}), bought=orders({"ordered_at": NOW}))
    under_way = going_on(decide(first, journey, NOW))
    later = NOW.replace(day=17)
    second = state(profiles({}), to=contacts(person), under_way=under_way)
    plan = decide(second, journey, later)
    assert len(plan.tasks) == tasks
    refused = "objected" if purpose == "advertising" and person else None
    assert plan.sends["reason"].fillna("").tolist() == [refused or ""]


@pytest.mark.parametrize(
    ("categories", "told"),
    [
        ("order", ("queued", "existing_customer", "")),
        (["chairs"], ("queued", "existing_customer", "")),
        (["chairs", "lamps"], ("skipped", "", "not_similar")),
        (None, ("skipped", "", "not_similar")),
    ],
)
def test_existing_customers_hear_of_what_is_like_what_they_bought(
    categories: Any, told: tuple[str, str, str]
) -> None:
    journey = {"purpose": "advertising", "categories": categories}
    silent = contacts({"consent_advertising": False})
    plan = decide(
        state(
            profiles({}),
            to=silent,
            bought=orders({"categories": "chairs"}),
            grounds=[{"contact_id": 101, "category": "chairs"}],
        ),
        specs(journey),
        NOW,
    )
    found = plan.sends[["outcome", "basis", "reason"]].fillna("")
    assert [tuple(row) for row in found.to_numpy()] == [told]

"""Deciding, case by case: a marketer can follow each of these by hand."""

from datetime import timedelta

import pandas as pd
import pytest

from segments.decide import decide
from tests.builders import NOW, ago, contacts, going_on, orders, profiles, specs, state


def test_an_order_starts_its_journey_once():
    spec = specs({})
    plan = decide(state(profiles({}), bought=orders({})), spec, NOW)
    assert list(plan.sends["outcome"]) == ["queued"]
    assert list(plan.enrollments["status"]) == ["finished"]
    again = state(profiles({}), bought=orders({}), under_way=going_on(plan))
    assert decide(again, spec, NOW).sends.empty


def test_a_wait_ends_when_its_day_begins_in_the_business_zone():
    spec = specs({"steps": [{"wait": "2 days"}, {"send": "thanks"}]})
    bought = orders({"ordered_at": ago(0.5)})
    first = decide(state(profiles({}), bought=bought), spec, NOW)
    assert first.sends.empty
    standing = going_on(first)
    assert standing["due_at"][0] == pd.Timestamp("2026-06-15T22:00Z")
    for days, expected in [(0.5, 0), (1, 1)]:
        plan = decide(
            state(profiles({}), bought=bought, under_way=standing),
            spec,
            NOW + timedelta(days=days),
        )
        assert len(plan.sends) == expected, days


def test_an_order_that_arrives_late_waits_from_the_day_it_was_placed():
    spec = specs({"steps": [{"wait": "2 days"}, {"send": "thanks"}], "valid_for": "5 days"})
    plan = decide(state(profiles({}), bought=orders({"ordered_at": ago(3)})), spec, NOW)
    assert list(plan.sends["outcome"]) == ["queued"]


def test_a_message_that_would_arrive_stale_is_dropped():
    spec = specs({"steps": [{"wait": "2 days"}, {"send": "thanks"}], "valid_for": "5 days"})
    plan = decide(state(profiles({}), bought=orders({"ordered_at": ago(9)})), spec, NOW)
    assert list(plan.sends[["outcome", "reason"]].iloc[0]) == ["skipped", "expired"]


def test_what_happened_before_the_journey_started_starts_nobody():
    spec = specs({}, started=NOW)
    plan = decide(state(profiles({}), bought=orders({"ordered_at": ago(1)})), spec, NOW)
    assert plan.enrollments.empty


@pytest.mark.parametrize(
    ("person", "purpose", "reason"),
    [
        ({"consent_advertising": False}, "advertising", "no_permission"),
        ({"objected": True}, "survey", "objected"),
        ({"suppressed": True}, "service", "suppressed"),
        ({"suppressed_advertising": True}, "advertising", "suppressed"),
        ({"has_address": False}, "service", "no_address"),
    ],
    ids=["no consent", "objection", "bounced", "unsubscribed", "no address"],
)
def test_nobody_is_written_to_without_permission(person, purpose, reason):
    spec = specs({"purpose": purpose})
    plan = decide(state(profiles({}), to=contacts(person), bought=orders({})), spec, NOW)
    assert list(plan.sends[["outcome", "reason"]].iloc[0]) == ["skipped", reason]


def test_a_customer_without_contacts_is_decided_and_skipped():
    plan = decide(state(profiles({}), to=contacts(), bought=orders({})), specs({}), NOW)
    assert list(plan.sends[["outcome", "reason"]].iloc[0]) == ["skipped", "no_contact"]
    assert pd.isna(plan.sends["contact_id"].iloc[0])


def test_an_objection_leaves_service_messages_alone():
    plan = decide(
        state(profiles({}), to=contacts({"objected": True}), bought=orders({})), specs({}), NOW
    )
    assert list(plan.sends[["outcome", "basis"]].iloc[0]) == ["queued", "contract"]


def test_an_open_complaint_holds_promotion_back_until_it_is_stale():
    spec = specs({"purpose": "advertising", "valid_for": "2 days"})
    angry = profiles({"open_complaints": 1})
    first = decide(state(angry, bought=orders({})), spec, NOW)
    assert list(first.sends[["outcome", "reason"]].iloc[0]) == ["deferred", "complaint_open"]
    waiting = first.sends.assign(send_id=1, enrollment_id=1)
    waiting = waiting[["send_id", "enrollment_id", "node", "contact_id"]].astype(
        {"send_id": "Int64", "enrollment_id": "Int64"}
    )
    later = decide(
        state(angry, bought=orders({}), under_way=going_on(first), deferred=waiting),
        spec,
        NOW + timedelta(days=3),
    )
    row = later.sends.iloc[0]
    assert (row["send_id"], row["outcome"], row["reason"]) == (1, "skipped", "complaint_open")


def test_one_message_a_day_and_the_higher_priority_goes_first():
    spec = specs({"name": "low", "priority": 10}, {"name": "high", "priority": 90})
    plan = decide(state(profiles({}), bought=orders({})), spec, NOW)
    by_journey = plan.sends.set_index("journey")
    assert by_journey.loc["high", "outcome"] == "queued"
    assert list(by_journey.loc["low", ["outcome", "reason", "outranked_by"]]) == [
        "deferred",
        "outranked",
        "high",
    ]


def test_whoever_was_written_to_today_waits_until_tomorrow():
    touched = [{"customer_id": 1, "at": NOW, "purpose": "service", "journey": "other"}]
    plan = decide(state(profiles({}), bought=orders({}), touches=touched), specs({}), NOW)
    assert list(plan.sends[["outcome", "outranked_by"]].iloc[0]) == ["deferred", "other"]


def test_a_held_out_customer_travels_along_and_gets_a_ghost():
    spec = specs({"holdout": "100%", "steps": [{"send": "thanks"}, {"wait": "9 days"}]})
    plan = decide(state(profiles({}), bought=orders({})), spec, NOW)
    assert list(plan.sends["outcome"]) == ["ghost"]
    entry = plan.enrollments.iloc[0]
    assert (entry["arm"], entry["node"]) == ("held_out", "wait_9_days")
    assert entry["first_touch_at"] == NOW


def test_shadow_decides_and_sends_nothing_and_stands_in_nobodys_way():
    spec = specs({"name": "shade", "status": "shadow", "priority": 99}, {"name": "real"})
    plan = decide(state(profiles({}), bought=orders({})), spec, NOW)
    by_journey = plan.sends.set_index("journey")
    assert list(by_journey.loc["shade", ["outcome", "reason"]]) == ["skipped", "shadow"]
    assert by_journey.loc["real", "outcome"] == "queued"


def test_a_returned_order_ends_its_journey():
    spec = specs({"steps": [{"wait": "5 days"}, {"send": "thanks"}]})
    first = decide(state(profiles({}), bought=orders({})), spec, NOW)
    standing = going_on(first).assign(order_returned=True).astype({"order_returned": "boolean"})
    plan = decide(state(profiles({}), under_way=standing), spec, NOW + timedelta(days=6))
    assert plan.sends.empty
    assert list(plan.enrollments[["status", "reason"]].iloc[0]) == ["exited", "order_returned"]


def test_an_exit_is_no_success_and_a_goal_is():
    spec = specs(
        {
            "steps": [{"wait": "5 days"}, {"send": "thanks"}],
            "exit_when": "open_complaints > 0",
            "goal": {"event": "order", "within": "30 days"},
        }
    )
    people = profiles({}, {})
    first = decide(state(people, bought=orders({}, {"customer_id": 2})), spec, NOW)
    standing = going_on(first)
    standing["next_order_at"] = pd.Series([NOW + timedelta(days=1)] * 2).astype(
        "datetime64[us, UTC]"
    )
    people.loc[people["customer_id"] == 2, "open_complaints"] = 1
    plan = decide(state(people, under_way=standing), spec, NOW + timedelta(days=2))
    left = plan.enrollments.set_index("customer_id")[["status", "reason"]]
    assert list(left.loc[1]) == ["finished", "goal"]
    assert list(left.loc[2]) == ["exited", "exit_when"]


def test_the_first_rule_that_applies_decides_the_way():
    spec = specs(
        {
            "steps": [
                {
                    "choose": [
                        {"when": 'reassurance == "full"', "steps": [{"send": "warm"}]},
                        {"when": "order_value >= 500", "steps": [{"send": "kind"}]},
                        {"else": [{"task": {"call": "owner", "about": "Hello"}}]},
                    ]
                }
            ]
        }
    )
    people = profiles({"reassurance": "full"}, {}, {})
    bought = orders({}, {"customer_id": 2}, {"customer_id": 3, "order_value": 49_999})
    plan = decide(state(people, bought=bought), spec, NOW)
    assert dict(zip(plan.sends["customer_id"], plan.sends["message"], strict=True)) == {
        1: "warm",
        2: "kind",
    }
    assert list(plan.tasks[["customer_id", "kind", "about"]].iloc[0]) == [3, "call", "Hello"]
    assert plan.tasks["due_at"][0] == pd.Timestamp("2026-06-16T22:00Z")


def test_entering_a_phase_starts_a_journey_and_being_in_it_does_not():
    spec = specs({"enter": {"on": "phase", "phase": "at_risk", "again": "after 90 days"}})
    people = profiles(
        {"phase": "at_risk"},
        {"phase": "at_risk", "phase_before": "at_risk"},
        {"phase": "at_risk", "phase_before": None},
    )
    plan = decide(state(people), spec, NOW)
    assert list(plan.enrollments["customer_id"]) == [1]
    assert list(plan.phases["customer_id"]) == [1, 3]


def test_a_segment_starts_a_journey_when_somebody_comes_into_it():
    segments = {"regulars": "orders >= 3"}
    enter = {"on": "segment", "segment": "regulars", "again": "after 30 days"}
    spec = specs({"enter": enter}, segments=segments)
    people = profiles({"orders": 3}, {"orders": 3}, {"orders": 1})
    members = pd.DataFrame({"segment": ["regulars", "regulars"], "customer_id": [2, 3]})
    unknown = decide(state(people, members=members.head(0)), spec, NOW)
    assert unknown.enrollments.empty
    assert list(unknown.joined["customer_id"]) == [1, 2]
    plan = decide(state(people, members=members, filled=frozenset(segments)), spec, NOW)
    assert list(plan.enrollments["customer_id"]) == [1]
    assert list(plan.joined["customer_id"]) == [1]
    assert list(plan.left["customer_id"]) == [3]


@pytest.mark.parametrize(
    ("day", "previous", "enters"),
    [(15, None, True), (14, 2, True), (14, 0.5, False), (14, None, False), (1, 20, False)],
    ids=["today", "missed yesterday", "done yesterday", "first run a day late", "long gone"],
)
def test_a_schedule_starts_on_its_day_or_is_caught_up_with(day, previous, enters):
    spec = specs({"enter": {"on": "schedule", "every": "month", "day": day}})
    run = None if previous is None else ago(previous)
    plan = decide(state(profiles({}), previous_run=run), spec, NOW)
    assert len(plan.enrollments) == enters


def test_whoever_may_not_come_back_yet_stays_out():
    spec = specs({"enter": {"on": "order", "again": "after 90 days"}})
    past = pd.DataFrame(
        {
            "customer_id": [1, 2],
            "journey": "care",
            "entry_key": ["old", "older"],
            "entered_at": pd.Series([ago(10), ago(200)]).astype("datetime64[us, UTC]"),
            "left_at": pd.Series([ago(5), ago(190)]).astype("datetime64[us, UTC]"),
        }
    )
    bought = orders({}, {"customer_id": 2}, {"customer_id": 2, "order_value": 5})
    plan = decide(state(profiles({}, {}), bought=bought, past=past), spec, NOW)
    assert list(plan.enrollments["customer_id"]) == [2]


def test_the_buyer_named_in_the_order_is_written_to():
    people = contacts({}, {"contact_id": 7, "customer_id": 1, "role": "user"})
    spec = specs({"steps": [{"send": "thanks", "to": "buyer"}]})
    plan = decide(state(profiles({}), to=people, bought=orders({"contact_id": 7})), spec, NOW)
    assert list(plan.sends["contact_id"]) == [7]


def test_a_contact_who_may_be_written_to_is_preferred():
    people = contacts(
        {"consent_advertising": False}, {"contact_id": 7, "customer_id": 1, "role": "billing"}
    )
    spec = specs({"purpose": "advertising"})
    plan = decide(state(profiles({}), to=people, bought=orders({})), spec, NOW)
    assert list(plan.sends["contact_id"]) == [7]


def test_what_one_step_writes_to_several_people_shares_its_fate():
    people = contacts({"role": "decision_maker"}, {"customer_id": 1, "role": "user"})
    to = {"roles": ["decision_maker", "user"], "max": 2}
    spec = specs({"steps": [{"send": "thanks", "to": to}, {"wait": "9 days"}]})
    plan = decide(state(profiles({}), to=people, bought=orders({})), spec, NOW)
    assert list(plan.sends["outcome"]) == ["queued", "queued"]
    row = plan.enrollments.iloc[0]
    assert (row["node"], row["marked_at"], row["first_touch_at"]) == ("wait_9_days", NOW, NOW)
    touched = [{"customer_id": 1, "at": NOW, "purpose": "service", "journey": "other"}]
    plan = decide(state(profiles({}), to=people, bought=orders({}), touches=touched), spec, NOW)
    assert list(plan.sends["outcome"]) == ["deferred", "deferred"]
    assert plan.enrollments["node"][0] == "thanks"


def test_a_message_nobody_got_leaves_no_mark():
    spec = specs({"steps": [{"send": "thanks"}, {"wait": "9 days"}]})
    plan = decide(state(profiles({}), to=contacts(), bought=orders({})), spec, NOW)
    row = plan.enrollments.iloc[0]
    assert row["node"] == "wait_9_days"
    assert row[["marked_at", "first_touch_at"]].isna().all()

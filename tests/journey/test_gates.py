"""Every gate with its outcome, its reason and the values that decided, case by case."""

from datetime import timedelta

import numpy as np
import pytest

from segments.journey.gates import gates
from segments.journey.gathering import gather
from segments.journey.upcoming import nothing_ahead
from tests.builders import NOW, ago, contacts, profiles, specs
from tests.journey.bidding import ANY_TIME, base, bid, standing, told

NAMES = [
    "contact",
    "already_sent",
    "complaint_open",
    "complaint_hold",
    "sales_lock",
    "expired",
    "shadow",
    "quiet",
    "capped",
    "too_soon",
    "outranked",
    "held_out",
]
AD = {"purpose": "advertising"}


@pytest.mark.parametrize(
    ("journey", "profile", "outcome", "reason", "why"),
    [
        (AD, {"open_complaints": 2}, "deferred", "complaint_open", "open complaints: 2"),
        (
            {"purpose": "survey"},
            {"days_since_complaint": 13},
            "deferred",
            "complaint_hold",
            "settled 13 days ago, hold 14 days",
        ),
        (AD, {"days_since_complaint": 14}, "queued", None, None),
        ({}, {"open_complaints": 1, "days_since_complaint": 0}, "queued", None, None),
        (AD, {"sales_lock": True}, "deferred", "sales_lock", "negotiation under way"),
        ({"purpose": "survey"}, {"sales_lock": True}, "queued", None, None),
        ({"status": "shadow"}, {}, "skipped", "shadow", "journey is shadow"),
    ],
    ids=["open", "hold", "hold over", "service", "lock", "lock and survey", "shadow"],
)
def test_what_holds_back_a_whole_customer(journey, profile, outcome, reason, why):
    sends = bid(specs(journey), people=profiles(profile))
    assert told(sends, "care") == [outcome, reason, why]


def test_what_waited_in_vain_is_dropped_for_the_reason_it_waited():
    spec = specs(AD | {"valid_for": "2 days"})
    stale = {"journey": "care", "due_at": ago(5)}
    complaining = profiles({"open_complaints": 1})
    assert told(bid(spec, stale, people=complaining), "care")[:2] == ["skipped", "complaint_open"]
    assert told(bid(spec, stale), "care") == ["skipped", "expired", "valid until 2026-06-12 00:00"]


def test_a_message_goes_at_the_first_hour_allowed_today():
    spec = specs(AD)
    sends = bid(spec)
    assert told(sends, "care") == ["queued", None, None]
    assert sends["not_before"].iloc[0] == NOW + timedelta(hours=1)


def test_outside_the_hours_a_message_waits_for_another_day_or_is_dropped():
    sunday = NOW - timedelta(days=1)
    why = "allowed from 2026-06-15 08:00"
    waits = bid(specs(AD), now=sunday)
    assert told(waits, "care") == ["deferred", "quiet", why]
    stale = bid(specs(AD | {"valid_for": "1 day"}), now=sunday)
    assert told(stale, "care") == ["skipped", "quiet", why]


def test_whoever_cannot_be_written_to_today_takes_nobodys_place():
    spec = specs(AD | {"name": "ad", "priority": 90}, {"name": "help"})
    saturday = NOW - timedelta(days=2)
    sends = bid(spec, now=saturday)
    assert sends.loc["ad", "reason"] == "quiet"
    assert sends.loc["help", "outcome"] == "queued"


def test_messages_of_a_journey_in_review_wait_for_approval():
    spec = specs({"status": "review"}, {"name": "free"})
    people = profiles({}, {})
    sends = bid(spec, {"journey": "care"}, {"journey": "free", "customer_id": 2}, people=people)
    assert sends.loc["care", "review"] == "pending"
    assert sends["review"].isna()["free"]


def test_whoever_begins_anew_does_not_get_the_same_message_again():
    spec = specs({})
    sent = [{"enrollment_id": 1, "node": "thanks", "contact_id": 999}]
    assert told(bid(spec, sent=sent), "care")[:2] == ["skipped", "already_sent"]
    other = [{"enrollment_id": 1, "node": "hello", "contact_id": 999}]
    assert bid(spec, sent=other).loc["care", "outcome"] == "queued"


def test_of_several_people_those_who_did_not_get_it_still_do():
    to = {"roles": ["buyer", "user"], "max": 2}
    spec = specs({"steps": [{"send": "thanks", "to": to}]})
    people = contacts({}, {"role": "user", "customer_id": 1})
    sent = [{"enrollment_id": 1, "node": "thanks", "contact_id": 101}]
    sends = bid(spec, to=people, sent=sent).set_index("contact_id")
    assert list(sends.loc[[101, 102], "outcome"]) == ["skipped", "queued"]


def test_an_expired_message_says_by_whom_it_was_outranked():
    spec = specs({"valid_for": "2 days"})
    found = base()
    waiting = found.deferred.reindex(range(1)).assign(
        send_id=[5], enrollment_id=[1], node=["thanks"], contact_id=[101], outranked_by=["other"]
    )
    waiting = waiting.astype(dict.fromkeys(("send_id", "enrollment_id", "contact_id"), "Int64"))
    row = {"journey": "care", "due_at": ago(9)}
    sends = bid(spec, row, deferred=waiting.astype({"node": "str", "outranked_by": "str"}))
    assert told(sends, "care") == [
        "skipped",
        "expired",
        "valid until 2026-06-08 00:00, outranked by other",
    ]
    assert sends.loc["care", ["send_id", "outranked_by"]].tolist() == [5, "other"]


def test_every_gate_tells_its_values_whether_it_holds_or_not():
    spec = specs(AD | {"holdout": "100%"}, calendar=ANY_TIME)
    people = profiles({"open_complaints": 1, "days_since_complaint": 3, "sales_lock": True})
    touches = [{"customer_id": 1, "at": ago(3), "purpose": "advertising", "journey": "earlier"}]
    state = base(people, to=contacts({"consent_advertising": False}), touches=touches)
    row = {"arm": "held_out", "due_at": ago(40)}
    found = gather(standing(spec, [row]), state, spec, NOW)
    assert found is not None
    in_order, not_before = gates(found, state, spec, NOW, nothing_ahead, everybody=True)
    here = np.arange(1)
    assert [gate.name for gate in in_order] == NAMES
    assert {gate.name: gate.why(here)[0] for gate in in_order} == {
        "contact": "advertising: no basis",
        "already_sent": "not sent before the journey began anew",
        "complaint_open": "open complaints: 1",
        "complaint_hold": "settled 3 days ago, hold 14 days",
        "sales_lock": "negotiation under way",
        "expired": "valid until 2026-05-13 00:00",
        "shadow": "journey is live",
        "quiet": "allowed from 2026-06-15 07:00",
        "capped": "1 of 1 advertising in 7 days",
        "too_soon": "earlier on 2026-06-12, gap 2 days",
        "outranked": "nobody goes first",
        "held_out": "held out",
    }
    held = [gate.name for gate in in_order if gate.holds[0]]
    assert held == ["contact", *NAMES[2:6], "quiet", "capped", "held_out"]
    assert not_before.astype("datetime64[s]").tolist() == [NOW.replace(tzinfo=None)]


def test_gates_decide_as_they_tell():
    spec = specs(AD, {"name": "help"}, {"name": "ask", "purpose": "survey", "priority": 90})
    state = base(profiles({"sales_lock": True}))
    rows = [{"journey": program.name} for program in spec.programs]
    frames = standing(spec, rows)
    found = gather(frames, state, spec, NOW)
    assert found is not None
    decided = bid(spec, people=profiles({"sales_lock": True}))
    for everybody in (True, False):
        in_order, _ = gates(found, state, spec, NOW, nothing_ahead, everybody=everybody)
        for row in range(len(found)):
            first = next((gate for gate in in_order if gate.holds[row]), None)
            name = found.stands[found.stand[row]].program.name
            here = np.array([row])
            expected = (
                [None] * 3
                if first is None
                else [first.outcomes(here)[0], first.reasons(here)[0], first.why(here)[0]]
            )
            assert told(decided, name) == (["queued", None, None] if first is None else expected)

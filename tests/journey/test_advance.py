"""What each step of a journey does with whoever comes by."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from segments.decide import decide
from segments.journey.calendar import Region
from tests.builders import NOW, ago, going_on, orders, profiles, specs, state

LATER = {"wait": "300 days"}


def run(steps, *people, now=NOW, before=None, **more):
    """One run of one journey that starts with an order."""
    journey = {"name": "care", "steps": steps, **more.pop("journey", {})}
    spec = specs(journey, **more.pop("policy", {}))
    given = {"bought": orders({"ordered_at": ago(0.1)})} if before is None else {}
    if before is not None:
        given["under_way"] = going_on(before)
    return decide(state(profiles(*(people or [{}])), **{**given, **more}), spec, now)


def stands(plan):
    """The node of the only enrollment that changed."""
    (node,) = plan.enrollments["node"]
    return node


def event(kind, at, **more):
    """Something that happened to customer 1."""
    return {"kind": kind, "customer_id": 1, "key": "E", "at": at, **more}


@pytest.mark.parametrize(
    ("ordered", "wait", "due"),
    [
        ("2026-06-15T02:00Z", "until tuesday 10:00", "2026-06-16T08:00Z"),
        ("2026-06-09T08:00Z", "until tuesday 10:00", "2026-06-16T08:00Z"),
        ("2026-06-15T02:00Z", "until tuesday", "2026-06-15T22:00Z"),
        ("2026-06-14T08:00Z", "until 9:30", "2026-06-15T07:30Z"),
    ],
)
def test_a_wait_until_an_hour_ends_at_the_first_such_hour_after_arriving(ordered, wait, due):
    bought = orders({"ordered_at": pd.Timestamp(ordered)})
    plan = run([{"wait": wait}, {"send": "thanks"}], bought=bought)
    found = plan.enrollments["due_at"] if plan.sends.empty else plan.sends["due_at"]
    assert found[0] == pd.Timestamp(due)


def test_what_waits_until_later_today_is_decided_by_todays_run_and_due_then():
    plan = run([{"wait": "until 10:00"}, {"send": "thanks"}, {"wait": "3 hours"}, {"send": "more"}])
    sends = plan.sends.iloc[0]
    assert (sends["outcome"], sends["due_at"]) == ("queued", pd.Timestamp("2026-06-15T08:00Z"))
    assert plan.enrollments["due_at"][0] == pd.Timestamp("2026-06-15T11:00Z")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_waits_meet_their_hour_on_days_the_clocks_change(day):
    now = pd.Timestamp(f"{day} 07:00", tz="Europe/Berlin").tz_convert("UTC").to_pydatetime()
    bought = orders({"ordered_at": now - timedelta(hours=18)})
    plan = run([{"wait": "until 10:00"}, {"send": "thanks"}], bought=bought, now=now)
    local = plan.sends["due_at"].dt.tz_convert("Europe/Berlin")
    assert str(local[0])[:16] == f"{day} 10:00"
    plan = run([{"wait": "1 day"}, {"send": "thanks"}], bought=bought, now=now)
    local = plan.sends["due_at"].dt.tz_convert("Europe/Berlin")
    assert str(local[0])[:16] == f"{day} 00:00"


def test_a_wait_that_has_begun_keeps_its_end():
    first = run([LATER])
    assert run([LATER], before=first, now=NOW + timedelta(days=1)).enrollments.empty


AWAIT = {"wait_until": {"event": "order", "timeout": "5 days"}}
AFTER = [AWAIT, LATER]


def test_waiting_ends_with_what_is_awaited():
    first = run(AFTER)
    came = ago(-1)
    for kind, passes in (("order", True), ("nps", False)):
        plan = run(AFTER, before=first, now=ago(-2), events=[event(kind, came)])
        assert len(plan.enrollments) == passes
    row = run(AFTER, before=first, now=ago(-2), events=[event("order", came)]).enrollments.iloc[0]
    assert (row["node"], row["arrived_at"], row["marked_at"]) == ("wait_300_days", came, came)
    assert row["flags"] == ""


def test_the_order_that_started_it_is_not_the_one_awaited():
    events = [event("order", ago(0.1)), event("order", ago(0.2))]
    assert stands(run(AFTER, events=events)) == "until_order"


@pytest.mark.parametrize(
    ("on_timeout", "expected"),
    [
        ("go_on", ("active", None, "wait_300_days")),
        ("end", ("finished", "timed_out", "until_order")),
        ("exit", ("exited", "timed_out", "until_order")),
    ],
)
def test_waiting_in_vain_goes_on_ends_or_exits(on_timeout, expected):
    steps = [{"wait_until": {**AWAIT["wait_until"], "on_timeout": on_timeout}}, LATER]
    first = run(steps)
    assert run(steps, before=first, now=ago(-4)).enrollments.empty
    late = [event("order", ago(-5))]
    row = run(steps, before=first, now=ago(-5), events=late).enrollments.iloc[0]
    found = (row["status"], row["reason"] if row["status"] != "active" else None, row["node"])
    assert found == expected
    assert row["flags"] == "timed_out"


def test_what_happened_in_time_counts_however_late_we_look():
    first = run(AFTER)
    row = run(AFTER, before=first, now=ago(-30), events=[event("order", ago(-4))])
    assert row.enrollments["flags"][0] == ""
    assert row.enrollments["arrived_at"][0] == ago(-4)


def test_an_awaited_event_takes_the_flag_of_an_earlier_vain_wait_away():
    steps = [AWAIT, {"wait_until": {"event": "nps", "timeout": "5 days"}}, LATER]
    plan = run(steps, before=run(steps), now=ago(-7), events=[event("nps", ago(-6))])
    assert (stands(plan), plan.enrollments["flags"][0]) == ("wait_300_days", "")


@pytest.mark.parametrize("kind", ["reply", "click", "task_done"])
def test_answers_count_for_the_enrollment_they_answer_and_after_its_latest_message(kind):
    steps = [
        {"send": "thanks"},
        {"wait": "1 day"},
        {"wait_until": {"event": kind, "timeout": "9 days"}},
        LATER,
    ]
    first = run(steps)
    for answer, passes in [
        ({"enrollment_id": 1, "at": ago(-0.5)}, True),
        ({"enrollment_id": 2, "at": ago(-0.5)}, False),
        ({"enrollment_id": 1, "at": ago(0.05)}, False),
    ]:
        plan = run(steps, before=first, now=ago(-3), events=[event(kind, **answer)])
        assert (stands(plan) == "wait_300_days") == passes
    row = run(
        steps, before=first, now=ago(-3), events=[event(kind, ago(-0.5), enrollment_id=1)]
    ).enrollments.iloc[0]
    assert row["arrived_at"] == pd.Timestamp("2026-06-15T22:00Z")
    assert row["marked_at"] == ago(-0.5)


def test_two_waits_for_the_same_thing_need_it_twice():
    steps = [AWAIT, {**AWAIT, "id": "again"}, LATER]
    one, two = event("order", ago(-1)), event("order", ago(-2))
    first = run(steps)
    assert stands(run(steps, before=first, now=ago(-3), events=[one])) == "again"
    assert stands(run(steps, before=first, now=ago(-3), events=[one, two])) == "wait_300_days"


def test_goods_are_those_of_the_order_that_started_it():
    steps = [{"wait_until": {"event": "delivered", "timeout": "9 days"}}, LATER]
    other = [event("delivered", ago(0.01), purchase_id=99)]
    own = [event("delivered", ago(0.05), purchase_id=1)]
    assert stands(run(steps, events=other)) == "until_delivered"
    assert stands(run(steps, events=own)) == "wait_300_days"


def test_without_an_order_any_delivery_since_then_counts():
    steps = [{"wait_until": {"event": "delivered", "timeout": "9 days"}}, LATER]
    enter = {"on": "manual"}
    by_hand = event("manual", ago(2), journey="care")
    for at, node in ((ago(3), "until_delivered"), (ago(1), "wait_300_days")):
        happened = [by_hand, event("delivered", at, purchase_id=7)]
        assert stands(run(steps, events=happened, journey={"enter": enter})) == node


def test_a_settled_complaint_counts_from_what_started_the_journey():
    steps = [{"send": "sorry"}, {"wait_until": {"event": "complaint_closed", "timeout": "9 days"}}]
    enter = {"on": "complaint", "again": "per_event"}
    opened = event("complaint_opened", ago(2))
    for at, status in ((ago(3), "active"), (ago(1), "finished")):
        happened = [opened, event("complaint_closed", at)]
        plan = run(steps, events=happened, journey={"enter": enter})
        assert list(plan.enrollments["status"]) == [status]


def test_a_date_is_awaited_until_its_day_begins():
    steps = [{"wait_until": {"date": "contract_end", "timeout": "9 days"}}, LATER]
    for day, node in [
        ("2026-06-16T12Z", "until_contract_end"),
        ("2026-06-15T20Z", "wait_300_days"),
        ("2020-01-01T00Z", "wait_300_days"),
        (None, "until_contract_end"),
    ]:
        plan = run(steps, {"contract_end": pd.Timestamp(day) if day else None})
        assert stands(plan) == node
        assert (plan.enrollments["arrived_at"] >= plan.enrollments["anchor_at"]).all()


def test_flags_are_remembered_and_rules_may_ask_for_them():
    steps = [
        {"choose": [{"when": "dear", "steps": [{"end": "no"}]}, {"else": [{"set": "dear"}]}]},
        {"set": "asked"},
        {"wait": "1 day"},
        {"choose": [{"when": "dear and asked and not timed_out", "steps": [LATER]}, {"else": []}]},
        AWAIT,
    ]
    first = run(steps)
    assert first.enrollments["flags"][0] == "asked dear"
    plan = run(steps, before=first, now=ago(-1))
    assert (stands(plan), plan.enrollments["flags"][0]) == ("wait_300_days", "asked dear")


def test_rules_may_ask_whether_waiting_was_in_vain():
    steps = [AWAIT, {"choose": [{"when": "timed_out", "steps": ["end"]}, {"else": [LATER]}]}]
    first = run(steps)
    assert list(run(steps, before=first, now=ago(-6)).enrollments["status"]) == ["finished"]
    bought = [event("order", ago(-1))]
    assert stands(run(steps, before=first, now=ago(-6), events=bought)) == "wait_300_days"


def test_exits_may_ask_for_flags():
    journey = {"exit_when": "done and orders > 1"}
    steps = [{"set": "done"}, LATER]
    first = run(steps, journey=journey)
    plan = run(steps, {"orders": 2}, before=first, now=ago(-1), journey=journey)
    assert list(plan.enrollments["reason"]) == ["exit_when"]


SPLIT = {
    "id": "ways",
    "split": [
        {"variant": "a", "weight": 3, "steps": [{"wait": "100 days"}]},
        {"variant": "none", "weight": 0, "steps": [{"wait": "1 day"}]},
        {"variant": "b", "weight": 1, "steps": [{"wait": "200 days"}]},
    ],
}


def test_a_split_keeps_to_its_shares_and_remembers_the_variant():
    people = [{"customer_key": f"K{number}"} for number in range(2000)]
    bought = orders(*({"customer_id": number} for number in range(1, 2001)))
    rows = run([SPLIT], *people, bought=bought).enrollments
    share = (rows["flags"] == "ways=a").mean()
    assert 0.72 < share < 0.78
    assert set(rows["flags"]) == {"ways=a", "ways=b"}
    assert (
        rows["node"] == np.where(rows["flags"] == "ways=a", "wait_100_days", "wait_200_days")
    ).all()


def test_the_same_customer_always_goes_the_same_way_of_a_split():
    bought = orders(*({"ordered_at": ago(number / 10)} for number in range(1, 9)))
    assert len(set(run([SPLIT], bought=bought).enrollments["node"])) == 1


def test_the_end_is_the_end_for_whoever_comes_by():
    plan = run([{"choose": [{"when": "orders == 1", "steps": ["end"]}, {"else": []}]}, LATER])
    row = plan.enrollments.iloc[0]
    assert (row["status"], row["reason"], row["left_at"]) == ("finished", "completed", NOW)


TASK = {
    "call": "team_north",
    "about": "Hello",
    "due": "2 days",
    "fallback": "anna",
    "escalate_after": "1 day",
}


def test_a_task_says_who_takes_it_and_when_it_goes_further():
    plan = run([{"task": TASK}, LATER])
    task = plan.tasks.iloc[0]
    assert (task["assignee"], task["fallback"], task["kind"]) == ("team_north", "anna", "call")
    assert task["due_at"] == pd.Timestamp("2026-06-16T22:00Z")
    assert task["escalate_at"] == pd.Timestamp("2026-06-17T22:00Z")
    assert plan.enrollments["marked_at"][0] == NOW
    bare = run([{"task": {"call": "owner", "about": "Hello"}}]).tasks.iloc[0]
    assert bare["assignee"] == "owner"
    assert pd.isna(bare["fallback"])
    assert pd.isna(bare["escalate_at"])


@pytest.mark.parametrize("journey", [{"holdout": "100%"}, {"status": "shadow"}])
def test_nobody_is_called_who_is_held_out_and_nobody_in_shadow(journey):
    plan = run([{"task": TASK}, LATER], journey=journey)
    assert plan.tasks.empty
    assert stands(plan) == "wait_300_days"


def test_business_days_leave_out_the_holidays_where_the_customer_lives():
    now = datetime(2026, 6, 3, 5, tzinfo=UTC)
    people = [{"region": "DE-NW"}, {"region": "DE-BE"}]
    bought = orders(
        *({"customer_id": n, "ordered_at": now - timedelta(hours=1)} for n in (1, 2)), now=now
    )
    spec = specs({"steps": [{"wait": "1 business day"}]})
    corpus_christi = np.array(["2026-06-04"], dtype="datetime64[D]")
    calendars = {"DE-NW": Region(corpus_christi), "DE-BE": Region()}
    spec = type(spec)(spec.policy, spec.programs, started=spec.started, regions=calendars)
    plan = decide(state(profiles(*people), bought=bought), spec, now)
    due = plan.enrollments.set_index("customer_id")["due_at"].dt.tz_convert("Europe/Berlin")
    assert [str(day.date()) for day in due] == ["2026-06-05", "2026-06-04"]


def test_all_steps_of_a_long_journey_are_passed_at_once():
    steps = [{"set": f"flag_{number % 7}"} for number in range(4990)]
    plan = run(steps)
    assert list(plan.enrollments["status"]) == ["finished"]
    assert len(plan.enrollments["flags"][0].split()) == 7

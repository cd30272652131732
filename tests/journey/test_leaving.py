"""Who leaves a journey, and what a new version does to those under way."""

from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

from segments.decide import decide
from segments.journey.leaving import leaving
from tests.builders import NOW, going_on, orders, profiles, specs, state

TOMORROW = NOW + timedelta(days=1)
GOAL = {"event": "order", "within": "30 days"}


def under_way(*, moment=NOW, people=({},), **journey):
    """The enrollments after one run, and the specs they came from."""
    spec = specs(journey)
    bought = orders(*({"customer_id": number} for number in range(1, len(people) + 1)))
    plan = decide(state(profiles(*people), bought=bought), spec, moment)
    return going_on(plan), spec


def bought_again(rows, at):
    return rows.assign(next_order_at=pd.Series([at] * len(rows)).astype("datetime64[us, UTC]"))


def indexed(*people):
    return profiles(*people).set_index("customer_id", drop=False).rename_axis(None)


def test_leaving_says_the_same_when_a_message_is_claimed():
    rows, spec = under_way(
        people=[{}, {}, {}, {}],
        steps=[{"wait": "5 days"}],
        exit_when="open_complaints > 0",
        goal=GOAL,
    )
    rows = bought_again(rows, TOMORROW)
    rows["order_returned"] = pd.array([True, False, False, False], dtype="boolean")
    rows.loc[3, "next_order_at"] = pd.NaT
    people = indexed({}, {"open_complaints": 1}, {}, {})
    rows.index = [7, 5, 3, 1]
    found = leaving(spec.programs[0], rows, state(people), spec, TOMORROW)
    assert list(found.index) == [7, 5, 3, 1]
    assert list(found["status"]) == ["exited", "exited", "finished", "active"]
    assert list(found["reason"][:3]) == ["order_returned", "exit_when", "goal"]
    assert list(found["left_at"][:3]) == [TOMORROW] * 3
    assert list(found["goal_at"].notna()) == [False, False, True, False]
    again = state(profiles({}, {"open_complaints": 1}, {}, {}), under_way=rows)
    plan = decide(again, spec, TOMORROW)
    assert list(plan.enrollments["reason"]) == ["order_returned", "exit_when", "goal"]


def test_whoever_exits_has_not_reached_the_goal():
    rows, spec = under_way(steps=[{"wait": "5 days"}], exit_when="open_complaints > 0", goal=GOAL)
    people = indexed({"open_complaints": 1})
    found = leaving(spec.programs[0], bought_again(rows, TOMORROW), state(people), spec, TOMORROW)
    assert (found["reason"][0], found["goal_at"].isna()[0]) == ("exit_when", True)


@pytest.mark.parametrize(("days", "reached"), [(29, True), (31, False)])
def test_a_goal_is_reached_in_time_also_after_the_last_step(days, reached):
    rows, spec = under_way(goal=GOAL)
    assert list(rows["status"]) == ["finished"]
    now = NOW + timedelta(days=60)
    rows = bought_again(rows, NOW + timedelta(days=days))
    plan = decide(state(profiles({}), under_way=rows), spec, now)
    assert len(plan.enrollments) == reached
    if reached:
        row = plan.enrollments.iloc[0]
        assert (row["reason"], row["left_at"]) == ("completed", NOW)
        assert row["goal_at"] == NOW + timedelta(days=days)


WAIT, OTHER = {"wait": "5 days"}, {"wait": "9 days"}
OLD = {"steps": [WAIT, {"send": "thanks"}]}


def migrated(new, *, now=TOMORROW, rows=None, old=OLD, known=True, **more):
    """One run after the journey was changed; enrollments entered the old version."""
    before, spec = under_way(**old)
    rows = before if rows is None else rows
    after = specs(new)
    earlier = {(p.name, p.version): p for p in spec.programs} if known else {}
    after = replace(after, earlier=earlier)
    return decide(state(profiles({}), under_way=rows, **more), after, now), after, rows


@pytest.mark.parametrize(
    "steps",
    [[{"send": "thanks"}], [WAIT, {"send": "thanks"}, {"send": "more"}], [OTHER, {"send": "no"}]],
    ids=["the step they stand at removed", "a step added behind", "the wait changed"],
)
def test_those_who_are_kept_go_on_as_it_was(steps):
    plan, _, rows = migrated({"steps": steps})
    assert plan.enrollments.empty
    plan, _, _ = migrated({"steps": steps}, now=NOW + timedelta(days=5))
    assert list(plan.sends["message"]) == ["thanks"]
    assert list(plan.sends["version"]) == list(rows["version"])
    assert list(plan.enrollments["status"]) == ["finished"]


def test_those_who_begin_anew_stand_at_the_first_step_of_the_new_version():
    plan, spec, rows = migrated({"steps": [OTHER, {"send": "thanks"}], "migrate": "restart"})
    row = plan.enrollments.iloc[0]
    assert (row["version"], row["node"]) == (spec.programs[0].version, "wait_9_days")
    assert row["arrived_at"] == row["marked_at"] == TOMORROW
    assert row["due_at"] == pd.Timestamp("2026-06-24T22:00Z")
    assert row["anchor_at"] == rows["anchor_at"][0]
    again = decide(state(profiles({}), under_way=going_on(plan, rows)), spec, TOMORROW)
    assert again.enrollments.empty


def test_flags_are_forgotten_where_somebody_begins_anew():
    plan, _, rows = migrated(
        {"steps": [OTHER], "migrate": "restart"}, old={"steps": [{"set": "dear"}, WAIT]}
    )
    assert (rows["flags"][0], plan.enrollments["flags"][0]) == ("dear", "")


@pytest.mark.parametrize("known", [True, False], ids=["known", "no longer known"])
def test_a_new_version_may_take_everybody_out(known):
    plan, _, rows = migrated({"steps": [OTHER], "migrate": "exit"}, known=known)
    row = plan.enrollments.iloc[0]
    assert (row["status"], row["reason"]) == ("exited", "new_version")
    assert (row["version"], row["node"]) == (rows["version"][0], rows["node"][0])


def test_those_of_a_version_that_is_no_longer_known_rest():
    plan, _, _ = migrated({"steps": [OTHER]}, known=False)
    assert plan.enrollments.empty


def test_whoever_reaches_the_goal_does_not_begin_anew():
    rows, _ = under_way(**OLD, goal=GOAL)
    plan, _, _ = migrated(
        {"steps": [OTHER], "migrate": "restart", "goal": GOAL},
        rows=bought_again(rows, TOMORROW),
        old={**OLD, "goal": GOAL},
    )
    assert list(plan.enrollments["reason"]) == ["goal"]


def test_a_changed_title_or_status_moves_nobody():
    plan, _, _ = migrated({**OLD, "title": "Other", "migrate": "exit"})
    assert plan.enrollments.empty

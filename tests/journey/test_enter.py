"""Who enters a journey, trigger by trigger."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from segments.decide import decide
from tests.builders import NOW, ago, going_on, orders, profiles, specs, state

PAUSE = [{"wait": "300 days"}]


def entered(spec, *people, now=NOW, **more):
    """Entry keys by customer of those who enter."""
    plan = decide(state(profiles(*(people or [{}])), **more), spec, now)
    rows = plan.enrollments[plan.enrollments["enrollment_id"].isna()]
    return list(zip(rows["customer_id"], rows["entry_key"], strict=True))


def trigger(steps=PAUSE, *, started=None, segments=None, backfill=None, **enter):
    spec = specs({"enter": enter, "steps": steps}, started=started, segments=segments)
    if backfill is None:
        return spec
    return type(spec)(
        spec.policy, spec.programs, spec.segments, started=spec.started, backfill={"care": backfill}
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"at_least": 500}, ["A1"]),
        ({"category": ["lamps", "desks"]}, ["A2"]),
        ({"product": ["P7"]}, ["A1", "A2"]),
        ({"product": ["P7"], "at_least": 500.01}, []),
    ],
)
def test_an_order_passes_the_filters_on_value_category_and_product(filters, expected):
    bought = orders(
        {"order_value": 50_000, "products": "P1\nP7"},
        {"order_value": 49_999, "products": "P7", "categories": "chairs\nlamps"},
        {"order_value": 49_999, "products": "P77", "categories": "lamp"},
    )
    spec = trigger(on="order", again="per_order", **filters)
    assert [key for _, key in entered(spec, bought=bought)] == expected


def test_an_order_starts_its_journey_once_however_late_it_arrives():
    spec = trigger(on="order", again="per_order")
    bought = orders({"ordered_at": ago(13)}, {"ordered_at": ago(15)})
    plan = decide(state(profiles({}), bought=bought), spec, NOW)
    assert list(plan.enrollments["entry_key"]) == ["A1"]
    assert plan.enrollments["anchor_at"][0] == pd.Timestamp(ago(13))
    assert entered(spec, bought=bought, under_way=going_on(plan)) == []


def test_entering_a_segment_and_leaving_it_are_two_things():
    people = [{"orders": 3}, {"orders": 1}]
    members = pd.DataFrame({"segment": ["regulars"], "customer_id": [2]})
    more = {"members": members, "filled": frozenset(["regulars"])}
    for change, who in (("entering", 1), ("leaving", 2)):
        spec = trigger(
            on="segment", segment="regulars", change=change, segments={"regulars": "orders >= 3"}
        )
        assert entered(spec, *people, **more) == [(who, "2026-06-15")]


@pytest.mark.parametrize(
    ("offset", "day", "comes"),
    [
        ("0 days after", "2026-06-15T10:00Z", True),
        ("0 days after", "2026-06-16T10:00Z", False),
        ("0 days after", "2026-06-15T22:30Z", False),
        ("30 days before", "2026-07-15T10:00Z", True),
        ("30 days before", "2026-07-14T10:00Z", False),
        ("1 month after", "2026-05-15T10:00Z", True),
        ("2 weeks before", "2026-06-29T00:00Z", True),
        ("1 business day before", "2026-06-16T10:00Z", True),
        ("1 business day after", "2026-06-12T10:00Z", True),
    ],
)
def test_a_date_starts_a_journey_less_or_plus_its_offset(offset, day, comes):
    spec = trigger(on="date", date="contract_end", offset=offset)
    found = entered(spec, {"contract_end": pd.Timestamp(day)}, {"contract_end": None})
    local = pd.Timestamp(day).tz_convert("Europe/Berlin").date().isoformat()
    assert found == ([(1, local)] if comes else [])


def test_dates_missed_since_the_last_run_are_caught_up_with_and_count_from_their_day():
    spec = trigger(on="date", date="contract_end", steps=[{"wait": "5 days"}])
    people = [{"contract_end": ago(days)} for days in (0.2, 1, 2, 3, 20)]
    assert [who for who, _ in entered(spec, *people)] == [1]
    assert [who for who, _ in entered(spec, *people, previous_run=ago(2))] == [1, 2]
    assert [who for who, _ in entered(spec, *people, previous_run=ago(0.1))] == [1]
    assert [who for who, _ in entered(spec, *people, previous_run=ago(90))] == [1, 2, 3, 4]
    plan = decide(state(profiles(*people), previous_run=ago(9)), spec, NOW)
    assert plan.enrollments["anchor_at"][3] == pd.Timestamp("2026-06-11T22:00Z")
    assert plan.enrollments["due_at"][3] == pd.Timestamp("2026-06-16T22:00Z")


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        ("2025-02-28", [1]),
        ("2025-03-01", []),
        ("2028-02-29", [1]),
        ("2028-02-28", [2]),
        ("2024-02-29", []),
    ],
)
def test_an_anniversary_on_29_february_comes_on_the_28th_in_other_years(today, expected):
    now = datetime.combine(date.fromisoformat(today), NOW.timetz())
    spec = trigger(on="date", date="first_order_at", yearly=True, started=ago(9000))
    people = [{"first_order_at": pd.Timestamp(day)} for day in ("2024-02-29T12Z", "2027-02-28T12Z")]
    found = entered(spec, *people, now=now)
    assert found == [(who, today) for who in expected]


def test_a_yearly_date_with_an_offset_over_new_year():
    spec = trigger(on="date", date="since", yearly=True, offset="3 weeks before", again="per_event")
    now = datetime(2026, 12, 18, 6, tzinfo=UTC)
    assert entered(spec, {"since": pd.Timestamp("2020-01-08T12Z")}, now=now) == [(1, "2027-01-08")]


def test_a_complaint_starts_a_journey_when_it_is_opened_or_closed():
    events = [
        {"kind": "complaint_opened", "customer_id": 1, "key": "C1", "at": ago(2)},
        {"kind": "complaint_closed", "customer_id": 1, "key": "C1", "at": ago(1)},
        {"kind": "complaint_opened", "customer_id": 1, "key": "C2", "at": ago(1)},
    ]
    opened = trigger(on="complaint", again="per_event")
    assert entered(opened, events=events) == [(1, "C1:opened"), (1, "C2:opened")]
    closed = trigger(on="complaint", change="closed", again="per_event")
    assert entered(closed, events=events) == [(1, "C1:closed")]
    once = trigger(on="complaint")
    assert entered(once, events=events) == [(1, "C1:opened")]


def test_a_score_starts_a_journey_by_the_rule_about_it():
    events = [{"kind": "nps", "customer_id": n, "key": f"R{n}", "at": ago(1)} for n in (1, 2)]
    spec = trigger(on="nps", when="last_nps <= 6")
    assert entered(spec, {"last_nps": 3}, {"last_nps": 9}, events=events) == [(1, "R1")]
    events = [
        {"kind": "nps", "customer_id": 1, "key": f"R{score}", "at": ago(days), "score": score}
        for days, score in ((8, 10), (1, 3))
    ]
    # The score that starts it decides, not the one given since.
    assert entered(spec, {"last_nps": 3}, events=events) == [(1, "R3")]


def test_somebody_put_in_by_hand_enters_that_journey_even_from_before_it_was_live():
    row = {"kind": "manual", "customer_id": 1, "key": "fair", "at": ago(1)}
    events = [{**row, "journey": "care"}, {**row, "customer_id": 2, "journey": "other"}]
    spec = trigger(on="manual", started=NOW)
    assert entered(spec, {}, {}, events=events) == [(1, "fair")]


@pytest.mark.parametrize(
    ("schedule", "day", "comes"),
    [
        ({"every": "day"}, "2026-06-15", True),
        ({"every": "monday"}, "2026-06-15", True),
        ({"every": "tuesday"}, "2026-06-15", False),
        ({"every": "month", "day": 15}, "2026-06-15", True),
        ({"every": "quarter", "day": 15}, "2026-06-15", False),
        ({"every": "quarter", "day": 15}, "2026-07-15", True),
        ({"every": "year", "month": 6, "day": 15}, "2026-06-15", True),
        ({"every": "year", "month": 7, "day": 15}, "2026-06-15", False),
    ],
)
def test_a_schedule_lets_everybody_in_on_its_days(schedule, day, comes):
    now = datetime.combine(date.fromisoformat(day), NOW.timetz())
    spec = trigger(on="schedule", **schedule)
    assert entered(spec, {}, {}, now=now) == [(who, day) for who in (1, 2) if comes]


def test_a_schedule_that_is_caught_up_with_keeps_its_day_as_key():
    spec = trigger(on="schedule", every="month", day=13)
    assert entered(spec, previous_run=ago(3)) == [(1, "2026-06-13")]


def test_a_definition_never_takes_in_whom_it_missed():
    bought = orders({"ordered_at": ago(2)}, {"ordered_at": ago(0.01)})
    spec = trigger(on="order", again="per_order", started=NOW)
    assert entered(spec, bought=bought) == [(1, "A2")]


@pytest.mark.parametrize(("room", "who"), [(1, [1, 3]), (2, [1, 2, 3]), (9, [1, 2, 3, 4])])
def test_a_backfill_takes_the_lowest_customer_numbers_first_up_to_its_number(room, who):
    bought = orders(
        {"customer_id": 4, "ordered_at": ago(3)},
        {"customer_id": 2, "ordered_at": ago(2)},
        {"customer_id": 1, "ordered_at": ago(8)},
        {"customer_id": 3, "ordered_at": ago(0.01)},
        {"customer_id": 2, "ordered_at": ago(15)},
    )
    spec = trigger(on="order", again="per_order", started=NOW, backfill=room)
    people = [{}] * 4
    assert sorted(c for c, _ in entered(spec, *people, bought=bought)) == who
    plan = decide(state(profiles(*people), bought=bought), spec, NOW)
    assert plan.backfilled == {"care": len(who) - 1}


def test_a_backfill_takes_those_who_are_in_the_phase_or_segment_already():
    people = [{"phase": "at_risk", "phase_before": "at_risk", "orders": 1}, {"orders": 3}]
    phase = trigger(on="phase", phase="at_risk", started=NOW, backfill=5)
    assert [who for who, _ in entered(phase, *people)] == [1]
    segment = trigger(
        on="segment", segment="regulars", segments={"regulars": "orders >= 3"}, backfill=5
    )
    assert [who for who, _ in entered(segment, *people)] == [2]


def test_a_backfill_takes_open_complaints_and_leaves_those_settled():
    events = [
        {"kind": "complaint_opened", "customer_id": who, "key": f"C{who}", "at": ago(3)}
        for who in (1, 2)
    ]
    spec = trigger(on="complaint", started=NOW, backfill=5)
    people = [{"open_complaints": 1}, {"open_complaints": 0}]
    assert entered(spec, *people, events=events) == [(1, "C1:opened")]


def past(*rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "entry_key", "entered_at", "left_at"])
    moments = dict.fromkeys(["entered_at", "left_at"], "datetime64[us, UTC]")
    return frame.assign(journey="care").astype(moments)


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ("never", []),
        ("per_order", [(1, "A2"), (1, "A3")]),
        ("after 9 days", [(1, "A2")]),
        ("after 10 days", [(1, "A2")]),
        ("after 11 days", []),
    ],
)
def test_coming_back_counts_every_version_of_the_journey(again, expected):
    """The frame of the past knows journeys, not versions."""
    bought = orders({"ordered_at": ago(3)}, {"ordered_at": ago(2)}, {"ordered_at": ago(1)})
    before = past((1, "A1", ago(10), ago(2)))
    assert entered(trigger(on="order", again=again), bought=bought, past=before) == expected


def test_whoever_is_still_in_it_does_not_enter_again_after_a_while():
    before = past((1, "A0", ago(99), None))
    assert entered(trigger(on="order", again="after 9 days"), bought=orders({}), past=before) == []
    assert entered(trigger(on="order", again="per_order"), bought=orders({}), past=before) != []


def test_whoever_would_have_to_leave_at_once_does_not_enter():
    spec = specs({"exit_when": "open_complaints > 0", "steps": PAUSE})
    people = [{"open_complaints": 1}, {}]
    bought = orders({}, {"customer_id": 2}, {"customer_id": 2, "order_returned": True})
    assert entered(spec, *people, bought=bought) == [(2, "A2")]


def test_nothing_after_now_lets_anybody_in():
    soon = NOW + timedelta(hours=1)
    row = {"kind": "nps", "customer_id": 1, "key": "R1", "at": soon}
    assert entered(trigger(on="nps"), events=[row]) == []
    assert entered(trigger(on="order"), bought=orders({"ordered_at": soon})) == []

"""Business time."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segments.journey.calendar import Calendar, Region, last_occurrence
from segments.journey.zones import local, utc
from segments.policy import Policy
from segments.spans import WEEKDAYS, Span, Until, parse_pause, parse_span

ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
]
NEW_YEAR = Region(np.array(["2026-01-01", "2026-01-06"], dtype="datetime64[D]"))


def calendar(zone: str = "Europe/Berlin", **regions: Region) -> Calendar:
    return Calendar(Policy(zone=zone), regions)


def moments(*written: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(written), utc=True)).astype("datetime64[us, UTC]")


@pytest.mark.parametrize(
    ("moment", "span", "expected"),
    [
        ("2026-06-15T13:30Z", "2 days", "2026-06-16T22:00Z"),
        ("2026-06-15T23:30Z", "1 day", "2026-06-16T22:00Z"),
        ("2026-03-28T10:00Z", "1 day", "2026-03-28T23:00Z"),
        ("2026-03-28T10:00Z", "2 days", "2026-03-29T22:00Z"),
        ("2026-10-24T10:00Z", "2 days", "2026-10-25T23:00Z"),
        ("2026-06-12T10:00Z", "1 business day", "2026-06-14T22:00Z"),
        ("2026-06-13T10:00Z", "1 business day", "2026-06-15T22:00Z"),
        ("2026-01-31T10:00Z", "1 month", "2026-02-27T23:00Z"),
        ("2026-06-15T13:30Z", "36 hours", "2026-06-17T01:30Z"),
        ("2026-06-15T13:30Z", "90 minutes", "2026-06-15T15:00Z"),
        ("2026-06-15T13:30Z", "2 weeks", "2026-06-28T22:00Z"),
        ("1969-12-31T13:30Z", "1 day", "1969-12-31T23:00Z"),
    ],
)
def test_days_end_when_the_business_day_begins(moment, span, expected):
    assert calendar().later(moments(moment), parse_span(span))[0] == pd.Timestamp(expected)


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("30 days", "2026-02-28T23:00Z"),
        ("1 month", "2026-02-27T23:00Z"),
        ("2 weeks", "2026-03-16T23:00Z"),
        ("3 business days", "2026-03-25T23:00Z"),
        ("36 hours", "2026-03-29T22:00Z"),
    ],
)
def test_a_span_before_a_moment_ends_when_that_day_begins(span, expected):
    date_of_contract = moments("2026-03-31T10:00Z")
    assert calendar().later(date_of_contract, parse_span(span), sign=-1)[0] == pd.Timestamp(
        expected
    )


def test_a_date_is_reached_again_from_its_own_day():
    day = moments("2026-03-28T23:00Z", "2026-03-30T22:00Z")
    for sign in (1, -1):
        assert calendar().later(day, Span(0, "days"), sign=sign).equals(day)
    assert calendar().later(day, Span(0, "business_days"), sign=1)[0] == pd.Timestamp(
        "2026-03-29T22:00Z"
    )
    assert calendar().later(day, Span(0, "business_days"), sign=-1)[0] == pd.Timestamp(
        "2026-03-26T23:00Z"
    )


def test_business_days_skip_the_public_holidays_of_each_row():
    here = calendar(DE=Region(NEW_YEAR.holidays[:1]), AT=NEW_YEAR, SA=Region(weekend=(4, 5)))
    before = moments(*["2025-12-31T10:00Z"] * 5)
    rows = pd.Series(["DE", "AT", "SA", "XX", None], dtype="str")
    found = here.later(before, parse_span("3 business days"), rows)
    days = [str(day) for day in here.days(found)]
    assert days == ["2026-01-06", "2026-01-07", "2026-01-05", "2026-01-06", "2026-01-06"]
    assert here.later(before, parse_span("3 business days")).tolist() == found[[0] * 5].tolist()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.dates(date(2025, 12, 1), date(2026, 2, 1)), min_size=1, max_size=5),
    st.sets(st.dates(date(2025, 11, 1), date(2026, 3, 1)), max_size=20),
    st.sampled_from([(5, 6), (4, 5), (6,)]),
    st.integers(0, 15),
    st.sampled_from([1, -1]),
)
def test_business_days_are_those_counted_one_by_one(days, holidays, weekend, count, sign):
    region = Region(np.array(sorted(holidays), dtype="datetime64[D]"), weekend)

    def rests(day: date) -> bool:
        return day.weekday() in weekend or day in holidays

    def counted(day: date) -> date:
        while rests(day):
            day += timedelta(days=sign)
        for _ in range(count):
            day += timedelta(days=sign)
            while rests(day):
                day += timedelta(days=sign)
        return day

    here = calendar("America/New_York", XX=region)
    noon = np.array(days, dtype="datetime64[D]") + np.timedelta64(17 * 3_600_000_000, "us")
    found = here.later(noon, Span(count, "business_days"), "XX", sign)
    assert here.days(found).tolist() == [counted(day) for day in days]
    assert (here.begins(here.days(found)) == found).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2060-01-01")), min_size=1),
    st.sampled_from(["1 day", "3 business days", "2 weeks", "1 month", "5 hours"]),
    st.sampled_from(ZONES),
)
def test_later_is_later_and_keeps_order_in_every_zone(at, span, zone):
    series = pd.Series(pd.to_datetime(sorted(at), utc=True)).astype("datetime64[us, UTC]")
    here = calendar(zone)
    moved = here.later(series, parse_span(span))
    assert (moved > series).all()
    assert moved.is_monotonic_increasing
    assert (here.later(series, parse_span(span), sign=-1) < series).all()


@pytest.mark.parametrize(
    ("moment", "pause", "expected"),
    [
        ("2026-06-15T13:30Z", "until tuesday 10:00", "2026-06-16T08:00Z"),
        ("2026-06-16T07:59Z", "until tuesday 10:00", "2026-06-16T08:00Z"),
        ("2026-06-16T08:00Z", "until tuesday 10:00", "2026-06-23T08:00Z"),
        ("2026-06-15T13:30Z", "until 10:00", "2026-06-16T08:00Z"),
        ("2026-06-15T13:30Z", "until monday", "2026-06-21T22:00Z"),
        ("2026-03-28T12:00Z", "until 2:30", "2026-03-29T01:00Z"),
        ("2026-03-29T01:00Z", "until 2:30", "2026-03-30T00:30Z"),
        ("2026-10-25T00:29Z", "until 2:30", "2026-10-25T00:30Z"),
        ("2026-10-25T00:30Z", "until 2:30", "2026-10-26T01:30Z"),
        ("2026-10-24T12:00Z", "until sunday 12:00", "2026-10-25T11:00Z"),
    ],
)
def test_a_time_to_wait_for_is_the_first_after_the_moment(moment, pause, expected):
    found = calendar().until(moments(moment), parse_pause(pause))
    assert found[0] == pd.Timestamp(expected)


SWITCHES = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 4, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 4, 24, tzinfo=UTC)),
    ("Africa/Cairo", datetime(2026, 10, 29, tzinfo=UTC)),
]


@pytest.mark.parametrize("pause", ["2:00", "2:30", "0:00", "23:45", "sunday 1:15", "friday 0:15"])
@pytest.mark.parametrize(("zone", "switch"), SWITCHES)
def test_every_quarter_of_an_hour_around_a_switch_waits_for_the_first_such_time(
    zone, switch, pause
):
    quarter, clock = timedelta(minutes=15), ZoneInfo(zone)
    around = [switch - timedelta(days=3) + step * quarter for step in range(15 * 96)]
    shown = [moment.astimezone(clock).replace(tzinfo=None) for moment in around]
    until = parse_pause(f"until {pause}")
    assert isinstance(until, Until)
    wanted_days = [
        wanted
        for day in range(-2, 11)
        if (wanted := datetime.combine(switch.date() + timedelta(days=day), time()))
        and (until.weekday is None or WEEKDAYS[wanted.weekday()] == until.weekday)
    ]
    reached = [
        next(
            moment
            for moment, wall in zip(around, shown, strict=True)
            if wall >= wanted.replace(hour=until.hour, minute=until.minute)
        )
        for wanted in wanted_days
    ]
    asked = [moment for moment in around if reached[0] <= moment < reached[-1]]
    expected = [min(moment for moment in reached if moment > after) for after in asked]
    found = calendar(zone).until(moments(*map(str, asked)), until)
    assert found.tolist() == expected


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.datetimes(pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")), min_size=1, max_size=8
    ),
    st.sampled_from(ZONES),
)
def test_clocks_show_what_they_show(at, zone):
    clock = ZoneInfo(zone)
    plain = np.array(at, dtype="datetime64[us]")
    shown = local(plain, zone)
    for moment, wall in zip(at, shown.tolist(), strict=True):
        assert moment.replace(tzinfo=UTC).astimezone(clock).replace(tzinfo=None) == wall
    first = utc(shown, zone)
    assert (first <= plain).all()
    assert (local(first, zone) == shown).all()
    assert (plain - first < np.timedelta64(25, "h")).all()


def test_what_comes_back_is_of_the_kind_that_was_given():
    here, week = calendar(), parse_span("1 week")
    series = moments("2026-06-15T13:30Z", "2026-06-16T13:30Z").set_axis([7, 3])
    series[3] = pd.NaT
    for found in (
        here.later(series, week),
        here.later(series, parse_span("1 business day")),
        here.later(series, parse_span("1 month")),
        here.until(series, Until("monday", 7, 0)),
        here.next_allowed(series, "legal"),
        here.next_allowed(series, "service"),
    ):
        assert found.index.tolist() == [7, 3]
        assert found.dtype == series.dtype
        assert found.isna().tolist() == [False, True]
    plain = here.later(series.to_numpy(dtype="datetime64[us]"), week)
    assert plain.dtype == np.dtype("datetime64[us]")
    assert len(here.until(plain[:0], Until(None, 7, 0))) == 0
    assert len(here.later(series[:0], parse_span("2 business days"), pd.Series(dtype="str"))) == 0


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 28))
def test_a_schedule_fell_on_its_day_less_than_a_month_ago(today, day):
    fell = last_occurrence("month", day, today)
    assert fell.day == day
    assert 0 <= (today - fell).days <= 30
    assert last_occurrence("friday", 1, today).weekday() == 4
    assert 0 <= (today - last_occurrence("friday", 1, today)).days <= 6


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 28), st.integers(1, 12))
def test_a_schedule_of_quarters_or_years_fell_on_its_latest_day(today, day, month):
    def latest(months: tuple[int, ...]) -> date:
        days = (
            date(year, number, day) for year in (today.year - 1, today.year) for number in months
        )
        return max(fell for fell in days if fell <= today)

    assert last_occurrence("quarter", day, today) == latest((1, 4, 7, 10))
    assert last_occurrence("year", day, today, month) == latest((month,))
    assert last_occurrence("day", day, today) == today

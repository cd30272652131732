"""Business time."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.journey.calendar import last_occurrence, later
from segments.spans import parse_span


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
        ("2026-06-15T13:30Z", "2 weeks", "2026-06-28T22:00Z"),
    ],
)
def test_days_end_when_the_business_day_begins(moment, span, expected):
    moments = pd.Series(pd.to_datetime([moment], utc=True)).astype("datetime64[us, UTC]")
    assert later(moments, parse_span(span), "Europe/Berlin")[0] == pd.Timestamp(expected)


@given(
    st.lists(st.datetimes(pd.Timestamp("2000-01-01"), pd.Timestamp("2060-01-01")), min_size=1),
    st.sampled_from(["1 day", "3 business days", "2 weeks", "1 month", "5 hours"]),
    st.sampled_from(["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Beirut"]),
)
def test_later_is_later_and_keeps_order_in_every_zone(moments, span, zone):
    series = pd.Series(pd.to_datetime(sorted(moments), utc=True)).astype("datetime64[us, UTC]")
    moved = later(series, parse_span(span), zone)
    assert (moved > series).all()
    assert moved.is_monotonic_increasing


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 28))
def test_a_schedule_fell_on_its_day_less_than_a_month_ago(today, day):
    fell = last_occurrence("month", day, today)
    assert fell.day == day
    assert 0 <= (today - fell).days <= 30
    assert last_occurrence("friday", 1, today).weekday() == 4
    assert 0 <= (today - last_occurrence("friday", 1, today)).days <= 6

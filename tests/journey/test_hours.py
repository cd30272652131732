"""Hours as people write them, and hours in which messages may arrive."""

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from segments.journey.calendar import Calendar, Region
from segments.journey.hours import Hours, parse_hours
from segments.policy import Policy
from segments.spans import WEEKDAYS

QUARTER = timedelta(minutes=15)

SWITCHES = {
    "Berlin, forward": ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    "Berlin, back": ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    "New York, forward": ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    "New York, back": ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    "half an hour back": ("Australia/Lord_Howe", datetime(2026, 4, 5, tzinfo=UTC)),
    "half an hour forward": ("Australia/Lord_Howe", datetime(2026, 10, 4, tzinfo=UTC)),
    "midnight skipped": ("Africa/Cairo", datetime(2026, 4, 24, tzinfo=UTC)),
    "midnight twice": ("Africa/Cairo", datetime(2026, 10, 29, tzinfo=UTC)),
    "two hours": ("Antarctica/Troll", datetime(2026, 3, 29, tzinfo=UTC)),
    "a day skipped": ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC)),
    "never": ("Asia/Kathmandu", datetime(2026, 3, 29, tzinfo=UTC)),
}
HOURS = [
    "monday-saturday 7:00-20:00",
    "daily 1:00-3:00",
    ["daily, holidays 2:15-2:45", "sunday 23:30-24:00"],
    ["holidays 0:30-1:30", "monday 0:00-0:15"],
    ["daily 20:00-24:00", "daily, holidays 0:00-2:15"],
    "any time",
]


@cache
def around(switch: str) -> list[datetime]:
    """Every quarter of an hour from two days before the switch to nine days after it."""
    day = SWITCHES[switch][1]
    return [day - timedelta(days=2) + step * QUARTER for step in range(11 * 96)]


def plain_next(moments: list[datetime], zone: str, hours: Hours, holidays: set) -> list[datetime]:
    """For each the first of them, not before it, that is allowed; None where none is."""
    clock = ZoneInfo(zone)
    found, following = [], None
    for moment in reversed(moments):
        shown = moment.astimezone(clock)
        windows = hours.windows[7 if shown.date() in holidays else shown.weekday()]
        minute = shown.hour * 60 + shown.minute
        if any(begin <= minute < end for begin, end in windows):
            following = moment
        found.append(following)
    return found[::-1]


def check(switch: str, written: str | list[str]) -> None:
    zone, day = SWITCHES[switch]
    policy = Policy.model_validate({"calendar": {"hours": {"service": written}}})
    holiday = np.array([day.date() + timedelta(days=1)], dtype="datetime64[D]")
    calendar = Calendar(policy, {"XX": Region(holiday)})
    moments = around(switch)
    expected = plain_next(moments, zone, parse_hours(written), set(holiday.tolist()))
    known = [number for number, moment in enumerate(expected) if moment is not None]
    asked = pd.Series(pd.to_datetime([moments[number] for number in known], utc=True)).dt.as_unit(
        "us"
    )
    found = calendar.next_allowed(asked, "service", zone, "XX")
    assert found.tolist() == [expected[number] for number in known]
    assert calendar.next_allowed(found, "service", zone, "XX").equals(found)
    assert known


@pytest.mark.parametrize("written", HOURS, ids=str)
@pytest.mark.parametrize("switch", SWITCHES)
def test_a_message_waits_for_the_first_allowed_quarter_of_an_hour(switch, written):
    check(switch, written)


@st.composite
def opening(draw) -> list[str]:
    entries = ["monday 12:00-12:15"]
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, 95))
        end = draw(st.integers(begin + 1, 96))
        day = draw(st.sampled_from([*WEEKDAYS, "holidays", "daily", "friday-monday"]))
        clock = [f"{quarter // 4}:{quarter % 4 * 15:02}" for quarter in (begin, end)]
        entries.append(f"{day} {'-'.join(clock)}")
    return entries


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(list(SWITCHES)), opening())
def test_whatever_the_hours_the_first_allowed_moment_is_found(switch, written):
    check(switch, written)


def test_each_row_goes_by_its_own_clock_purpose_and_holidays():
    policy = Policy.model_validate(
        {"calendar": {"region": "DE", "hours": {"advertising": "monday-friday 8:00-18:00"}}}
    )
    days = {"AT": ["2026-10-26"], "DE": ["2026-10-31"]}
    regions = {name: Region(np.array(dates, dtype="datetime64[D]")) for name, dates in days.items()}
    calendar = Calendar(policy, regions)
    rows = pd.DataFrame(
        [
            ("2026-10-26T06:00Z", "advertising", "Europe/Berlin", "DE", "2026-10-26T07:00Z"),
            ("2026-10-26T06:00Z", "advertising", "Europe/Vienna", "AT", "2026-10-27T07:00Z"),
            ("2026-10-26T06:00Z", "advertising", "America/New_York", "US", "2026-10-26T12:00Z"),
            ("2026-10-26T06:00Z", "service", "Europe/Berlin", "DE", "2026-10-26T06:00Z"),
            ("2026-10-26T06:00Z", "legal", "Europe/Vienna", "AT", "2026-10-26T06:00Z"),
            ("2026-10-30T17:30Z", "advertising", None, None, "2026-11-02T07:00Z"),
            ("2026-10-30T17:30Z", "service", None, None, "2026-10-30T17:30Z"),
            ("2026-10-30T19:30Z", "service", None, None, "2026-11-02T06:00Z"),
            (None, "service", None, None, None),
        ],
        columns=["at", "purpose", "zone", "region", "expected"],
    )
    at, expected = (
        pd.to_datetime(rows[name], utc=True).dt.as_unit("us") for name in rows.columns[::4]
    )
    found = calendar.next_allowed(at, rows["purpose"], rows["zone"], rows["region"])
    pd.testing.assert_series_equal(found, expected, check_names=False)
    backwards = rows[::-1]
    again = calendar.next_allowed(
        at[::-1].to_numpy(dtype="datetime64[us]"),
        backwards["purpose"].to_numpy(dtype=object),
        backwards["zone"].to_numpy(dtype=object),
        backwards["region"].to_numpy(dtype=object),
    )
    np.testing.assert_array_equal(again[::-1], found.to_numpy(dtype="datetime64[us]"))


def test_nobody_waits_for_nothing():
    calendar = Calendar(Policy())
    none = np.array([], dtype="datetime64[us]")
    words = np.array([], dtype=object)
    assert len(calendar.next_allowed(none, words, words, words)) == 0
    unknown = np.array(["NaT"], dtype="datetime64[us]")
    assert np.isnat(calendar.next_allowed(unknown, "service")).all()


def test_long_holidays_are_waited_through():
    rest = np.arange("2026-01-01", "2026-07-01", dtype="datetime64[D]")
    calendar = Calendar(Policy(), {"DE": Region(rest)})
    moment = np.array(["2026-01-02T10:00"], dtype="datetime64[us]")
    assert calendar.next_allowed(moment, "advertising")[0] == np.datetime64("2026-07-01T06:00")


@pytest.mark.parametrize(
    ("written", "days"),
    [
        ("monday-friday 8:00-18:00", dict.fromkeys(range(5), ((480, 1080),))),
        ("Saturday, holidays 10-14", {5: ((600, 840),), 7: ((600, 840),)}),
        ("friday – monday 9:30-12", dict.fromkeys((4, 5, 6, 0), ((570, 720),))),
        (["monday 8:00-12:00", "monday 13:00-24:00"], {0: ((480, 720), (780, 1440))}),
        (["monday 13:00-17:00", "monday 8:00-13:00"], {0: ((480, 1020),)}),
        ("any time", dict.fromkeys(range(8), ((0, 1440),))),
        ("daily 0:00-24:00", dict.fromkeys(range(7), ((0, 1440),))),
    ],
)
def test_hours_read_as_on_the_door_of_a_shop(written, days):
    hours = parse_hours(written)
    assert hours.windows == tuple(days.get(day, ()) for day in range(8))
    assert hours.always == (written == "any time")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("mondey-friday 8:00-18:00", 'there is no day "mondey". Did you mean "monday"?'),
        ("xyz 8:00-18:00", 'there is no day "xyz". It is one of: monday, '),
        ("monday-friday", '"monday-friday" are no hours. Write days and times: "monday-friday 8'),
        ("monday 8:00-8:00", '"monday 8:00-8:00" ends before it begins. Hours over midnight'),
        ("monday 20:00-6:00", "Hours over midnight are two entries"),
        ("monday 8:00-25:00", '"25:00" is no time of the day. Write one from 0:00 to 24:00'),
        ("monday 8:75-9:00", '"8:75" is no time of the day'),
        ("monday-holidays 8:00-9:00", "holidays are no weekday"),
        ("", '"" are no hours'),
        (8, "8 are no hours"),
        ([["monday 8:00-9:00"]], "are no hours"),
        ([], "no hour is left in which advertising may go. Write at least one on a weekday"),
        ("holidays 8:00-18:00", "no hour is left in which advertising may go"),
    ],
)
def test_hours_that_make_no_sense_are_refused(written, said):
    with pytest.raises(ValidationError) as refused:
        Policy.model_validate({"calendar": {"hours": {"advertising": written}}})
    assert said in str(refused.value)


def test_hours_are_written_back_as_they_were_read():
    hours = {"service": ["monday 8:00-9:00", "friday 9-10"], "survey": "daily 8:00-9:00"}
    policy = Policy.model_validate({"calendar": {"region": "AT", "hours": hours}})
    written = policy.model_dump(mode="json", by_alias=True)
    assert written["calendar"]["hours"].items() >= hours.items()
    assert Policy.model_validate(written) == policy

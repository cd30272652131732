"""Times written as cron are read, said in words, and looked up by the clocks of a place."""

from datetime import UTC, datetime

import pytest

from flows.cron_words import in_words
from flows.crons import CronError, read_cron
from segments.names import Locale


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30 8 * * 1-5", "Monday to Friday at 08:30"),
        ("45 8 * * mon-fri", "Monday to Friday at 08:45"),
        ("*/15 8-18 * * 1-5", "Monday to Friday every 15 minutes from 08:00 to 18:45"),
        ("*/5 * * * *", "every day every 5 minutes"),
        ("* * * * *", "every day every minute"),
        ("7 * * * *", "every day hourly at minute 07"),
        ("0 3 * * 0", "Sunday at 03:00"),
        ("0 3 * * 7", "Sunday at 03:00"),
        ("0 8 * * sat,sun", "Saturday and Sunday at 08:00"),
        ("0 0 1 * *", "on day 1 of the month at 00:00"),
        ("0 7 1 jan,jul *", "on day 1 of the month of Jan and Jul at 07:00"),
        ("5,35 9 1,15 * 1", "on day 1 and 15 of the month, and Monday at 09:05 and 09:35"),
    ],
)
def test_a_cron_is_said_in_words(text: str, words: str) -> None:
    assert in_words(read_cron(text), Locale.EN) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30 8 * * 1-5", "Montag bis Freitag um 08:30"),
        ("*/15 8-18 * * 1-5", "Montag bis Freitag alle 15 Minuten von 08:00 bis 18:45"),
        ("*/5 * * * *", "täglich alle 5 Minuten"),
        ("7 * * * *", "täglich stündlich zur Minute 07"),
        ("7 */2 * * *", "täglich alle 2 Stunden zur Minute 07 von 00:07 bis 22:07"),
        ("0 8 * * sat,sun", "Samstag und Sonntag um 08:00"),
        ("0 7 1 jan,jul *", "am 1. des Monats im Januar und Juli um 07:00"),
        ("0 9 1,15 * 1", "am 1. und 15. des Monats und Montag um 09:00"),
    ],
)
def test_a_cron_is_said_in_german(text: str, words: str) -> None:
    assert in_words(read_cron(text), Locale.DE) == words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("daily", '"daily" is no time. Write five fields'),
        ("61 * * * *", '"61" is no minute: write 0 to 59, or *'),
        ("0 8 * * 5-1", '"5-1" is no day of the week: 5 comes after 1'),
        ("*/0 * * * *", None),
        ("*/x * * * *", '"*/x" is no minute: behind "/" stands a number'),
        ("0 0 30 2 *", '"0 0 30 2 *" never comes: there is no such day'),
        ("0 8 * * ²", '"²" is no day of the week: write 0 to 7, or *'),
        ("", '"" is no time. Write five fields'),
    ],
)
def test_what_is_no_cron_is_said(text: str, said: str | None) -> None:
    with pytest.raises(CronError) as raised:
        read_cron(text)
    if said:
        assert str(raised.value).startswith(said)


def test_a_leap_day_comes() -> None:
    assert in_words(read_cron("0 8 29 2 *"), Locale.EN) == "on day 29 of the month of Feb at 08:00"


def test_moments_follow_the_clocks_of_the_place() -> None:
    # In Berlin the clocks go back on the twenty-fifth.
    begin = datetime(2026, 10, 22, 7, tzinfo=UTC)
    until = datetime(2026, 10, 27, 7, 30, tzinfo=UTC)
    found = list(read_cron("30 8 * * 1-5").moments("Europe/Berlin", begin, until))
    assert [f"{moment:%d %H:%M}" for moment in found] == ["23 06:30", "26 07:30", "27 07:30"]


def test_the_first_moment_is_later_and_the_last_included() -> None:
    cron = read_cron("0 * * * *")
    hour = datetime(2026, 5, 4, 8, tzinfo=UTC)
    assert list(cron.moments("UTC", hour, hour)) == []
    assert list(cron.moments("UTC", hour.replace(hour=7), hour)) == [hour]


def test_both_days_written_mean_either_as_cron_does() -> None:
    begin = datetime(2026, 6, 1, tzinfo=UTC)
    found = read_cron("0 9 15 * 1").moments("UTC", begin, begin.replace(day=16))
    assert [moment.day for moment in found] == [1, 8, 15]

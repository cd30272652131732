"""--as-of becomes one moment, and never one that is still to come."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.errors import ConfigError
from flows.moments import moment

NOW = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("as_of", "wanted"),
    [
        (None, NOW),
        ("2026-11-18", NOW),
        ("2026-11-17", datetime(2026, 11, 17, 22, 59, 59, 999999, UTC)),
        ("20261117", datetime(2026, 11, 17, 22, 59, 59, 999999, UTC)),
        ("2026-06-01", datetime(2026, 6, 1, 21, 59, 59, 999999, UTC)),
        ("2026-10-25", datetime(2026, 10, 25, 22, 59, 59, 999999, UTC)),
        ("2026-11-18T07:00", datetime(2026, 11, 18, 6, tzinfo=UTC)),
        ("2026-11-18 07:00", datetime(2026, 11, 18, 6, tzinfo=UTC)),
        ("2026-11-18T07:00+00:00", datetime(2026, 11, 18, 7, tzinfo=UTC)),
        ("2026-11-18T09:30Z", NOW),
    ],
)
def test_a_day_is_seen_to_its_end_and_a_moment_taken_at_its_word(
    as_of: str | None, wanted: datetime
) -> None:
    assert moment(as_of, BERLIN, NOW) == wanted
    assert moment(as_of, BERLIN, NOW).tzinfo is UTC


def test_today_is_the_business_zones_today() -> None:
    late = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
    assert moment("2026-11-19", BERLIN, late) == late
    assert moment("2026-11-18", BERLIN, late) == late - timedelta(minutes=30, microseconds=1)


@pytest.mark.parametrize(
    "wrong", ["yesterday", "18.11.2026", "2026-02-30", "", "2026-11-18T25:00", "0001-01-01T00:00"]
)
def test_what_is_no_day_is_told(wrong: str) -> None:
    with pytest.raises(ConfigError) as error:
        moment(wrong, BERLIN, NOW)
    assert str(error.value) == (
        f'--as-of  "{wrong}" is not a day. Write 2026-11-18 or 2026-11-18T07:00'
    )


@pytest.mark.parametrize("later", ["2026-11-19", "2026-11-18T11:00", "9999-12-31", "9999-12-30"])
def test_nobody_knows_the_future(later: str) -> None:
    with pytest.raises(ConfigError) as error:
        moment(later, BERLIN, NOW)
    assert str(error.value) == f'--as-of  "{later}" is still to come; nobody knows what it brings'


def test_the_beginning_of_the_calendar_is_a_day_like_any() -> None:
    assert moment("0001-01-01", BERLIN, NOW) < NOW

"""Days and times of the day as people write them: "2026-06-30", "7:30"."""

import re
import zoneinfo
from datetime import date, time
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator

_TIME = re.compile(r"^(\d{1,2}):(\d{2})(?::00)?$")


@cache
def time_zones() -> frozenset[str]:
    """The names of all time zones; to list them takes longer than to read a policy."""
    return frozenset(zoneinfo.available_timezones())


def parse_day(value: Any) -> date:
    """Read "2026-06-30"; anything else is a `ValueError` that says what to write."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f'"{value}" is no day. Write year, month and day: "2026-06-30"') from None


def parse_time(value: Any) -> time:
    """Read "7:30"; anything else is a `ValueError` that says what to write."""
    match = _TIME.match(value) if isinstance(value, str) else None
    if isinstance(value, time):
        return value
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise ValueError(f'"{value}" is no time of the day. Write it like "15:30"')
    return time(int(match[1]), int(match[2]))


Day = Annotated[date, BeforeValidator(parse_day)]
Time = Annotated[time, BeforeValidator(parse_time)]

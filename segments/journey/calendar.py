"""Time as the business sees it: days begin at its midnight, whatever the clocks do."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from segments.spans import Span

_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def later(moments: pd.Series, span: Span, zone: str) -> pd.Series:
    """`moments` (UTC) moved by `span`.

    Minutes and hours count exactly. Days, business days (Monday to Friday), weeks and months
    count calendar days of the business zone and end when that day begins there: two days after
    an order of Monday 15:30 is Wednesday 00:00, so that Wednesday's run may write.
    """
    if span.unit in ("minutes", "hours"):
        exactly: pd.Series = moments + timedelta(**{span.unit: span.count})
        return exactly
    local = moments.dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    if span.unit == "business_days":
        days = local.to_numpy().astype("datetime64[D]")
        moved = np.busday_offset(days, span.count, roll="forward").astype("datetime64[us]")
        local = pd.Series(moved, index=moments.index)
    elif span.unit == "months":
        local = (local + pd.DateOffset(months=span.count)).astype("datetime64[us]")
    else:
        local = local + timedelta(**{span.unit: span.count})
    # Where the clock change skips midnight, the day begins when the clock goes on.
    begins = local.dt.tz_localize(
        zone, nonexistent="shift_forward", ambiguous=np.ones(len(local), bool)
    )
    moved_to: pd.Series = begins.dt.tz_convert("UTC").astype("datetime64[us, UTC]")
    return moved_to


def local_day(now: datetime, zone: str) -> date:
    """The business day a moment belongs to."""
    return now.astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """When that day begins in the business zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def last_occurrence(every: str, day: int, today: date) -> date:
    """The latest day up to and including `today` on which a schedule falls."""
    if every == "day":
        return today
    if every == "month":
        if today.day >= day:
            return today.replace(day=day)
        return (today.replace(day=1) - timedelta(days=1)).replace(day=day)
    return today - timedelta(days=(today.weekday() - _WEEKDAYS.index(every)) % 7)

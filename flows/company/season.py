"""When business happens: months, weekdays and office hours of the trade, as local time."""

import numpy as np
import pandas as pd

from flows.company.chance import Array

ZONE = "Europe/Berlin"
_MONTHS = np.array([0.95, 0.95, 1.1, 1.0, 0.9, 0.85, 0.7, 0.75, 1.15, 1.2, 1.3, 1.15])
_WEEKDAYS = np.array([1.4, 1.5, 1.4, 1.35, 1.1, 0.15, 0.1])
_HOURS = np.array([0.4, 1.2, 1.6, 1.5, 0.8, 0.9, 1.3, 1.2, 0.7, 0.4])
_OPENS = 8
PEAK = float(_MONTHS.max() * _WEEKDAYS.max())


def briskness(days: Array) -> Array:
    """How busy each day is, where 1 is a day of average trade; Christmas week is nearly dead."""
    months = days.astype("datetime64[M]").astype(int) % 12
    weekdays = (days.astype("datetime64[D]").astype(int) + 3) % 7
    in_month = (days.astype("datetime64[D]") - days.astype("datetime64[M]")).astype(int) + 1
    holidays = ((months == 11) & (in_month >= 24)) | ((months == 0) & (in_month == 1))
    return np.asarray(_MONTHS[months] * _WEEKDAYS[weekdays] * np.where(holidays, 0.1, 1.0))


def at_work(rng: np.random.Generator, days: Array) -> Array:
    """A moment within office hours of each day; no day gives no moment."""
    hours = rng.choice(len(_HOURS), len(days), p=_HOURS / _HOURS.sum()) + _OPENS
    seconds = hours * 3600 + rng.integers(0, 3600, len(days))
    return np.asarray(days.astype("datetime64[s]") + seconds.astype("timedelta64[s]"))


def business_days_after(days: Array, count: Array) -> Array:
    """The business day so many business days later."""
    return np.busday_offset(days.astype("datetime64[D]"), count, roll="forward")


def iso(moments: Array) -> Array:
    """Local moments as ISO text with the offset of their day, empty where there is none."""
    local = moments.astype("datetime64[s]")
    index = pd.DatetimeIndex(local)
    offset = (index - index.tz_localize(ZONE).tz_convert("UTC").tz_localize(None)).total_seconds()
    summer = np.asarray(offset == 7200)
    text = np.datetime_as_string(local, unit="s").astype(object) + np.where(
        summer, "+02:00", "+01:00"
    ).astype(object)
    return np.where(np.isnat(local), "", text)


def local(moments: "pd.Series[pd.Timestamp]") -> Array:
    """Moments with a zone as local wall time."""
    return moments.dt.tz_convert(ZONE).dt.tz_localize(None).to_numpy("datetime64[s]")

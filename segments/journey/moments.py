"""Moments as plain arrays: UTC, to the microsecond, `NaT` where there is none."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from segments.journey.calendar import day_start
from segments.journey.zones import Moments

NEVER = np.datetime64("NaT", "us")


def moment(now: datetime) -> np.datetime64:
    """A moment with a zone as one of ours."""
    return np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")


def plain(moments: pd.Series) -> Moments:
    """A column of moments with a zone as a fresh array."""
    return np.array(moments.to_numpy(dtype="datetime64[us]"), copy=True)


def zoned(moments: Moments) -> pd.DatetimeIndex:
    """An array of moments as a column of a frame."""
    return pd.DatetimeIndex(moments.astype("datetime64[us]"), tz="UTC")


def never(count: int) -> Moments:
    """So many moments that are not known."""
    return np.full(count, NEVER)


def day_begins(day: date, zone: str) -> np.datetime64:
    """When one day begins in the business zone."""
    return moment(day_start(day, zone))

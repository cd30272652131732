"""Clocks of the world: UTC to local time and back for whole arrays, across every clock change."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Moments = NDArray[np.datetime64]
"""Moments as datetime64[us] without a zone: UTC, or local where it says so."""

_FIRST, _LAST = (np.datetime64(sign * (2**63 - 1), "us") for sign in (-1, 1))
_YEARS = 10


@dataclass(frozen=True, eq=False)
class Changes:
    """Stretches of time in which a zone's clocks keep one distance from UTC.

    begins, ends   of each stretch in UTC
    local_ends     of each by its own clock
    offset         what to add to UTC in it
    """

    begins: Moments
    ends: Moments
    local_ends: Moments
    offset: NDArray[np.timedelta64]


def local(moments: Moments, zone: str) -> Moments:
    """What clocks of the zone show at these moments (UTC)."""
    changes = changes_around(moments, zone)
    offset = changes.offset[changes.begins.searchsorted(moments, side="right") - 1]
    shown: Moments = moments + offset
    return shown


def utc(shown: Moments, zone: str) -> Moments:
    """When clocks of the zone first show these times.

    Where they never do because the clocks are put forward, the moment at which they are; where
    they do twice because the clocks are put back, the first.
    """
    changes = changes_around(shown, zone)
    stretch = changes.local_ends.searchsorted(shown, side="right")
    stretch = np.minimum(stretch, len(changes.offset) - 1)
    moments: Moments = np.maximum(shown - changes.offset[stretch], changes.begins[stretch])
    return moments


def changes_around(moments: Moments, zone: str) -> Changes:
    """The clock changes of the decades these moments, UTC or local, fall into."""
    known = moments[~np.isnat(moments)]
    if not known.size:
        return _changes(zone, 1970, 1980)
    years = np.array([known.min(), known.max()], "datetime64[Y]").astype(int) + 1970
    first, last = years // _YEARS * _YEARS
    return _changes(zone, max(int(first), _YEARS), min(int(last) + _YEARS, 9990))


@lru_cache(maxsize=1024)
def _changes(zone: str, first_year: int, end_year: int) -> Changes:
    """Looked for day by day, then to the second: no zone changes its clocks twice in a day."""
    clock = ZoneInfo(zone)
    # Local times of the first and last days fall outside these years in UTC.
    start = datetime(first_year, 1, 1, tzinfo=UTC) - timedelta(days=3)
    days = (datetime(end_year, 1, 1, tzinfo=UTC) - start).days + 3
    grid = [start + timedelta(days=day) for day in range(days)]
    offsets = [_offset(clock, moment) for moment in grid]
    begins: list[np.datetime64] = [_FIRST]
    offset = [offsets[0]]
    for (before, after), (low, high) in zip(pairwise(offsets), pairwise(grid), strict=True):
        if before != after:
            begins.append(_microseconds(_first_with(clock, after, low, high)))
            offset.append(after)
    ends = np.array([*begins[1:], _LAST], "datetime64[us]")
    shifts = np.array(offset, "timedelta64[us]")
    local_ends = np.append(ends[:-1] + shifts[:-1], _LAST)
    return Changes(np.array(begins, "datetime64[us]"), ends, local_ends, shifts)


def _first_with(clock: ZoneInfo, offset: timedelta, low: datetime, high: datetime) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (low, middle) if _offset(clock, middle) == offset else (middle, high)
    return high


def _offset(clock: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(clock).utcoffset()
    return timedelta() if offset is None else offset


def _microseconds(moment: datetime) -> np.datetime64:
    return np.datetime64(moment.replace(tzinfo=None), "us")

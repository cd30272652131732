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
    first, last = np.clip(years // _YEARS * _YEARS, _YEARS, 9990 - _YEARS)
    return _changes(zone, int(first), int(last))


@lru_cache(maxsize=1024)
def _changes(zone: str, first: int, last: int) -> Changes:
    """From the first to the last decade."""
    decades = [_decade(zone, year) for year in range(first, last + 1, _YEARS)]
    found = {moment: offset for decade in decades for moment, offset in decade[1:]}
    begins = np.array([_FIRST, *found], "datetime64[us]")
    ends = np.array([*found, _LAST], "datetime64[us]")
    offset = np.array([decades[0][0][1], *found.values()], "timedelta64[us]")
    local_ends = np.append(ends[:-1] + offset[:-1], _LAST)
    return Changes(begins, ends, local_ends, offset)


@lru_cache(maxsize=4096)
def _decade(zone: str, year: int) -> list[tuple[np.datetime64, timedelta]]:
    """Distances from UTC and since when, the first since ever.

    Looked for day by day, then to the second: no zone changes its clocks twice in a day.
    """
    clock = ZoneInfo(zone)
    # Local times of the first and last days fall outside these years in UTC.
    start = datetime(year, 1, 1, tzinfo=UTC) - timedelta(days=3)
    days = (datetime(year + _YEARS, 1, 1, tzinfo=UTC) - start).days + 3
    grid = [start + timedelta(days=day) for day in range(days)]
    offsets = [_offset(clock, moment) for moment in grid]
    found: list[tuple[np.datetime64, timedelta]] = [(_FIRST, offsets[0])]
    for (before, after), (low, high) in zip(pairwise(offsets), pairwise(grid), strict=True):
        if before != after:
            change = _first_with(clock, after, low, high)
            found.append((np.datetime64(change.replace(tzinfo=None), "us"), after))
    return found


def _first_with(clock: ZoneInfo, offset: timedelta, low: datetime, high: datetime) -> datetime:
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (low, middle) if _offset(clock, middle) == offset else (middle, high)
    return high


def _offset(clock: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(clock).utcoffset()
    return timedelta() if offset is None else offset

"""Time as people live it: business days, public holidays, and hours in which messages may arrive.

Days begin at the midnight of the business zone, whatever the clocks do. Moments are UTC: a series
of pandas or an array of datetime64[us], and what comes back is of the kind that was given.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segments.journey.hours import Hours
from segments.journey.zones import Moments, changes_around, local, utc
from segments.policy import Policy
from segments.spans import WEEKDAYS, Span, Until

Given = TypeVar("Given", pd.Series, Moments)
Days = NDArray[np.datetime64]
"""Days as datetime64[D]."""
Words = str | NDArray[Any] | pd.Series | pd.api.extensions.ExtensionArray
"""One word for all rows, or one a row."""

_DAY = np.timedelta64(1, "D")
_MINUTE = np.timedelta64(60_000_000, "us")
_SATURDAY, _SUNDAY = 5, 6
_AHEAD = 14
_FEW = 2**16


@dataclass(frozen=True, eq=False)
class Region:
    """Days on which a country, or one of its states, rests."""

    holidays: Days = field(default_factory=lambda: np.array([], "datetime64[D]"))
    weekend: tuple[int, ...] = (_SATURDAY, _SUNDAY)

    @property
    def week(self) -> list[bool]:
        """Monday to Sunday: which are business days."""
        return [day not in self.weekend for day in range(len(WEEKDAYS))]


@dataclass(frozen=True, eq=False)
class Calendar:
    """The house's rules of time, and everybody's public holidays by region ("DE-NI", "AT").

    A region that is not known here has the policy's own days.
    """

    policy: Policy
    regions: Mapping[str, Region] = field(default_factory=dict)

    def later(
        self, moments: Given, span: Span, regions: Words | None = None, sign: int = 1
    ) -> Given:
        """`moments` moved by `span`, or back by it where `sign` is -1.

        Minutes and hours count exactly. Days, business days, weeks and months count calendar days
        of the business zone and end when that day begins there: two days after an order of Monday
        15:30 is Wednesday 00:00, so that Wednesday's run may write. Business days skip weekends
        and public holidays of each row's region.
        """
        at = _plain(moments)
        count = sign * span.count
        if span.unit in ("minutes", "hours"):
            return _like(at + np.timedelta64(count * _MINUTES[span.unit] * _MINUTE), moments)
        days = self.days(at)
        if span.unit == "business_days":
            moved = self._business_days(days, count, sign, regions)
        elif span.unit == "months":
            moved = _months(days, count)
        else:
            moved = days + count * _DAYS[span.unit] * _DAY
        return _like(self.begins(moved), moments)

    def until(self, moments: Given, pause: Until) -> Given:
        """The first such time in the business zone after each moment.

        A time that the clocks skip comes when they go on; of one they show twice, the first counts.
        """
        at = _plain(moments)
        days = self.days(at)
        step = 1
        if pause.weekday is not None:
            step = len(WEEKDAYS)
            days = days + (WEEKDAYS.index(pause.weekday) - _weekdays(days)) % step * _DAY
        time = (pause.hour * 60 + pause.minute) * _MINUTE
        due = self._shown(days, time)
        past = due <= at
        due[past] = self._shown(days[past] + step * _DAY, time)
        return _like(due, moments)

    def next_allowed(
        self,
        moments: Given,
        purposes: Words,
        zones: Words | None = None,
        regions: Words | None = None,
    ) -> Given:
        """The earliest moment, not before each, at which a message of this purpose may arrive.

        Weekdays, hours and days are those of each row's zone, public holidays those of its region;
        where a row has none, ours.
        """
        at = _plain(moments)
        found = at.copy()
        zones = self.policy.zone if zones is None else zones
        regions = self._home if regions is None else regions
        for rows, (purpose, zone, region) in _alike(
            len(at), (purposes, ""), (zones, self.policy.zone), (regions, self._home)
        ):
            hours: Hours = getattr(self.policy.calendar.hours, purpose)
            if not hours.always:
                found[rows] = _next_open(at[rows], hours, zone, self.region(region))
        return _like(found, moments)

    def days(self, moments: pd.Series | Moments) -> Days:
        """The business day each moment belongs to."""
        shown: Days = local(_plain(moments), self.policy.zone).astype("datetime64[D]")
        return shown

    def begins(self, days: Days) -> Moments:
        """When these days begin in the business zone."""
        return self._shown(days, np.timedelta64(0, "us"))

    def region(self, name: str) -> Region:
        """The days of rest of a region; ours where it is not known."""
        return self.regions.get(name) or self.regions.get(self._home) or Region()

    @property
    def _home(self) -> str:
        return self.policy.calendar.region

    def _shown(self, days: Days, time: np.timedelta64) -> Moments:
        shown: Moments = days + time
        return utc(shown, self.policy.zone)

    def _business_days(self, days: Days, count: int, sign: int, regions: Words | None) -> Days:
        moved = days.copy()
        regions = self._home if regions is None else regions
        for rows, (name,) in _alike(len(days), (regions, self._home)):
            region = self.region(name)
            moved[rows] = np.busday_offset(
                days[rows],
                count,
                roll="forward" if sign > 0 else "backward",
                weekmask=region.week,
                holidays=region.holidays,
            )
        return moved


_MINUTES = {"minutes": 1, "hours": 60}
_DAYS = {"days": 1, "weeks": len(WEEKDAYS)}


def local_day(now: datetime, zone: str) -> date:
    """The business day a moment belongs to."""
    return now.astimezone(ZoneInfo(zone)).date()


def day_start(day: date, zone: str) -> datetime:
    """When that day begins in the business zone."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))


def last_occurrence(every: str, day: int, today: date, month: int = 1) -> date:
    """The latest day up to and including `today` on which a schedule falls.

    Quarters begin in January, April, July and October; `month` belongs to a schedule of years.
    """
    if every == "day":
        return today
    if every in WEEKDAYS:
        return today - timedelta(days=(today.weekday() - WEEKDAYS.index(every)) % len(WEEKDAYS))
    first, apart = {"month": (1, 1), "quarter": (1, 3), "year": (month, 12)}[every]
    months = today.year * 12 + today.month - 1 - (today.day < day)
    months -= (months - (first - 1)) % apart
    return date(months // 12, months % 12 + 1, day)


def _months(days: Days, count: int) -> Days:
    """The same day of another month, or its last where it is shorter."""
    month = days.astype("datetime64[M]")
    wanted, following = ((month + number).astype("datetime64[D]") for number in (count, count + 1))
    behind = np.minimum(days - month.astype("datetime64[D]"), following - wanted - _DAY)
    moved: Days = wanted + behind
    return moved


def _weekdays(days: Days) -> NDArray[np.int64]:
    """Monday is 0. The count of days begins on a Thursday."""
    numbers: NDArray[np.int64] = (days.astype("int64") + 3) % len(WEEKDAYS)
    return numbers


def _next_open(at: Moments, hours: Hours, zone: str, region: Region) -> Moments:
    known = at[~np.isnat(at)]
    if not known.size:
        return at
    span = np.array([known.min(), known.max()])
    first, last = local(span, zone).astype("datetime64[D]")
    ahead = _AHEAD
    opens, closes = _open(first, last + ahead * _DAY, hours, zone, region)
    while not closes.size or closes[-1] <= span[1]:
        ahead *= 2
        opens, closes = _open(first, last + ahead * _DAY, hours, zone, region)
    window = np.minimum(closes.searchsorted(at, side="right"), len(opens) - 1)
    moments: Moments = np.maximum(at, opens[window])
    return moments


def _open(
    first: np.datetime64, last: np.datetime64, hours: Hours, zone: str, region: Region
) -> tuple[Moments, Moments]:
    """Every stretch in which it is open from the first day to the last, in UTC and in order."""
    days = np.arange(first, last + _DAY)
    kind = _weekdays(days)
    kind[np.isin(days, region.holidays)] = Hours.HOLIDAY
    midnight = days.astype("datetime64[us]")
    parts = [
        midnight[kind == number][:, None, None] + np.array(windows) * _MINUTE
        for number, windows in enumerate(hours.windows)
        if windows
    ]
    shown = np.concatenate([part.reshape(-1, 2) for part in parts])
    begin, end = shown[:, 0], shown[:, 1]
    # An hour that the clocks skip is never open, one they show twice is open twice: what a window
    # is in UTC is reckoned under the distance before a change and again under that behind it.
    changes = changes_around(shown.ravel(), zone)
    before = changes.local_ends.searchsorted(begin, side="right")
    behind = np.minimum(before + 1, len(changes.offset) - 1)
    stretch = np.concatenate([before, behind[behind > before]])
    begin = np.concatenate([begin, begin[behind > before]]) - changes.offset[stretch]
    end = np.concatenate([end, end[behind > before]]) - changes.offset[stretch]
    opens = np.maximum(begin, changes.begins[stretch])
    closes = np.minimum(end, changes.ends[stretch])
    order = np.argsort(opens, kind="stable")
    order = order[(opens < closes)[order]]
    return opens[order], closes[order]


def _alike(
    rows: int, *columns: tuple[Words, str]
) -> Iterator[tuple[slice | NDArray[np.intp], tuple[str, ...]]]:
    """Rows that agree in all columns, and the words they agree in. A column is one word for all
    rows, or a word a row, and what stands for a missing one."""
    if not rows:
        return
    code = np.zeros(rows, dtype=np.intp)
    known: list[list[str]] = []
    for words, missing in columns:
        if isinstance(words, str):
            known.append([words])
            continue
        codes, distinct = pd.factorize(cast(NDArray[Any], words))
        known.append([*distinct, missing])
        code = code * len(known[-1]) + np.where(codes < 0, len(distinct), codes)
    sizes = tuple(len(words) for words in known)
    if max(sizes) == 1:
        yield slice(None), tuple(words[0] for words in known)
        return
    if math.prod(sizes) <= _FEW:
        # Small numbers are sorted seven times as fast.
        code = code.astype(np.uint16)
    order = np.argsort(code, kind="stable")
    found = code[order]
    for part in np.split(order, np.flatnonzero(found[1:] != found[:-1]) + 1):
        places = np.unravel_index(code[part[0]], sizes)
        yield part, tuple(words[place] for words, place in zip(known, places, strict=True))


def _plain(moments: pd.Series | Moments) -> Moments:
    if isinstance(moments, pd.Series):
        plain: Moments = moments.to_numpy(dtype="datetime64[us]")
        return plain
    return moments


def _like(found: Moments, given: Given) -> Given:
    if isinstance(given, pd.Series):
        utc_again = pd.DatetimeIndex(found, tz="UTC")
        return pd.Series(utc_again, index=given.index, name=given.name)
    return found

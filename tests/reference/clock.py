"""The house's rules of time, one moment at a time."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from segments.journey.calendar import Region
from segments.journey.hours import Hours
from segments.names import Purpose
from segments.spans import WEEKDAYS, Span, Until
from segments.state import Specs

_DAY = timedelta(days=1)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True)
class Clock:
    """What day it is, when a span is over, and when a message may arrive."""

    specs: Specs

    def day(self, at: datetime) -> date:
        """The business day a moment belongs to."""
        return at.astimezone(self._zone).date()

    def begins(self, day: date) -> datetime:
        """When a day begins."""
        return _first_shown(datetime.combine(day, time()), self._zone)

    def later(self, at: datetime, span: Span, region: str | None, sign: int = 1) -> datetime:
        """So much later, or earlier; days end when they begin."""
        count = sign * span.count
        if span.unit in ("minutes", "hours"):
            return at + timedelta(**{span.unit: count})
        day = self.day(at)
        if span.unit == "months":
            day = months_later(day, count)
        elif span.unit == "business_days":
            day = self._business_day(day, span.count, sign, region)
        else:
            day += timedelta(**{span.unit: count})
        return self.begins(day)

    def until(self, at: datetime, pause: Until) -> datetime:
        """The first such time after a moment."""
        day = self.day(at)
        while True:
            if pause.weekday is None or WEEKDAYS[day.weekday()] == pause.weekday:
                shown = datetime.combine(day, time(pause.hour, pause.minute))
                found = _first_shown(shown, self._zone)
                if found > at:
                    return found
            day += _DAY

    def next_allowed(
        self, at: datetime, purpose: Purpose, zone: str | None, region: str | None
    ) -> datetime:
        """The earliest moment from `at` on at which a message of this purpose may arrive."""
        hours = getattr(self.specs.policy.calendar.hours, purpose)
        clock = ZoneInfo(zone or self.specs.policy.zone)
        holidays = self._days_of_rest(region)[0]
        moments = [at]
        day = at.astimezone(clock).date() - _DAY
        while True:
            found = [m for m in moments if m >= at and _open(m, hours, clock, holidays)]
            if found:
                return min(found)
            moments = list(_times_of_opening(day, hours, clock))
            day += _DAY

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.specs.policy.zone)

    def _business_day(self, day: date, count: int, sign: int, region: str | None) -> date:
        """A day of rest counts as the next business day; then so many on."""
        holidays, weekend = self._days_of_rest(region)

        def rests(day: date) -> bool:
            return day in holidays or day.weekday() in weekend

        for _ in range(count + 1):
            while rests(day):
                day += sign * _DAY
            day += sign * _DAY
        return day - sign * _DAY

    def _days_of_rest(self, region: str | None) -> tuple[frozenset[date], tuple[int, ...]]:
        regions, home = self.specs.regions, self.specs.policy.calendar.region
        found = regions.get(region or home) or regions.get(home) or Region()
        return _holidays(found), found.weekend


@lru_cache(maxsize=64)
def _holidays(region: Region) -> frozenset[date]:
    return frozenset(region.holidays.tolist())


def months_later(day: date, count: int) -> date:
    """The same day of another month, or its last where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _first_shown(shown: datetime, zone: ZoneInfo) -> datetime:
    """When clocks first show this; where they skip it, when they are put forward."""
    found = shown.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == shown:
        return found
    low, high = shown.replace(tzinfo=zone, fold=1).astimezone(UTC), found
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < shown:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _open(at: datetime, hours: Hours, zone: ZoneInfo, holidays: frozenset[date]) -> bool:
    shown = at.astimezone(zone)
    kind = Hours.HOLIDAY if shown.date() in holidays else shown.weekday()
    minutes = shown.hour * 60 + shown.minute + (shown.second * 10**6 + shown.microsecond) / 6e7
    return any(begin <= minutes < end for begin, end in hours.windows[kind])


def _times_of_opening(day: date, hours: Hours, zone: ZoneInfo) -> Iterator[datetime]:
    """Every moment of the day at which it may begin to be open: when a window begins, or, on days
    on which the clocks are changed, at any quarter of an hour."""
    midnight = datetime.combine(day, time())
    begins = {begin for windows in hours.windows for begin, _ in windows}
    for begin in sorted(begins):
        yield _first_shown(midnight + timedelta(minutes=begin), zone)
    quarter = _first_shown(midnight, zone)
    morrow = _first_shown(midnight + _DAY, zone)
    if morrow - quarter != _DAY:
        while quarter < morrow:
            yield quarter
            quarter += _QUARTER

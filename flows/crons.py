"""Times at which something starts, written as cron: read and looked up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_FAR = 366 * 5


class CronError(ValueError):
    """What is written is no cron, and why."""


@dataclass(frozen=True)
class Cron:
    """When something starts: the minutes, hours and days it names."""

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool
    """Both a day of the month and one of the week are written: cron takes what is either."""

    def on(self, day: date) -> bool:
        """Whether it starts anything on this day."""
        by_date = day.day in self.days
        by_week = day.isoweekday() % 7 in self.weekdays
        fits = (by_date or by_week) if self.either else (by_date and by_week)
        return fits and day.month in self.months

    def moments(self, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
        """Every start later than `after`, up to and including `until`, in UTC."""
        here = ZoneInfo(zone)
        day, last = after.astimezone(here).date(), until.astimezone(here).date()
        while day <= last:
            if self.on(day):
                starts = (_moment(day, h, m, here) for h in self.hours for m in self.minutes)
                yield from sorted({start for start in starts if after < start <= until})
            day += timedelta(days=1)


def read_cron(text: str) -> Cron:
    """The five fields of a cron. Raises `CronError` with what is wrong in words."""
    parts = text.lower().split()
    if len(parts) != 5:
        raise CronError(
            f'"{text}" is no time. Write five fields (minute, hour, day of the month, month, day '
            'of the week), such as "30 8 * * 1-5": Monday to Friday at 08:30'
        )
    values = [_values(part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
    minutes, hours, days, months, weekdays = values
    cron = Cron(
        text,
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        frozenset(days),
        frozenset(months),
        frozenset(day % 7 for day in weekdays),
        either=not parts[2].startswith("*") and not parts[4].startswith("*"),
    )
    # A leap day comes within five years; longer nobody waits.
    begin = date(2024, 1, 1)
    if not any(cron.on(begin + timedelta(days=number)) for number in range(_FAR)):
        raise CronError(f'"{text}" never comes: there is no such day')
    return cron


def _values(part: str, what: str, low: int, high: int, names: dict[str, int]) -> set[int]:
    found: set[int] = set()
    for piece in part.split(","):
        span, slash, step = piece.partition("/")
        first, dash, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, part, what, low, high, names)
            end = _number(last, part, what, low, high, names) if dash else begin
            if slash and not dash:
                end = high
        if slash and not (step.isascii() and step.isdigit() and int(step)):
            raise CronError(f'"{part}" is no {what}: behind "/" stands a number')
        if begin > end:
            raise CronError(f'"{part}" is no {what}: {first} comes after {last}')
        found.update(range(begin, end + 1, int(step) if slash else 1))
    return found


def _number(word: str, part: str, what: str, low: int, high: int, names: dict[str, int]) -> int:
    number = names.get(word, int(word) if word.isascii() and word.isdigit() else -1)
    if not low <= number <= high:
        raise CronError(f'"{part}" is no {what}: write {low} to {high}, or *')
    return number


def _moment(day: date, hour: int, minute: int, here: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour, minute), here).astimezone(UTC)

"""Times at which something starts, written as cron: read, put into words, looked up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_FAR = 366 * 5
_MOST_TIMES = 4


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

    def words(self) -> str:
        """When, as one says it: "Monday to Friday at 08:30"."""
        return f"{self._which_days()} {self._which_times()}"

    def _which_days(self) -> str:
        of_months = ""
        if len(self.months) < 12:
            of_months = " of " + _listed([_MONTHS[m - 1].title() for m in sorted(self.months)])
        if self.either or len(self.days) < 31:
            dates = f"on day {_listed(list(map(str, sorted(self.days))))} of the month{of_months}"
            if not self.either:
                only = "" if len(self.weekdays) == 7 else f" if it is {_week(self.weekdays)}"
                return dates + only
            return f"{dates}, and {_week(self.weekdays)}"
        return _week(self.weekdays) + of_months

    def _which_times(self) -> str:
        if len(self.hours) * len(self.minutes) <= _MOST_TIMES:
            return "at " + _listed([f"{h:02}:{m:02}" for h in self.hours for m in self.minutes])
        first = f"{self.hours[0]:02}:{self.minutes[0]:02}"
        last = f"{self.hours[-1]:02}:{self.minutes[-1]:02}"
        every = self._every()
        if len(self.hours) == 24:
            return every
        return f"{every} from {first} to {last}"

    def _every(self) -> str:
        step = _step(self.minutes, 60)
        if len(self.minutes) == 1 and _step(self.hours, 24) in (1, None):
            return f"hourly at minute {self.minutes[0]:02}"
        if len(self.minutes) == 1:
            return f"every {_step(self.hours, 24)} hours at minute {self.minutes[0]:02}"
        if step is None:
            return f"at minutes {_listed([f'{m:02}' for m in self.minutes])} of the hour"
        return "every minute" if step == 1 else f"every {step} minutes"


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


def _step(values: tuple[int, ...], whole: int) -> int | None:
    """How far apart they are, if evenly, and to the end of the whole."""
    apart = {b - a for a, b in pairwise(values)}
    if len(apart) != 1:
        return None
    step = apart.pop()
    return step if step == 1 or values[-1] + step >= whole else None


def _week(days: frozenset[int]) -> str:
    if len(days) == 7:
        return "every day"
    ordered = sorted(days, key=lambda day: (day - 1) % 7)
    places = [(day - 1) % 7 for day in ordered]
    if len(places) > 2 and places == list(range(places[0], places[-1] + 1)):
        return f"{_WEEKDAYS[ordered[0]]} to {_WEEKDAYS[ordered[-1]]}"
    return _listed([_WEEKDAYS[day] for day in ordered])


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]

"""Hours in which messages may arrive, as a shop writes them on its door."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from segments.nearness import meant
from segments.spans import WEEKDAYS

ANY_TIME = "any time"
_DAY = 24 * 60
_KINDS = (*WEEKDAYS, "holidays")
_ENTRY = re.compile(
    r"^(?P<days>[^\d]+?)\s+(?P<begin>\d{1,2}(?::\d{2})?)\s*[-–]\s*(?P<end>\d{1,2}(?::\d{2})?)$"
)

Window = tuple[int, int]
"""Minutes of the day: from the first on, up to the second."""


@dataclass(frozen=True)
class Hours:
    """When messages may arrive: windows of each weekday and, last, of public holidays.

    On a public holiday only the windows of holidays count, whatever its weekday.
    """

    entries: tuple[str, ...]
    windows: tuple[tuple[Window, ...], ...]

    HOLIDAY: ClassVar[int] = len(WEEKDAYS)
    """The place of public holidays in `windows`."""

    @property
    def always(self) -> bool:
        """Whether there is nothing to wait for."""
        return all(day == ((0, _DAY),) for day in self.windows)

    @property
    def never(self) -> bool:
        """Whether no week has an hour: one on public holidays alone would make people wait on."""
        return not any(self.windows[: self.HOLIDAY])

    def __str__(self) -> str:
        return "; ".join(self.entries)


def parse_hours(value: Any) -> Hours:
    """Read "monday-friday 8:00-18:00" or a list of such entries; no entry, no hour.

    Anything else is a `ValueError` that says what to write.
    """
    if isinstance(value, Hours):
        return value
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError(f"{value!r} are no hours. {_WRITE}")
    windows: list[list[Window]] = [[] for _ in _KINDS]
    for entry in entries:
        days, window = _parse_entry(" ".join(entry.lower().split()), entry)
        for day in days:
            windows[day].append(window)
    return Hours(tuple(entries), tuple(_merged(day) for day in windows))


_WRITE = (
    'Write days and times: "monday-friday 8:00-18:00", "saturday, holidays 10:00-14:00", '
    f'or "{ANY_TIME}"'
)


def _parse_entry(text: str, entry: str) -> tuple[set[int], Window]:
    if text == ANY_TIME:
        return set(range(len(_KINDS))), (0, _DAY)
    match = _ENTRY.match(text)
    if match is None:
        raise ValueError(f'"{entry}" are no hours. {_WRITE}')
    begin, end = _minutes(match["begin"]), _minutes(match["end"])
    if begin >= end:
        raise ValueError(
            f'"{entry}" ends before it begins. Hours over midnight are two entries: '
            '"18:00-24:00" and "0:00-6:00"'
        )
    days = {day for part in match["days"].split(",") for day in _days(part.strip())}
    return days, (begin, end)


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    minutes = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or minutes > _DAY:
        raise ValueError(f'"{text}" is no time of the day. Write one from 0:00 to 24:00')
    return minutes


def _days(part: str) -> list[int]:
    """One day, or those from the first to the last; a week has no end, so friday-monday goes."""
    if part == "daily":
        return list(range(len(WEEKDAYS)))
    first, dash, last = (name.strip() for name in part.replace("–", "-").partition("-"))
    start = _day(first)
    if not dash:
        return [start]
    end = _day(last)
    if Hours.HOLIDAY in (start, end):
        raise ValueError(f'"{part}": holidays are no weekday. Write "monday-sunday, holidays"')
    week = len(WEEKDAYS)
    return [(start + step) % week for step in range((end - start) % week + 1)]


def _day(name: str) -> int:
    if name not in _KINDS:
        hint = meant(name, [*_KINDS, "daily"]) or f". It is one of: {', '.join(_KINDS)}, daily"
        raise ValueError(f'there is no day "{name}"{hint}')
    return _KINDS.index(name)


def _merged(windows: list[Window]) -> tuple[Window, ...]:
    """In order, those that overlap or touch made one."""
    merged: list[Window] = []
    for begin, end in sorted(windows):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)


def _written(hours: Hours) -> str | list[str]:
    return hours.entries[0] if len(hours.entries) == 1 else list(hours.entries)


_SCHEMA = {"type": "string", "examples": ["monday-friday 8:00-18:00", ANY_TIME]}

OpenHours = Annotated[
    Hours,
    BeforeValidator(parse_hours),
    PlainSerializer(_written),
    WithJsonSchema({"anyOf": [_SCHEMA, {"type": "array", "items": _SCHEMA, "minItems": 1}]}),
]

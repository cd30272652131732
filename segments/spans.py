"""Spans of time and shares as people write them: "3 days", "2 business days", "10%"."""

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

UNITS = {
    "minute": "minutes",
    "hour": "hours",
    "day": "days",
    "business day": "business_days",
    "week": "weeks",
    "month": "months",
}
_SPAN = re.compile(r"^\s*(\d{1,4})\s+([a-z]+(?: [a-z]+)?)\s*$")


@dataclass(frozen=True)
class Span:
    """A number of minutes, hours, days, business days, weeks or months."""

    count: int
    unit: str

    MOST_DAYS: ClassVar[int] = 3660

    def __str__(self) -> str:
        word = self.unit.replace("_", " ")
        return f"{self.count} {word[:-1] if self.count == 1 else word}"

    @property
    def days(self) -> float:
        """Length in days, a month counted as 30 and a business day as 7/5 of a day."""
        return (
            self.count
            * {
                "minutes": 1 / 1440,
                "hours": 1 / 24,
                "days": 1,
                "business_days": 7 / 5,
                "weeks": 7,
                "months": 30,
            }[self.unit]
        )


def parse_span(value: Any) -> Span:
    """Read "3 days"; anything else is a `ValueError` that says what to write."""
    if isinstance(value, Span):
        return value
    match = _SPAN.match(str(value).lower()) if isinstance(value, str) else None
    unit = match and (UNITS.get(match[2].removesuffix("s")))
    if not match or not unit:
        raise ValueError(
            f'"{value}" is not a span of time. Write a number and a unit: "3 days", '
            '"2 business days", "2 weeks", "3 months", "4 hours"'
        )
    span = Span(int(match[1]), unit)
    if span.days > Span.MOST_DAYS:
        raise ValueError(f'"{value}" is longer than ten years')
    return span


@dataclass(frozen=True)
class Until:
    """The next time it is that hour in the business zone, on that weekday if one is said."""

    weekday: str | None
    hour: int
    minute: int

    def __str__(self) -> str:
        day = "" if self.weekday is None else f"{self.weekday} "
        return f"until {day}{self.hour:02}:{self.minute:02}"


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNTIL = re.compile(rf"^\s*until\s+({'|'.join(WEEKDAYS)})?\s*(?:(\d{{1,2}}):(\d{{2}}))?\s*$")


def parse_pause(value: Any) -> Span | Until:
    """Read "3 days" or "until tuesday 10:00"."""
    if isinstance(value, Until) or not str(value).strip().lower().startswith("until"):
        return value if isinstance(value, Until) else parse_span(value)
    match = _UNTIL.match(str(value).lower())
    weekday, hour, minute = match.groups() if match else (None, None, None)
    if (weekday is None and hour is None) or int(hour or 0) > 23 or int(minute or 0) > 59:
        raise ValueError(
            f'"{value}" is not a time to wait for. Write "until tuesday 10:00", "until monday" '
            'or "until 10:00"'
        )
    return Until(weekday, int(hour or 0), int(minute or 0))


def parse_share(value: Any) -> float:
    """Read "10%" or 0.1 as a share between 0 and 1."""
    if isinstance(value, str) and value.strip().endswith("%"):
        try:
            value = float(value.strip()[:-1].replace(",", ".")) / 100
        except ValueError:
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError('a share is written "10%" or 0.1 and lies between 0 and 1')
    return float(value)


Duration = Annotated[
    Span,
    BeforeValidator(parse_span),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d+ (minutes?|hours?|days?|business days?|weeks?|months?)$",
            "examples": ["3 days", "2 business days", "2 weeks"],
        }
    ),
]

Pause = Annotated[
    Span | Until,
    BeforeValidator(parse_pause),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(\d+ (minutes?|hours?|days?|business days?|weeks?|months?)|until .+)$",
            "examples": ["3 days", "2 business days", "until tuesday 10:00"],
        }
    ),
]

Share = Annotated[
    float,
    BeforeValidator(parse_share),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d+([.,]\d+)?\s*%$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ],
            "examples": ["10%"],
        }
    ),
]

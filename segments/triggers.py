"""What starts an enrollment: the `enter` block of a journey."""

import re
from typing import Literal

from pydantic import Field, field_validator, model_validator

from segments.names import Phase, Trigger
from segments.spans import Span, parse_span
from segments.written import Name, RuleText, Spec

_OFFSET = re.compile(r"^(?P<span>.+) (?P<side>before|after)$")


class Again(Spec):
    """When a customer may enter the same journey another time."""

    mode: Literal["never", "per_order", "per_event", "after"]
    span: Span | None = None


class Backfill(Spec):
    """Whom a new journey takes in of those who met its trigger before it was there."""

    max: int = Field(ge=1, le=10_000_000, description="how many at most, once, at its first run")


class Enter(Spec):
    """What starts an enrollment."""

    on: Trigger = Field(
        description="order, phase, segment, date, complaint, nps, schedule or manual"
    )
    when: RuleText | None = Field(None, description="rule that must hold at that moment")
    again: str = Field(
        "never",
        description='never, per_order, per_event (each complaint, score, date), or "after 90 days"',
        examples=["after 90 days"],
    )
    backfill: Backfill | None = Field(
        None,
        description="take in those who met the trigger before the journey was there; "
        "without it nobody enters for what has been",
    )
    at_least: float | None = Field(None, ge=0, description="on order: from this value on")
    category: list[str] | None = Field(
        None, min_length=1, description="on order: with something of one of these categories"
    )
    product: list[str] | None = Field(
        None, min_length=1, description="on order: with one of these article numbers"
    )
    phase: Phase | None = Field(None, description="on phase: the phase entered")
    segment: Name | None = Field(None, description="on segment: its name in segments.yaml")
    change: Literal["entering", "leaving", "opened", "closed"] | None = Field(
        None,
        description="on segment: entering (if left out) or leaving; "
        "on complaint: opened (if left out) or closed",
    )
    date: Name | None = Field(
        None, description="on date: a column that holds one, such as contract_end"
    )
    offset: str = Field(
        "0 days after",
        description='on date: how long before or after: "30 days before"',
        examples=["30 days before", "1 month after"],
    )
    yearly: bool = Field(False, description="on date: every year on that day")
    every: (
        Literal[
            "day",
            "month",
            "quarter",
            "year",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ]
        | None
    ) = Field(None, description="on schedule: day, a weekday, month, quarter or year")
    day: int = Field(
        1, ge=1, le=28, description="on schedule, every month, quarter or year: day of the month"
    )
    month: int = Field(1, ge=1, le=12, description="on schedule, every year: the month")

    @field_validator("again")
    @classmethod
    def _again_reads(cls, value: str) -> str:
        _parse_again(value)
        return value

    @field_validator("offset")
    @classmethod
    def _offset_reads(cls, value: str) -> str:
        _parse_offset(value)
        return value

    @model_validator(mode="after")
    def _fits_the_trigger(self) -> "Enter":
        for key, triggers in _BELONGS.items():
            if key in self.model_fields_set and self.on not in triggers:
                where = " or ".join(f'"on: {trigger}"' for trigger in triggers)
                raise ValueError(f'"{key}" goes with {where}, not with "on: {self.on}"')
        needed = _NEEDED.get(self.on)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f'with "on: {self.on}" write which: "{needed}: ..."')
        if self.change is not None and self.change not in _CHANGES[self.on]:
            raise ValueError(
                f'with "on: {self.on}" the change is {" or ".join(_CHANGES[self.on])}, '
                f'not "{self.change}"'
            )
        if "day" in self.model_fields_set and self.every not in ("month", "quarter", "year"):
            raise ValueError('"day" goes with "every: month", "quarter" or "year"')
        if "month" in self.model_fields_set and self.every != "year":
            raise ValueError('"month" goes with "every: year"')
        if self.again == "per_order" and self.on != Trigger.ORDER:
            raise ValueError('"again: per_order" goes with "on: order"')
        if self.again == "per_event" and self.on not in _EVENTFUL:
            raise ValueError(
                '"again: per_event" goes with "on: complaint", "nps", "date", "manual"'
            )
        return self

    @property
    def reentry(self) -> Again:
        """The parsed form of `again`."""
        return _parse_again(self.again)

    @property
    def shift(self) -> tuple[Span, int]:
        """The parsed form of `offset`: how long, and -1 before or 1 after the date."""
        return _parse_offset(self.offset)

    @property
    def turn(self) -> str:
        """The change that counts, said or not."""
        return self.change or _CHANGES.get(self.on, ("",))[0]


_NEEDED = {
    Trigger.PHASE: "phase",
    Trigger.SEGMENT: "segment",
    Trigger.SCHEDULE: "every",
    Trigger.DATE: "date",
}
_BELONGS = {
    "at_least": (Trigger.ORDER,),
    "category": (Trigger.ORDER,),
    "product": (Trigger.ORDER,),
    "phase": (Trigger.PHASE,),
    "segment": (Trigger.SEGMENT,),
    "change": (Trigger.SEGMENT, Trigger.COMPLAINT),
    "date": (Trigger.DATE,),
    "offset": (Trigger.DATE,),
    "yearly": (Trigger.DATE,),
    "every": (Trigger.SCHEDULE,),
    "day": (Trigger.SCHEDULE,),
    "month": (Trigger.SCHEDULE,),
    "backfill": (Trigger.ORDER, Trigger.PHASE, Trigger.SEGMENT, Trigger.COMPLAINT, Trigger.NPS),
}
_CHANGES = {Trigger.SEGMENT: ("entering", "leaving"), Trigger.COMPLAINT: ("opened", "closed")}
_EVENTFUL = (Trigger.COMPLAINT, Trigger.NPS, Trigger.DATE, Trigger.MANUAL)


def _parse_again(value: str) -> Again:
    if value in ("never", "per_order", "per_event"):
        return Again.model_validate({"mode": value})
    if value.startswith("after "):
        return Again(mode="after", span=parse_span(value.removeprefix("after ")))
    raise ValueError('"again" is never, per_order, per_event, or a span such as "after 90 days"')


def _parse_offset(value: str) -> tuple[Span, int]:
    match = _OFFSET.match(value)
    if match is None:
        raise ValueError(f'"{value}" is not an offset. Write "30 days before" or "2 weeks after"')
    span = parse_span(match["span"])
    if span.unit in ("minutes", "hours"):
        raise ValueError(
            f'"{value}": a date has no hours. Write days, business days, weeks, months'
        )
    return span, -1 if match["side"] == "before" else 1

"""What an example tells, with its moments, and what of it is known as of a moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from segments.examples import Example, Happening, Person

RUN_AT = time(7)
"""When the plan of a day is made, by the business's clock."""

Whereabouts = Callable[[str | None, str | None], tuple[str | None, str | None]]
"""From country and state to their time zone and the region whose holidays count; None: ours."""

CUSTOMER = 1
"""The number of the one customer."""


@dataclass(frozen=True)
class Happened:
    """Something that happened, at its place in the example; `number` is that place from 1."""

    number: int
    at: datetime
    known: datetime
    told: Happening

    @property
    def key(self) -> str:
        """What tells it apart from others of its kind."""
        return f"{self.told.kind}-{self.number}"


@dataclass(frozen=True)
class Story:
    """An example and the zone its days are written in."""

    example: Example
    zone: ZoneInfo

    def moment(self, day: date, at: time = time(6)) -> datetime:
        """A day and time of the business's clock, in UTC."""
        return datetime.combine(day, at, self.zone).astimezone(UTC)

    @cached_property
    def all(self) -> list[Happened]:
        """Everything that happens, in the order in which it does."""
        found = []
        for number, told in enumerate(self.example.happens, start=1):
            at = self.moment(told.on, told.at)
            known = at if told.known is None else max(at, self.moment(told.known))
            found.append(Happened(number, at, known, told))
        return sorted(found, key=lambda each: (each.at, each.number))

    def known(self, kind: str, now: datetime) -> list[Happened]:
        """Everything of that kind that has come to our knowledge."""
        return [each for each in self.all if each.told.kind == kind and each.known <= now]

    def later(self, each: Happened, day: date | None, now: datetime) -> datetime | None:
        """The moment of a later day of something that happened, if that is past."""
        if day is None:
            return None
        at = max(self.moment(day), each.at)
        return at if at <= now else None

    @property
    def days(self) -> Iterator[date]:
        """From the first day to the last."""
        day = self.example.first_day
        while day <= self.example.until:
            yield day
            day += timedelta(days=1)

    @cached_property
    def turning_days(self) -> frozenset[date]:
        """Days whose run is the first to know of something."""
        moments = [self.moment(self.example.first_day)]
        for each in self.all:
            told = each.told
            moments.append(each.known)
            ends = (told.delivered, told.returned, told.cancelled, told.sales_lock)
            moments += [max(self.moment(day), each.known) for day in ends if day is not None]
        return frozenset(self._run_after(moment) for moment in moments)

    def facts(self, now: datetime) -> dict[str, Any]:
        """What the example says outright about the customer, what it became by now included."""
        said = self.example.customer
        facts = {} if said is None else said.model_dump(exclude_unset=True)
        for each in self.known("becomes", now):
            if each.told.becomes is not None:
                facts |= each.told.becomes.model_dump(exclude_unset=True)
        return facts

    def people(self) -> Iterator[tuple[int, Person]]:
        """The contacts with their numbers."""
        return enumerate(self.example.contacts, start=1)

    def of(self, number: int, kind: str, now: datetime) -> list[Happened]:
        """What of that kind concerns a contact."""
        return [each for each in self.known(kind, now) if self.person(each.told) == number]

    def person(self, told: Happening) -> int | None:
        """The number of the contact concerned: the first in that role, or the first of all."""
        for number, person in self.people():
            if told.by is None or person.role == told.by:
                return number
        return None

    def _run_after(self, moment: datetime) -> date:
        local = moment.astimezone(self.zone)
        return local.date() + timedelta(days=int(local.time() > RUN_AT))

"""What is the same for everybody on one run."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from segments.state import Specs
from tests.reference.clock import Clock
from tests.reference.path import Path, path_of
from tests.reference.people import Base, Customer
from tests.reference.rules import holds


@dataclass
class House:
    """The base, what marketing has written, and the moment; and what backfills have room for."""

    base: Base
    specs: Specs
    now: datetime
    room: dict[str, int] = field(default_factory=dict)
    backfilled: dict[str, int] = field(default_factory=dict)
    _paths: dict[tuple[str, str], Path | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.room = dict(self.specs.backfill)

    @cached_property
    def clock(self) -> Clock:
        """The house's rules of time."""
        return Clock(self.specs)

    @cached_property
    def today(self) -> date:
        """The business day it is."""
        return self.clock.day(self.now)

    @cached_property
    def tomorrow(self) -> datetime:
        """When the next business day begins."""
        return self.clock.begins(self.today + timedelta(days=1))

    @cached_property
    def late(self) -> timedelta:
        """How late data may be and still start a journey."""
        return timedelta(days=self.specs.policy.late_data.days)

    @cached_property
    def running(self) -> list[Path]:
        """The current versions of journeys that run, by name."""
        programs = sorted(self.specs.programs, key=lambda program: program.name)
        found = [self.path(program.name, program.version) for program in programs]
        return [path for path in found if path is not None]

    def path(self, journey: str, version: str) -> Path | None:
        """A version of a journey that runs; None if the journey rests or nobody knows it."""
        if (journey, version) not in self._paths:
            program = self.specs.program(journey, version)
            self._paths[journey, version] = None if program is None else path_of(program)
        return self._paths[journey, version]

    def is_in(self, customer: Customer, segment: str | None) -> bool:
        """Whether a customer is in a segment today."""
        rule = self.specs.segments[str(segment)].text
        return holds(rule, customer.profile, self.specs.segments)

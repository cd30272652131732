"""Examples in a journey's YAML: a customer, what happens, and what is to come of it."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, create_model, field_validator, model_validator

from segments.days import Day, Time, time_zones
from segments.frames import PROFILE, Column, Kind
from segments.names import (
    Arm,
    Basis,
    Channel,
    Direction,
    LeaveReason,
    Mood,
    Review,
    Role,
    SkipReason,
    TaskKind,
)
from segments.written import Name, Spec

MOST_DAYS = 400
"""How long an example may last."""

Consented = Literal["advertising", "survey"]
Barred = Literal["everything", "advertising", "survey", "service", "legal"]

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.NUMBER: float,
    Kind.MONEY: float,
    Kind.MOMENT: Day,
    Kind.FLAG: bool,
}


def _field(column: Column) -> Any:
    kind = column.words if column.words is not None else _TYPES[column.kind]
    return (kind | None, Field(None, description=column.doc))


if TYPE_CHECKING:
    Customer = Spec
else:
    Customer = create_model(
        "Customer",
        __base__=Spec,
        __doc__="What is so about the customer, whatever follows from their orders: any column.",
        **{name: _field(column) for name, column in PROFILE.items()},
    )


class Person(Spec):
    """Somebody at the customer."""

    role: Role = Field(Role.BUYER, description="buyer, user, decision_maker or billing")
    address: bool = Field(True, description="whether we have an e-mail address")
    consent: list[Consented] = Field(
        ["advertising", "survey"], description="what they agreed to; [] is nothing"
    )
    unconfirmed: list[Consented] = Field(
        [], description="what they asked for without following the link of the confirmation"
    )
    consented: Day | None = Field(None, description="when they last used their consent, if ever")
    objected: bool = Field(False, description="whether they objected to advertising")
    suppressed: Barred | None = Field(
        None, description="what must not go to their address: everything, or a purpose"
    )
    existing_customer: list[str] = Field(
        [], description="categories of an earlier sale that brought the address, notice given"
    )
    zone: str | None = Field(None, description="their time zone; the country's if empty")

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in time_zones():
            raise ValueError(f'"{value}" is not a time zone. Write one like "Europe/Berlin"')
        return value


class Happening(Spec):
    """One thing that happens: a day, and one of order, complaint, objection, consent, …"""

    on: Day = Field(description="the day")
    at: Time = Field(time(6), description="the time; before that day's run if empty")
    known: Day | None = Field(None, description="the day we hear of it; the same if empty")
    by: Role | None = Field(None, description="which contact; the first if empty")
    order: float | None = Field(None, gt=0, le=1e9, description="they order, for so much")
    category: str | list[str] | None = Field(
        None, description="of an order: its product category; of several the main one first"
    )
    product: str | list[str] | None = Field(None, description="of an order: article numbers")
    discounted: bool | None = Field(None, description="of an order: bought below list price")
    notice: bool | None = Field(
        None, description="of an order: it brought the address, with the notice of § 7 (3) UWG"
    )
    delivered: Day | None = Field(None, description="of an order: when the goods arrived")
    returned: Day | None = Field(None, description="of an order: when all of it was given back")
    cancelled: Day | None = Field(None, description="of an order: when it was cancelled")
    complaint: Literal["opened", "closed"] | None = Field(
        None, description="a complaint is opened, or the oldest open one is closed"
    )
    objection: Literal["advertising"] | None = Field(
        None, description="a contact objects to advertising"
    )
    consent: Consented | None = Field(None, description="a contact agrees to such messages")
    withdrawal: Consented | None = Field(None, description="a contact takes a consent back")
    suppressed: Barred | None = Field(None, description="an address bounces or is shut")
    rhythm: int | None = Field(
        None,
        ge=0,
        le=366,
        description="a contact wants so many days between advertising; 0: none",
    )
    nps: int | None = Field(None, ge=0, le=10, description="a score arrives")
    reply: Name | None = Field(None, description="they reply to the latest of these messages")
    click: Name | None = Field(None, description="they follow a link in the latest of these")
    done: TaskKind | None = Field(None, description="the open call, visit or letter is done")
    talk: Channel | None = Field(None, description="a colleague and the customer are in touch")
    direction: Direction | None = Field(
        None, description="of a talk: out (we went to them) if empty, or in"
    )
    mood: Mood | None = Field(None, description="of a talk: how they sounded")
    sales_lock: Day | None = Field(None, description="a negotiation begins, until that day")
    by_hand: Name | None = Field(None, description="somebody puts them into this journey")
    becomes: Customer | None = Field(None, description="a column is something else from now on")

    @property
    def kind(self) -> str:
        """Which of `HAPPENINGS` it is."""
        return next(kind for kind in HAPPENINGS if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _one_thing(self) -> "Happening":
        kinds = [kind for kind in HAPPENINGS if getattr(self, kind) is not None]
        if len(kinds) != 1:
            given = f", not {' and '.join(kinds)} in one" if kinds else ""
            raise ValueError(f"write one of {', '.join(HAPPENINGS)}{given}")
        _belongs(self, kinds[0], _DETAILS)
        ends = [self.known, self.delivered, self.returned, self.cancelled, self.sales_lock]
        for day in ends:
            if day is not None and day < self.on:
                raise ValueError(f"{day} lies before {self.on}, when it began")
        return self


HAPPENINGS = (
    "order",
    "complaint",
    "objection",
    "consent",
    "withdrawal",
    "suppressed",
    "rhythm",
    "nps",
    "reply",
    "click",
    "done",
    "talk",
    "sales_lock",
    "by_hand",
    "becomes",
)
"""Everything that may happen."""

_OF_CONTACTS = ("order", "objection", "consent", "withdrawal", "suppressed", "rhythm")
_DETAILS: dict[str, Sequence[str]] = {
    "by": _OF_CONTACTS,
    "direction": ("talk",),
    "mood": ("talk",),
    **dict.fromkeys(
        ("category", "product", "discounted", "notice", "delivered", "returned", "cancelled"),
        ("order",),
    ),
}


class Expected(Spec):
    """One thing that is to come of it: a day, and one of send, ghost, held, dropped, task, …"""

    on: Day = Field(description="the day")
    send: Name | None = Field(None, description="this message goes")
    ghost: Name | None = Field(None, description="it would go, but the customer is held out")
    held: Name | None = Field(
        None, description="it waits for a better day: on the first day, and for each new reason"
    )
    dropped: Name | None = Field(None, description="it will not go")
    task: TaskKind | None = Field(None, description="a colleague is to do this")
    enters: Name | None = Field(None, description="the customer enters this journey")
    leaves: LeaveReason | None = Field(None, description="the customer leaves it, and why")
    because: SkipReason | None = Field(None, description="of held and dropped: the reason")
    outranked_by: Name | None = Field(
        None, description="of held and dropped: the journey that went first"
    )
    at: Time | None = Field(None, description="of send: not before this time, by our clocks")
    to: Role | None = Field(None, description="of messages: to whom")
    basis: Basis | None = Field(None, description="of send and ghost: the permission it rests on")
    review: Review | None = Field(None, description="of send: pending, where approval is needed")
    due: Day | None = Field(None, description="of task: by when")
    journey: Name | None = Field(None, description="of everything: in which journey")

    @property
    def kind(self) -> str:
        """Which of `OUTCOMES` it is."""
        return next(kind for kind in OUTCOMES if getattr(self, kind) is not None)

    @property
    def what(self) -> str:
        """The message, the kind of task, the journey entered, or the reason for leaving."""
        return str(getattr(self, self.kind))

    @model_validator(mode="after")
    def _one_thing(self) -> "Expected":
        kinds = [kind for kind in OUTCOMES if getattr(self, kind) is not None]
        if len(kinds) != 1:
            given = f", not {' and '.join(kinds)} in one" if kinds else ""
            raise ValueError(f"write one of {', '.join(OUTCOMES)}{given}")
        _belongs(self, kinds[0], _NAMED)
        return self


OUTCOMES = ("send", "ghost", "held", "dropped", "task", "enters", "leaves")
"""Everything that may come of it."""

_BACK = ("held", "dropped")
_NAMED: dict[str, Sequence[str]] = {
    "because": _BACK,
    "outranked_by": _BACK,
    "at": ("send",),
    "to": ("send", "ghost", *_BACK),
    "basis": ("send", "ghost"),
    "review": ("send",),
    "due": ("task",),
}


class Example(Spec):
    """One case of a journey: whom it is about, what happens, and what is to come of it."""

    name: str = Field(min_length=1, max_length=200, description="what it shows, in one line")
    customer: Customer | None = Field(
        None, description="what is so about the customer, whatever follows from the orders"
    )
    contacts: list[Person] = Field(
        [Person()], max_length=20, description="a buyer with address and consent if empty"
    )
    arm: Arm | dict[Name, Arm] = Field(
        Arm.TREATED, description="held_out: of all journeys, or of those named here"
    )
    takes: list[Name] = Field(
        [], description="the variants that chance gives this customer, where a journey draws"
    )
    begins: Day | None = Field(
        None,
        alias="from",
        description="the day the journey starts to run; the first thing that happens if empty. "
        "What happened before is history and starts nobody",
    )
    happens: list[Happening] = Field([], max_length=200, description="what happens, and when")
    until: Day = Field(description="the last day looked at")
    expect: list[Expected] | Literal["nothing"] = Field(
        description="everything that is to come of it: every send, ghost and task; who is held, "
        "dropped, enters or leaves counts where one of these is named. Or: nothing"
    )

    @property
    def first_day(self) -> date:
        """The day of the first run."""
        return self.begins or min(each.on for each in self.happens)

    @property
    def expected(self) -> list[Expected]:
        """What is to come of it."""
        return [] if isinstance(self.expect, str) else self.expect

    @model_validator(mode="after")
    def _has_its_days(self) -> "Example":
        if self.begins is None and not self.happens:
            raise ValueError('nothing happens, so write on which day it begins: "from: 2026-06-01"')
        first = self.first_day
        if self.until < first:
            raise ValueError(f"until {self.until} lies before the first day, {first}")
        if self.until - first > timedelta(days=MOST_DAYS):
            days = (self.until - first).days
            raise ValueError(
                f'{days} days are too long; {MOST_DAYS} at most. Write "from: DAY": what happened '
                "before that day is history"
            )
        for each in self.expected:
            if not first <= each.on <= self.until:
                raise ValueError(f"{each.on} is expected, but lies outside {first} to {self.until}")
        roles = {person.role for person in self.contacts}
        for told in self.happens:
            if told.by is not None and told.by not in roles:
                raise ValueError(f'there is no contact "{told.by}" in this example')
        return self


def _belongs(written: Spec, kind: str, details: dict[str, Sequence[str]]) -> None:
    for key, kinds in details.items():
        if getattr(written, key) is not None and kind not in kinds:
            raise ValueError(f'"{key}" goes with {" or ".join(kinds)}, not with {kind}')

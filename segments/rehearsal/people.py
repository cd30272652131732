"""Who may be written to in an example, and what happened around them, as frames of a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pandas as pd

from segments.examples import Happening, Person
from segments.journey.rhythm import RESTS_UNTIL
from segments.names import Direction, Event
from segments.rehearsal.facts import complaints, returned
from segments.rehearsal.rows import frame
from segments.rehearsal.story import CUSTOMER, Happened, Story, Whereabouts
from segments.state import FRAMES, Specs

_MOMENT = "datetime64[us, UTC]"
_SCOPES = ("advertising", "survey")
_FLAGS = (
    "has_address",
    "objected",
    "suppressed",
    *(f"{name}_{scope}" for name in ("suppressed", "consent", "unconfirmed") for scope in _SCOPES),
)
_RARELY = ("service", "legal")
_CONTACTS = {
    "contact_id": "Int64",
    "customer_id": "int64",
    "role": "str",
    **dict.fromkeys(_FLAGS, "bool"),
    **{f"used_{scope}": _MOMENT for scope in _SCOPES},
    "zone": "str",
    "region": "str",
}


class Unheard(ValueError):
    """Something in an example cannot happen; `number` is which of `happens`, from 1."""

    def __init__(self, number: int, what: str) -> None:
        self.number = number
        super().__init__(what)


@dataclass(frozen=True)
class Answered:
    """Messages and tasks of the enrollments so far, to which answers may refer.

    `sends` are (moment, message, enrollment) of messages that went, `tasks` (moment, kind,
    enrollment), both in the order in which they came about.
    """

    sends: list[tuple[datetime, str, int]]
    tasks: list[tuple[datetime, str, int]]

    def whose(self, each: Happened) -> int | None:
        """The enrollment an answer, a score or a finished task belongs to."""
        kind = each.told.kind
        if kind == "done":
            return self._task(each)
        wanted = {"reply": each.told.reply, "click": each.told.click}.get(kind)
        found = [
            enrollment
            for at, message, enrollment in self.sends
            if at < each.at and wanted in (None, message)
        ]
        if not found and wanted is not None:
            raise Unheard(each.number, f'nobody has got "{wanted}" by then, so there is no {kind}')
        return found[-1] if found else None

    def _task(self, each: Happened) -> int:
        found = [who for at, kind, who in self.tasks if at < each.at and kind == each.told.done]
        if not found:
            raise Unheard(each.number, f"there is no {each.told.done} to be done by then")
        return found[-1]


def contacts(
    story: Story,
    specs: Specs,
    now: datetime,
    used: Mapping[tuple[int, str], datetime],
    advertised: Mapping[int, datetime],
    whereabouts: Whereabouts,
) -> pd.DataFrame:
    """The contacts with what they agreed to, objected to, and what their address must not get.

    `used` says when a contact last got a message of a purpose by consent, `advertised` when one of
    advertising would have been theirs.
    """
    facts = story.facts(now)
    zone, region = whereabouts(facts.get("country"), facts.get("state"))
    rows = []
    for number, person in story.people():
        row: dict[str, Any] = {
            "contact_id": number,
            "customer_id": CUSTOMER,
            "role": person.role.value,
            "has_address": person.address,
            "objected": person.objected or bool(story.of(number, "objection", now)),
            "zone": person.zone or zone or specs.policy.zone,
            "region": region or specs.policy.calendar.region,
        }
        barred = {person.suppressed}
        barred |= {each.told.suppressed for each in story.of(number, "suppressed", now)}
        row["suppressed"] = "everything" in barred
        for scope in _SCOPES:
            row[f"suppressed_{scope}"] = scope in barred
            row |= _consent(story, number, person, scope, now)
            at = [row[f"used_{scope}"], used.get((number, scope))]
            row[f"used_{scope}"] = max((each for each in at if each is not None), default=None)
        row |= {f"suppressed_{purpose}": True for purpose in _RARELY if purpose in barred}
        wishes = story.of(number, "rhythm", now)
        if wishes and wishes[-1].told.rhythm and number in advertised:
            row[RESTS_UNTIL] = advertised[number] + timedelta(days=wishes[-1].told.rhythm)
        rows.append(row)
    also = {f"suppressed_{purpose}": "bool" for purpose in _RARELY} | {RESTS_UNTIL: _MOMENT}
    there = {name for row in rows for name in row}
    return frame(rows, _CONTACTS | {name: kind for name, kind in also.items() if name in there})


def _consent(
    story: Story, number: int, person: Person, scope: str, now: datetime
) -> dict[str, Any]:
    given = [e for e in story.of(number, "consent", now) if e.told.consent == scope]
    taken = [e for e in story.of(number, "withdrawal", now) if e.told.withdrawal == scope]
    latest = max([*given, *taken], key=lambda each: each.at, default=None)
    consent = scope in person.consent if latest is None else latest in given
    day = person.consented or story.example.first_day - timedelta(days=1)
    return {
        f"consent_{scope}": consent and (latest is not None or scope not in person.unconfirmed),
        f"unconfirmed_{scope}": latest is None and scope in person.unconfirmed,
        f"used_{scope}": given[-1].at if given else story.moment(day),
    }


def grounds(story: Story, now: datetime) -> pd.DataFrame:
    """What lets contacts be written to as existing customers."""
    rows = [
        {"contact_id": number, "category": category}
        for number, person in story.people()
        for category in person.existing_customer
    ]
    for each in story.known("order", now):
        contact = story.person(each.told)
        if each.told.notice and contact is not None and returned(story, each, now) is None:
            names = each.told.category or []
            names = [names] if isinstance(names, str) else names
            rows += [{"contact_id": contact, "category": name} for name in names]
    return frame(rows, FRAMES["grounds"])


def events(story: Story, now: datetime, answered: Answered) -> pd.DataFrame:
    """Everything that starts a journey or ends a wait."""
    rows: list[dict[str, Any]] = []

    def add(kind: Event, key: str, at: datetime, **more: Any) -> None:
        plain = {"kind": kind.value, "customer_id": CUSTOMER, "key": key, "at": at, "journey": ""}
        rows.append(plain | more)

    for each in story.known("order", now):
        if story.later(each, each.told.cancelled, now) is None:
            add(Event.ORDER, each.key, each.at, purchase_id=each.number)
            arrived = story.later(each, each.told.delivered, now)
            if arrived is not None:
                add(Event.DELIVERED, each.key, arrived, purchase_id=each.number)
    for opened, closed in complaints(story, now):
        add(Event.COMPLAINT_OPENED, opened.key, opened.at)
        if closed is not None:
            add(Event.COMPLAINT_CLOSED, opened.key, closed.at)
    for each in story.known("by_hand", now):
        add(Event.MANUAL, each.key, each.at, journey=each.told.by_hand)
    for word, kind in (
        ("nps", Event.NPS),
        ("reply", Event.REPLY),
        ("click", Event.CLICK),
        ("done", Event.TASK_DONE),
    ):
        for each in story.known(word, now):
            whose = answered.whose(each)
            add(kind, each.key, each.at, enrollment_id=whose, score=each.told.nps)
    return frame(rows, FRAMES["events"])


def talks(story: Story, specs: Specs, now: datetime) -> list[dict[str, Any]]:
    """What colleagues did that takes the customer's attention."""
    counts = {channel.value for channel in specs.policy.attention.touches}

    def asked_for(told: Happening) -> bool:
        return told.direction != Direction.IN and told.talk in counts

    return [
        {"customer_id": CUSTOMER, "at": each.at, "purpose": "", "journey": "", "node": ""}
        for each in story.known("talk", now)
        if asked_for(each.told)
    ]

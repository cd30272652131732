"""An example lived through, day by day: what is decided for its customer, as marketing says it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from segments.decide import decide
from segments.examples import Example
from segments.names import EnrollmentStatus, Outcome
from segments.rehearsal.book import Book
from segments.rehearsal.lot import customer_key
from segments.rehearsal.quiet import quiet
from segments.rehearsal.rows import records
from segments.rehearsal.story import RUN_AT, Story, Whereabouts
from segments.state import Plan, Specs, State

Acts = Sequence[tuple[date, Specs]]
"""What marketing has written, from each of these days on; the first holds from the beginning."""

_KINDS = {
    Outcome.QUEUED: "send",
    Outcome.GHOST: "ghost",
    Outcome.DEFERRED: "held",
    Outcome.SKIPPED: "dropped",
}


@dataclass(frozen=True)
class Decision:
    """One decision: `kind` is one of `examples.OUTCOMES`, `what` names it, `details` the rest."""

    on: date
    kind: str
    what: str
    details: dict[str, Any] = field(default_factory=dict)


def lived(
    example: Example, acts: Acts, whereabouts: Whereabouts, *, every_day: bool = False
) -> list[Decision]:
    """Everything decided about the example's customer from its first day to its last.

    A day on which nothing can change is passed over, unless `every_day` is to be decided. Raises
    `NoSuchCustomer`, `Unheard`, or `RuleDataError`.
    """
    policy = acts[0][1].policy
    story = Story(example, ZoneInfo(policy.zone))
    written = [program for _, specs in acts for program in specs.programs]
    book = Book(story, customer_key(example, written, policy), whereabouts)
    telling = _Telling(story)
    acts = _since_when(story, acts)
    changes = {day for day, _ in acts}
    for day in story.days:
        specs = [specs for begins, specs in acts if begins <= day][-1]
        now = story.moment(day, RUN_AT)
        if every_day or day in changes or not quiet(day, story, book, specs):
            backfill = _backfill(specs) if day in changes else {}
            state = book.state(specs, now)
            plan = decide(state, replace(specs, backfill=backfill), now)
            book.write(plan, state, specs, now)
            telling.tell(day, plan, state)
    return telling.decisions


def _since_when(story: Story, acts: Acts) -> Acts:
    """The same, with the day on which each journey began to run: the first at the first day."""
    first = story.example.first_day
    started: dict[str, datetime] = {}
    told = []
    for number, (day, specs) in enumerate(acts):
        begins = first if number == 0 else day
        for program in specs.programs:
            started.setdefault(program.name, story.moment(begins, time()))
        told.append((begins, replace(specs, started=dict(started))))
    return told


def _backfill(specs: Specs) -> dict[str, int]:
    """How many of those before its time each journey takes in at its first run."""
    backfills = {program.name: program.journey.enter.backfill for program in specs.programs}
    return {name: backfill.max for name, backfill in backfills.items() if backfill is not None}


@dataclass
class _Telling:
    """Turns plans into decisions; who is held back is told once, and again for a new reason."""

    story: Story
    decisions: list[Decision] = field(default_factory=list)
    told: dict[tuple[Any, ...], tuple[str, str | None]] = field(default_factory=dict)

    def tell(self, day: date, plan: Plan, state: State) -> None:
        rows = plan.enrollments
        for row in records(rows[rows["enrollment_id"].isna()]):
            self._add(day, "enters", row["journey"], journey=row["journey"])
        journeys = dict(enumerate(state.enrollments["journey"]))
        journeys |= dict(zip(rows["ref"], rows["journey"], strict=True))
        for row in records(plan.sends):
            self._send(day, row)
        for row in records(plan.tasks):
            due = row["due_at"].tz_convert(self.story.zone).date()
            self._add(day, "task", row["kind"], journey=journeys[row["ref"]], due=due)
        was = set(state.enrollments.loc[state.enrollments["status"] == "active", "enrollment_id"])
        for row in records(rows):
            gone = row["status"] != EnrollmentStatus.ACTIVE.value
            if gone and (row["enrollment_id"] is None or row["enrollment_id"] in was):
                self._add(day, "leaves", row["reason"], journey=row["journey"])

    def _send(self, day: date, row: dict[str, Any]) -> None:
        kind = _KINDS[row["outcome"]]
        key = (row["journey"], row["entry_key"], row["node"], row["contact_id"])
        if kind == "held" and self.told.get(key) == (kind, row["reason"]):
            return
        self.told[key] = (kind, row["reason"])
        roles = {number: person.role for number, person in self.story.people()}
        at = row["not_before"].tz_convert(self.story.zone)
        self._add(
            day,
            kind,
            row["message"],
            journey=row["journey"],
            because=row["reason"],
            outranked_by=row["outranked_by"],
            to=roles.get(row["contact_id"]),
            basis=row["basis"],
            review=row["review"],
            at=at.time(),
        )

    def _add(self, day: date, kind: str, what: str, **details: Any) -> None:
        known = {name: value for name, value in details.items() if value is not None}
        self.decisions.append(Decision(day, kind, what, known))

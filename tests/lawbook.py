"""Small worlds for the laws of deciding: who is there, what happens to them, and what is written.

A world is drawn once and then lived through: each run hands `decide` what the store would hand
out, and writes down what comes back. What the tables of the store refuse is refused here too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from segments.decide import decide
from segments.journey.budgets import compile_budgets
from segments.journey.calendar import Region
from segments.journey.program import compile_journey
from segments.journey.standing import DTYPES, empty_standing
from segments.names import Purpose
from segments.spec import EXEMPT, Journey
from segments.state import Plan, Specs, State
from tests.builders import specs
from tests.lawframes import GONE, state_of
from tests.reference.drawn import SEGMENTS
from tests.reference.people import rows

Row = dict[str, Any]


@dataclass(repr=False)
class World:
    """What is drawn: people, what happens to them and when, and what marketing has written.

    Days count from `start`; a person's lists hold one entry a day. `answers` say what follows a
    message or a task, and after how many hours. `drawn` says how to draw it again.
    """

    drawn: str
    start: datetime
    customers: list[Row]
    contacts: list[Row]
    orders: list[Row]
    events: list[Row]
    talks: list[Row]
    grounds: list[Row]
    holidays: dict[str, list[date]]
    answers: list[tuple[str | None, int]]
    journeys: list[Row]
    edited: list[Row]
    edited_from: int
    started: dict[str, datetime]
    backfill: dict[str, int]
    runs: list[datetime]
    policy: Row

    def __repr__(self) -> str:
        return self.drawn

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How hypothesis tells a world."""
        printer.text(self.drawn)

    def specs(self, number: int = 0) -> Specs:
        """The YAML as of a run: from some run on it has been edited."""
        first = self._first
        if number < self.edited_from:
            return replace(first, backfill=self.backfill if number == 0 else {})
        return self._again

    @cached_property
    def _first(self) -> Specs:
        return self._compiled(self.journeys)

    @cached_property
    def _again(self) -> Specs:
        first, again = self._first, self._compiled(self.edited)
        now = {(program.name, program.version) for program in again.programs}
        running = {program.name for program in again.programs}
        earlier = {
            (program.name, program.version): program
            for program in first.programs
            if program.name in running and (program.name, program.version) not in now
        }
        return replace(again, earlier=earlier)

    def _compiled(self, journeys: list[Row]) -> Specs:
        found = specs(*journeys, segments=SEGMENTS, **self.policy)
        return replace(
            found,
            started=self.started,
            regions={
                name: Region(np.array(sorted(set(days)), "datetime64[D]"))
                for name, days in self.holidays.items()
            },
            budgets=compile_budgets(found.policy.attention, found.segments),
        )


@dataclass
class Book:
    """What the store would hold, in frames."""

    enrollments: pd.DataFrame = field(default_factory=empty_standing)
    sends: pd.DataFrame = field(default_factory=pd.DataFrame)
    tasks: pd.DataFrame = field(default_factory=pd.DataFrame)
    members: set[tuple[str, int]] = field(default_factory=set)
    filled: frozenset[str] = frozenset()
    phases: dict[int, tuple[str, str]] = field(default_factory=dict)
    previous_run: datetime | None = None


@dataclass(frozen=True)
class Run:
    """One run of a life: what went in, what came out, the book before and after."""

    now: datetime
    specs: Specs
    state: State
    plan: Plan
    before: Book
    book: Book


def lives(world: World) -> Iterator[Run]:
    """Live through a world, run by run."""
    book = Book()
    for number, now in enumerate(world.runs):
        spec = world.specs(number)
        before = replace(book, members=set(book.members), phases=dict(book.phases))
        state = state_of(world, before, spec, now)
        plan = decide(state, spec, now)
        write(book, plan, state, spec, now)
        yield Run(now, spec, state, plan, before, book)


def write(book: Book, plan: Plan, state: State, spec: Specs, now: datetime) -> None:
    """Write a plan down as the store does, refusing what its unique keys refuse."""
    rows = plan.enrollments.set_index("ref")
    old, new = rows[rows["enrollment_id"].notna()], rows[rows["enrollment_id"].isna()]
    assert old["enrollment_id"].isin(state.enrollments["enrollment_id"]).all()
    first = len(book.enrollments) + 1
    new = new.assign(
        enrollment_id=pd.Series(range(first, first + len(new)), index=new.index, dtype="Int64")
    )
    stays = book.enrollments[~book.enrollments["enrollment_id"].isin(old["enrollment_id"])]
    book.enrollments = pd.concat([stays, old, new], ignore_index=True).astype(DTYPES)
    assert not book.enrollments.duplicated(["customer_id", "journey", "entry_key"]).any()
    assert book.enrollments["enrollment_id"].is_unique
    known = state.enrollments["enrollment_id"].reset_index(drop=True)
    numbers = pd.concat([known, new["enrollment_id"]])
    _write_sends(book, plan, numbers, now)
    tasks = plan.tasks.assign(enrollment_id=plan.tasks["ref"].map(numbers), made_at=now)
    book.tasks = pd.concat([book.tasks, tasks], ignore_index=True)
    book.members -= set(zip(plan.left["segment"], plan.left["customer_id"], strict=True))
    joined = set(zip(plan.joined["segment"], plan.joined["customer_id"], strict=True))
    assert not joined & book.members
    book.members |= joined
    watched = {program.journey.enter.segment for program in spec.programs} - {None}
    book.filled = frozenset(book.filled | watched)
    book.phases |= {
        row["customer_id"]: (row["phase"], row["quadrant"])
        for row in plan.phases.to_dict("records")
    }
    book.previous_run = now


def _write_sends(book: Book, plan: Plan, numbers: pd.Series, now: datetime) -> None:
    sends = plan.sends.assign(
        enrollment_id=plan.sends["ref"].map(numbers), decided_at=pd.Timestamp(now)
    )
    again, new = sends[sends["send_id"].notna()], sends[sends["send_id"].isna()]
    if len(again):
        waiting = book.sends.set_index("send_id").loc[again["send_id"]]
        assert (waiting["outcome"] == "deferred").all()
        told = waiting["contact_id"].astype("Int64").eq(again["contact_id"].to_numpy())
        assert (told.to_numpy(dtype=bool, na_value=False) | (again["reason"] == "no_contact")).all()
    if len(book.sends) and len(new):
        # What begins anew has rows from before: what went stays, what did not is decided again.
        key = ["enrollment_id", "node", "contact_id"]
        before = book.sends[[*key, "send_id", "outcome"]]
        before = before.rename(columns={"send_id": "then", "outcome": "was"})
        met = new.reset_index().merge(before, on=key).set_index("index")
        assert not (met["was"].isin(GONE) & met["outcome"].isin(GONE)).any()
        new = new[~new.index.isin(met.index)]
        held = met[~met["was"].isin(GONE)]
        again = pd.concat([again, held.assign(send_id=held["then"])[list(sends)]])
    if len(again):
        book.sends = book.sends[~book.sends["send_id"].isin(again["send_id"])]
    first = int(book.sends["send_id"].max()) if len(book.sends) else 0
    first = max([first, *again["send_id"].to_list()]) + 1
    new = new.assign(
        send_id=pd.Series(range(first, first + len(new)), index=new.index, dtype="Int64")
    )
    parts = [part for part in (book.sends, again, new) if len(part)]
    book.sends = pd.concat(parts, ignore_index=True) if parts else sends.head(0)
    assert not book.sends.duplicated(["enrollment_id", "node", "contact_id"]).any()
    assert book.sends["send_id"].is_unique


def changed(state: State, change: Callable[[pd.DataFrame], pd.DataFrame]) -> State:
    """The same state with every frame changed."""
    frames = {
        each.name: change(value)
        for each in fields(state)
        if isinstance(value := getattr(state, each.name), pd.DataFrame)
    }
    return replace(state, **frames)


def named(plan: Plan, state: State) -> dict[str, list[Row]]:
    """A plan with refs replaced by whom they mean, in an order of its own, to compare two plans."""
    key = ["customer_id", "journey", "entry_key"]
    who = pd.concat([state.enrollments.reset_index(drop=True), plan.enrollments.set_index("ref")])
    who = who.loc[~who.index.duplicated(), key]

    def told(frame: pd.DataFrame) -> list[Row]:
        if "ref" in frame:
            frame = frame.drop(columns=[*key, "ref"], errors="ignore").join(
                who.loc[frame["ref"]].set_axis(frame.index)
            )
        return sorted(rows(frame), key=lambda row: sorted(map(str, row.items())))

    frames = {each.name: getattr(plan, each.name) for each in fields(plan)}
    return {name: told(each) for name, each in frames.items() if isinstance(each, pd.DataFrame)}


def with_holdout(spec: Specs, share: float, everywhere: float) -> Specs:
    """The same journeys with another holdout, each own and everywhere."""
    programs = tuple(
        compile_journey(
            Journey.model_validate(
                program.journey.model_dump(mode="json", by_alias=True, exclude_unset=True)
                | ({} if _goes_to_all(program.journey) else {"holdout": share})
            ),
            spec.segments,
        )
        for program in spec.programs
    )
    policy = spec.policy.model_copy(update={"holdout": everywhere})
    return replace(spec, programs=programs, policy=policy)


def _goes_to_all(journey: Journey) -> bool:
    return journey.purpose == Purpose.LEGAL or journey.attention_class in EXEMPT

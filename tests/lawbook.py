"""Small worlds for the laws of deciding: who is there, what happens to them, and what is written.

A world is drawn once and then lived through: each run hands `decide` what the store would hand
out, and writes down what comes back. What the tables of the store refuse is refused here too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import pandas as pd

from segments.decide import decide
from segments.journey.program import compile_journey
from segments.journey.standing import DTYPES, empty_standing
from segments.spec import Journey
from segments.state import FRAMES, Plan, Specs, State, empty
from tests import builders
from tests.builders import NOW, profiles, specs

DAYS = 6
SEGMENTS = {"regulars": "orders >= 2", "dear": 'quadrant == "top" or abc == "A"'}
_ZONE = "Europe/Berlin"
_HANDED_OUT = ("queued", "ghost")


@dataclass
class World:
    """What is drawn: people, what happens to them and when, and what marketing has written.

    `days` count from NOW; a person's lists hold one entry a day.
    """

    customers: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    orders: list[dict[str, Any]]
    journeys: list[dict[str, Any]]
    edited: list[dict[str, Any]]
    runs: list[datetime]
    policy: dict[str, Any]

    def specs(self, number: int = 0) -> Specs:
        """The YAML as of a run: from the third on it has been edited."""
        first = specs(*self.journeys, segments=SEGMENTS, **self.policy)
        if number < 2:
            return first
        again = specs(*self.edited, segments=SEGMENTS, **self.policy)
        now = {(program.name, program.version) for program in again.programs}
        running = {program.name for program in again.programs}
        earlier = {
            (program.name, program.version): program
            for program in first.programs
            if program.name in running and (program.name, program.version) not in now
        }
        return replace(again, earlier=earlier, started=first.started)


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
    """One run of a life: what went in, what came out, and the book after writing it down."""

    now: datetime
    specs: Specs
    state: State
    plan: Plan
    book: Book


def lives(world: World) -> Iterator[Run]:
    """Live through a world, run by run."""
    book = Book()
    for number, now in enumerate(world.runs):
        spec = world.specs(number)
        state = state_of(world, book, spec, now)
        plan = decide(state, spec, now)
        write(book, plan, state, spec, now)
        yield Run(now, spec, state, plan, book)


def state_of(world: World, book: Book, spec: Specs, now: datetime) -> State:
    """What the store would hand out as of `now`."""
    day = (now - NOW).days
    journeys = [program.name for program in spec.programs]
    held = book.enrollments[book.enrollments["journey"].isin(journeys)]
    open_goal = held["reason"].eq("completed") & held["goal_at"].isna()
    under_way = held[(held["status"].eq("active") | open_goal).to_numpy(dtype=bool)]
    return State(
        profiles=_profiles(world, book, day),
        contacts=_contacts(world, day),
        orders=_orders(world, now),
        enrollments=_refreshed(world, under_way, now),
        past=held[["customer_id", "journey", "entry_key", "entered_at", "left_at"]].reset_index(
            drop=True
        ),
        deferred=_deferred(book),
        touches=_touches(book, now),
        members=_members(book),
        filled=book.filled,
        previous_run=book.previous_run,
    )


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
    book.tasks = pd.concat(
        [book.tasks, plan.tasks.assign(enrollment_id=plan.tasks["ref"].map(numbers))],
        ignore_index=True,
    )
    assert not book.tasks.duplicated(["enrollment_id", "node"]).any()
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
    again = sends[sends["send_id"].notna()]
    if len(again):
        waiting = book.sends.set_index("send_id").loc[again["send_id"]]
        assert (waiting["outcome"] == "deferred").all()
        assert list(waiting["contact_id"]) == list(again["contact_id"])
        book.sends = book.sends[~book.sends["send_id"].isin(again["send_id"])]
    first = len(book.sends) + len(again) + 1
    new = sends[sends["send_id"].isna()]
    new = new.assign(
        send_id=pd.Series(range(first, first + len(new)), index=new.index, dtype="Int64")
    )
    parts = [part for part in (book.sends, again, new) if len(part)]
    book.sends = pd.concat(parts, ignore_index=True) if parts else sends.head(0)
    assert not book.sends.duplicated(["enrollment_id", "node"]).any()


def _profiles(world: World, book: Book, day: int) -> pd.DataFrame:
    rows = []
    for number, person in enumerate(world.customers, start=1):
        before = book.phases.get(number, (None, None))
        today = {name: values[min(day, DAYS - 1)] for name, values in person.items()}
        rows.append({**today, "phase_before": before[0], "quadrant_before": before[1]})
    return profiles(*rows)


def _contacts(world: World, day: int) -> pd.DataFrame:
    rows = []
    for person in world.contacts:
        facts = dict(person)
        facts["objected"] |= facts.pop("objects_on") <= day
        facts["suppressed"] |= facts.pop("bounces_on") <= day
        rows.append(facts)
    return builders.contacts(*rows)


def _orders(world: World, now: datetime) -> pd.DataFrame:
    rows = [
        {
            **{name: order[name] for name in ("customer_id", "contact_id", "order_value")},
            "ordered_at": order["at"],
            "purchase_id": number,
            "order_key": f"A{number}",
            "order_returned": order["returned_at"] <= now,
        }
        for number, order in enumerate(world.orders, start=1)
        if order["at"] <= now
    ]
    return builders.orders(*rows)


def _refreshed(world: World, under_way: pd.DataFrame, now: datetime) -> pd.DataFrame:
    """Enrollments with what has happened since: orders that followed, orders given back."""
    rows = under_way.reset_index(drop=True)
    follow, returned = [], []
    for row in rows.to_dict("records"):
        after = [
            order["at"]
            for order in world.orders
            if order["customer_id"] == row["customer_id"] and row["anchor_at"] < order["at"] <= now
        ]
        follow.append(min(after, default=None))
        bought = row["purchase_id"]
        returned.append(
            None if pd.isna(bought) else world.orders[int(bought) - 1]["returned_at"] <= now
        )
    return rows.assign(
        next_order_at=pd.Series(follow, dtype=DTYPES["next_order_at"]),
        order_returned=pd.Series(returned, dtype="boolean"),
    )


def _deferred(book: Book) -> pd.DataFrame:
    columns = {"send_id": "Int64", "enrollment_id": "Int64", "node": "str", "contact_id": "Int64"}
    waiting = pd.DataFrame(columns=[*columns, "outcome"]) if book.sends.empty else book.sends
    return waiting.loc[waiting["outcome"] == "deferred", list(columns)].astype(columns)


def _touches(book: Book, now: datetime) -> pd.DataFrame:
    columns = FRAMES["touches"]
    if book.sends.empty:
        return empty("touches")
    got = book.sends[book.sends["outcome"].isin(_HANDED_OUT)].rename(columns={"decided_at": "at"})
    return got[list(columns)].astype(columns)


def _members(book: Book) -> pd.DataFrame:
    rows = sorted(book.members)
    return pd.DataFrame(rows, columns=["segment", "customer_id"]).astype(
        {"segment": "str", "customer_id": "int64"}
    )


def changed(state: State, change: Callable[[pd.DataFrame], pd.DataFrame]) -> State:
    """The same state with every frame changed."""
    frames = {
        each.name: change(value)
        for each in fields(state)
        if isinstance(value := getattr(state, each.name), pd.DataFrame)
    }
    return replace(state, **frames)


def named(plan: Plan, state: State) -> dict[str, list[dict[str, Any]]]:
    """A plan with refs replaced by whom they mean, in an order of its own, to compare two plans."""
    key = ["customer_id", "journey", "entry_key"]
    who = pd.concat([state.enrollments.reset_index(drop=True), plan.enrollments.set_index("ref")])
    who = who.loc[~who.index.duplicated(), key]

    def told(rows: pd.DataFrame) -> list[dict[str, Any]]:
        if "ref" in rows:
            rows = rows.drop(columns=[*key, "ref"], errors="ignore").join(
                who.loc[rows["ref"]].set_axis(rows.index)
            )
        rows = rows.astype(object).where(rows.notna(), None)
        return sorted(rows.to_dict("records"), key=lambda row: sorted(map(str, row.items())))

    frames = {each.name: getattr(plan, each.name) for each in fields(plan)}
    return {name: told(rows) for name, rows in frames.items() if isinstance(rows, pd.DataFrame)}


def with_holdout(spec: Specs, share: float, everywhere: float) -> Specs:
    """The same journeys with another holdout, each own and everywhere."""
    programs = tuple(
        compile_journey(
            Journey.model_validate(
                program.journey.model_dump(mode="json", by_alias=True, exclude_unset=True)
                | {"holdout": share}
            ),
            spec.segments,
        )
        for program in spec.programs
    )
    policy = spec.policy.model_copy(update={"holdout": everywhere})
    return replace(spec, programs=programs, policy=policy)

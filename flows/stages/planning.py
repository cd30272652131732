"""Planning: load a shard's state, decide, write what was decided, in one transaction each."""

import math
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import pandas as pd
from sqlalchemy import Connection

from flows.errors import PipelineError
from flows.scale_settings import MOST_SHARDS
from flows.stages.broken import blamed, without
from flows.stages.deciding import deciding
from flows.stages.rulebook import rules
from flows.stages.shop import Progress, Shop, quiet
from flows.stages.versions import specs_of
from flows.store import parts, runs
from flows.store.figures import customer_figures
from flows.store.purchases import everybodys_figures
from flows.store.reading import customer_range, filled, read_state
from flows.store.reading_events import restarting
from flows.store.session import reading, writing
from flows.store.staffing import Staff, escalate
from flows.store.terms import note_terms
from flows.store.writes import apply_plan
from segments.customer.profile import Base, profiles
from segments.customer.profile import base as whole_base
from segments.decide import decide
from segments.journey.beginning import beginnings
from segments.journey.enter import segments_entered_by
from segments.names import EnrollmentStatus, Outcome
from segments.rules import RuleDataError
from segments.state import Plan, Specs, State, changed_phase


@dataclass(frozen=True)
class Planning:
    """What all shards of one planning run share.

    Each of `shards` is decided in pieces of `size` customers. `bought` are everybody's figures of
    purchases; without them each piece reads its own. `remaining` says how many of those before its
    time each journey may still take in; such shards are planned one after another. `left_out`
    gathers journeys whose rules break on the data, and `notes` what somebody should know. By its
    `token` others recognise the run: numbers of runs begin anew in every store.
    """

    run_id: int
    now: datetime
    specs: Specs
    base: Base
    bought: pd.DataFrame | None
    previous_run: datetime | None
    shards: list[tuple[int, int]]
    size: int
    staff: Staff
    known: frozenset[str]
    notes: list[str]
    remaining: dict[str, int]
    left_out: dict[str, str] = field(default_factory=dict)
    token: str = ""

    @property
    def told(self) -> list[str]:
        """What somebody should know about this run."""
        return [*self.notes, *(self.left_out[journey] for journey in sorted(self.left_out))]


def plan(shop: Shop, now: datetime, *, progress: Progress = quiet) -> dict[str, Any]:
    """Decide for every customer as of `now`. Safe to run again: nothing is decided twice."""
    with deciding(shop, now) as (run_id, counts):
        planning = prepare(shop, now, run_id)
        total: Counter[str] = Counter()
        for number, counted in enumerate(_shard_by_shard(shop, planning), start=1):
            total += counted
            progress("plan", number, len(planning.shards))
        counts |= {**total, **finish(shop, planning)}
    return counts


def preview(shop: Shop, now: datetime, *, progress: Progress = quiet) -> list[Plan]:
    """The plans, shard by shard, that a run as of `now` would make, from one look at the store.

    The transaction is one that cannot write.
    """
    plans = []
    with reading(shop.engine) as connection:
        planning = gather(shop, connection, now, run_id=0)
        pieces = [piece for shard in planning.shards for piece in _pieces(planning, *shard)]
        for number, (first, last) in enumerate(pieces, start=1):
            decided = _decided(connection, planning, first, last)[1]
            _took_in(planning, decided)
            plans.append(decided)
            progress("plan", number, len(pieces))
    return plans


def prepare(shop: Shop, now: datetime, run_id: int) -> Planning:
    """Everything the shards need: compiled journeys, figures of the whole base, ranges."""
    with writing(shop.engine) as connection:
        runs.note_versions(connection, shop.project.running, now)
        note_terms(connection, shop.project.policy, now)
    with shop.engine.connect() as connection:
        planning = replace(gather(shop, connection, now, run_id), token=uuid4().hex)
    with writing(shop.engine) as connection:
        runs.keep_members_of(connection, planning.known & _watched(planning.specs))
    shared = {
        "base": asdict(planning.base),
        "rules": rules(shop.project.folder),
        "size": planning.size,
        "token": planning.token,
    }
    with shop.engine.connect() as connection:
        parts.begin(connection, run_id, shared)
    return planning


def gather(
    shop: Shop, connection: Connection, now: datetime, run_id: int, base: Base | None = None
) -> Planning:
    """The same without a word in the store; with `base` nothing of all customers is read."""
    project = shop.project
    previous = runs.previous_run(connection, "plan", now)
    remaining = runs.backfills(connection, project.running, previous)
    specs, notes = specs_of(shop, connection, now, remaining)
    low, high = customer_range(connection)
    bought = None
    if base is None:
        bought = everybodys_figures(connection, now)
        base = whole_base(bought, project.policy, now)
    size = project.settings.shard_size
    return Planning(
        run_id,
        now,
        specs,
        base,
        bought,
        previous,
        ranges_of(low, high, size, project.settings.scale.shards),
        size,
        Staff.of(project.owners),
        filled(connection, specs),
        notes,
        dict(remaining),
    )


def ranges_of(low: int, high: int, size: int, shards: int | None) -> list[tuple[int, int]]:
    """Everybody in order of their numbers, in so many ranges, or in as few as `size` asks for.

    A range of numbers is read from end to end; customers picked by a hash lie all over the tables.
    """
    number = high - low + 1
    if shards is None:
        width = size * max(math.ceil(number / size / MOST_SHARDS), 1)
    else:
        width = max(math.ceil(number / shards), 1)
    return [(first, min(first + width - 1, high)) for first in range(low, high + 1, width)]


def _pieces(planning: Planning, first: int, last: int) -> Iterator[tuple[int, int]]:
    for begin in range(first, last + 1, planning.size):
        yield begin, min(begin + planning.size - 1, last)


def one_by_one(shop: Shop, planning: Planning) -> bool:
    """Whether shards have to wait for one another.

    They do on SQLite, which has one writer, and where a journey takes in a limited number of those
    before its time.
    """
    return shop.engine.dialect.name == "sqlite" or bool(planning.remaining)


def _shard_by_shard(shop: Shop, planning: Planning) -> Iterator[Counter[str]]:
    """Plan every shard; where possible one is read by the database while the other is decided."""
    if one_by_one(shop, planning):
        for first, last in planning.shards:
            yield plan_shard(shop, planning, first, last)
        return
    with ThreadPoolExecutor(shop.project.settings.scale.at_once) as workers:
        yield from workers.map(lambda ends: plan_shard(shop, planning, *ends), planning.shards)


def plan_shard(shop: Shop, planning: Planning, first: int, last: int) -> Counter[str]:
    """Decide for the customers numbered `first` to `last` and write it, piece by piece.

    Safe to repeat in the same run, by whatever process: a piece that is done is not done again.
    """
    total: Counter[str] = Counter()
    for piece in _pieces(planning, first, last):
        total += _plan_piece(shop, planning, *piece)
    return total


def _plan_piece(shop: Shop, planning: Planning, first: int, last: int) -> Counter[str]:
    with writing(shop.engine, f"plan {first}") as connection:
        if not parts.taken_up(connection, planning.run_id):
            raise PipelineError("a later run has begun to decide; this one leaves the rest to it")
        if known := parts.done(connection, planning.run_id, first):
            return known.counts
        state, decided = _decided(connection, planning, first, last)
        entered = decided.enrollments[decided.enrollments["enrollment_id"].isna()]
        apply_plan(
            connection,
            decided,
            state.enrollments,
            planning.run_id,
            planning.now,
            staff=planning.staff,
            restarting=restarting(planning.specs.programs),
            begun=beginnings(entered, state.profiles, planning.specs),
        )
        done = parts.Done(summary(decided), planning.left_out)
        parts.note(connection, planning.run_id, first, last, done)
    _took_in(planning, decided)
    return done.counts


def finish(shop: Shop, planning: Planning) -> dict[str, Any]:
    """Once all shards are through: members of segments are known, late tasks go to the leads.

    Returns what the run is to note beside its counts, if there is anything.
    """
    rules = {name: planning.specs.segments[name].text for name in _watched(planning.specs)}
    with writing(shop.engine) as connection:
        if rules:
            runs.note_fills(connection, rules, planning.now)
        escalated = escalate(connection, planning.staff, planning.now)
    noted = {"escalated": escalated, "notes": planning.told, "base": asdict(planning.base)}
    return {name: value for name, value in noted.items() if value}


def summary(decided: Plan) -> Counter[str]:
    """A plan in figures. candidates = queued + ghost + deferred + skipped."""
    counts: Counter[str] = Counter(
        {
            "entered": int(decided.enrollments["enrollment_id"].isna().sum()),
            "finished": _count(decided.enrollments, "status", EnrollmentStatus.FINISHED),
            "exited": _count(decided.enrollments, "status", EnrollmentStatus.EXITED),
            "candidates": len(decided.sends),
            "tasks": len(decided.tasks),
            "phase_changes": int(changed_phase(decided.phases).sum()),
        }
    )
    for outcome in (Outcome.QUEUED, Outcome.GHOST, Outcome.DEFERRED, Outcome.SKIPPED):
        counts[outcome.value] = _count(decided.sends, "outcome", outcome)
    return counts


def _decided(
    connection: Connection, planning: Planning, first: int, last: int
) -> tuple[State, Plan]:
    now, policy = planning.now, planning.specs.policy
    figures = customer_figures(connection, now, first, last, planning.bought)
    people = profiles(figures, planning.base, policy, now)
    state = read_state(connection, people, planning.specs, now, first, last, planning.previous_run)
    while True:
        specs = planning.specs
        if planning.left_out:
            specs = without(specs, set(planning.left_out))
        if specs.backfill:
            specs = replace(specs, backfill=dict(planning.remaining))
        try:
            return state, decide(state, specs, now)
        except RuleDataError as error:
            found = blamed(specs, error)
            if not found:
                raise
            planning.left_out.update(found)


def _took_in(planning: Planning, decided: Plan) -> None:
    """What one shard took in of those before a journey's time, the next may not."""
    for journey, number in decided.backfilled.items():
        planning.remaining[journey] -= number
        if planning.remaining[journey] <= 0:
            del planning.remaining[journey]


def _watched(specs: Specs) -> set[str]:
    return {name for program in specs.programs if (name := segments_entered_by(program))}


def _count(rows: pd.DataFrame, column: str, word: str) -> int:
    return int((rows[column] == word).sum())

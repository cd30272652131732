"""Planning: load a shard's state, decide, write what was decided, in one transaction each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.calendars import holidays_around
from flows.config import compile_earlier
from flows.stages.broken import blamed, without
from flows.stages.deciding import deciding
from flows.stages.shop import Progress, Shop, quiet
from flows.store import runs
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
from segments.journey.program import NOT_CONTENT, Program
from segments.names import EnrollmentStatus, Outcome
from segments.rules import RuleDataError
from segments.state import Plan, Specs, State, changed_phase

_AT_ONCE = 2


@dataclass(frozen=True)
class Planning:
    """What all shards of one planning run share.

    `remaining` says how many of those before its time each journey may still take in; such shards
    are planned one after another. `left_out` gathers journeys whose rules break on the data, and
    `notes` what somebody should know.
    """

    run_id: int
    now: datetime
    specs: Specs
    base: Base
    bought: pd.DataFrame
    previous_run: datetime | None
    shards: list[tuple[int, int]]
    staff: Staff
    known: frozenset[str]
    notes: list[str]
    remaining: dict[str, int]
    left_out: dict[str, str] = field(default_factory=dict)

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
        planning = _gather(shop, connection, now, run_id=0)
        for number, (first, last) in enumerate(planning.shards, start=1):
            decided = _decided(connection, planning, first, last)[1]
            _took_in(planning, decided)
            plans.append(decided)
            progress("plan", number, len(planning.shards))
    return plans


def prepare(shop: Shop, now: datetime, run_id: int) -> Planning:
    """Everything the shards need: compiled journeys, figures of the whole base, ranges."""
    with writing(shop.engine) as connection:
        runs.note_versions(connection, shop.project.running, now)
        note_terms(connection, shop.project.policy, now)
    with shop.engine.connect() as connection:
        planning = _gather(shop, connection, now, run_id)
    with writing(shop.engine) as connection:
        runs.keep_members_of(connection, planning.known & _watched(planning.specs))
    return planning


def _gather(shop: Shop, connection: Connection, now: datetime, run_id: int) -> Planning:
    project = shop.project
    previous = runs.previous_run(connection, "plan", now)
    remaining = runs.backfills(connection, project.running, previous)
    specs, notes = specs_of(shop, connection, now, remaining)
    low, high = customer_range(connection)
    bought = everybodys_figures(connection, now)
    size = project.settings.shard_size
    return Planning(
        run_id,
        now,
        specs,
        whole_base(bought, project.policy, now),
        bought,
        previous,
        [(first, min(first + size - 1, high)) for first in range(low, high + 1, size)],
        Staff.of(project.owners),
        filled(connection, specs),
        notes,
        dict(remaining),
    )


def specs_of(
    shop: Shop, connection: Connection, now: datetime, backfill: Mapping[str, int] | None = None
) -> tuple[Specs, list[str]]:
    """What runs today with all versions somebody still travels, and what to note about those."""
    project, running = shop.project, shop.project.running
    earlier, notes = _earlier(shop, connection)
    specs = Specs(
        project.policy,
        running,
        project.segments,
        earlier,
        runs.running_since(connection, running, now),
        backfill=backfill or {},
        regions=holidays_around(now, project.policy),
        budgets=project.budgets,
    )
    return specs, notes


def _earlier(
    shop: Shop, connection: Connection
) -> tuple[Mapping[tuple[str, str], Program], list[str]]:
    """Versions somebody still travels, and a note on each that cannot be read any more."""
    project = shop.project
    programs, notes = {}, []
    for (journey, version), spec in sorted(
        runs.earlier_versions(connection, project.running).items()
    ):
        program = compile_earlier(spec, project.segments)
        if program is not None:
            programs[journey, version] = as_of_today(program, project.journeys[journey])
        elif number := runs.under_way(connection, journey, version):
            whose = "1 enrollment stays" if number == 1 else f"{number} enrollments stay"
            notes.append(
                f"{journey}: its earlier version {version} cannot be read any more (a segment or "
                f"column it uses is gone), so {whose} where they are"
            )
    return programs, notes


def as_of_today(earlier: Program, current: Program) -> Program:
    """An earlier version under what its journey says today without becoming a new version.

    A journey gone live would else go on in shadow for whoever entered before.
    """
    today = {name: getattr(current.journey, name) for name in NOT_CONTENT}
    return replace(earlier, journey=earlier.journey.model_copy(update=today))


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
    with ThreadPoolExecutor(_AT_ONCE) as workers:
        yield from workers.map(lambda ends: plan_shard(shop, planning, *ends), planning.shards)


def plan_shard(shop: Shop, planning: Planning, first: int, last: int) -> Counter[str]:
    """Decide for the customers numbered `first` to `last` and write it, in one transaction."""
    with writing(shop.engine, f"plan {first}") as connection:
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
    _took_in(planning, decided)
    return summary(decided)


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

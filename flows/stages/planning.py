"""Planning: load a shard's state, decide, write what was decided, in one transaction each."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from flows.calendars import holidays_around
from flows.config import compile_earlier
from flows.errors import ConfigError
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.store import runs
from flows.store.figures import customer_figures
from flows.store.purchases import everybodys_figures
from flows.store.reading import customer_range, filled, read_state
from flows.store.session import writing
from flows.store.writes import apply_plan
from segments.customer.profile import Base, profiles
from segments.customer.profile import base as whole_base
from segments.decide import decide
from segments.journey.enter import segments_entered_by
from segments.journey.program import NOT_CONTENT, Program
from segments.names import EnrollmentStatus, Outcome
from segments.state import Plan, Specs, State, changed_phase


@dataclass(frozen=True)
class Planning:
    """What all shards of one planning run share."""

    run_id: int
    now: datetime
    specs: Specs
    base: Base
    bought: pd.DataFrame
    previous_run: datetime | None
    shards: list[tuple[int, int]]


def plan(shop: Shop, now: datetime, *, progress: Progress = quiet) -> dict[str, Any]:
    """Decide for every customer as of `now`. Safe to run again: nothing is decided twice."""
    refuse_past(shop, now)
    with noted_run(shop, "plan", now) as (run_id, counts):
        planning = prepare(shop, now, run_id)
        total: Counter[str] = Counter()
        for number, (first, last) in enumerate(planning.shards, start=1):
            total += plan_shard(shop, planning, first, last)
            progress("plan", number, len(planning.shards))
        finish(shop, planning)
        counts |= total
    return counts


def refuse_past(shop: Shop, now: datetime) -> None:
    """Time runs one way: what was decided as of a later moment cannot be decided before it."""
    with shop.engine.connect() as connection:
        latest = runs.latest_run(connection, "plan")
    if latest is not None and now < latest:
        raise ConfigError.at(
            "--as-of",
            f"the plan has been made up to {latest:%Y-%m-%d %H:%M} UTC already; "
            "take that moment or a later one",
        )


def preview(shop: Shop, now: datetime, *, progress: Progress = quiet) -> list[Plan]:
    """The plans, shard by shard, that a run as of `now` would make. Writes nothing."""
    planning = prepare(shop, now, run_id=0, dry_run=True)
    plans = []
    for number, (first, last) in enumerate(planning.shards, start=1):
        with shop.engine.connect() as connection:
            plans.append(_decided(connection, planning, first, last)[1])
        progress("plan", number, len(planning.shards))
    return plans


def prepare(shop: Shop, now: datetime, run_id: int, *, dry_run: bool = False) -> Planning:
    """Everything the shards need: compiled journeys, figures of the whole base, ranges."""
    project = shop.project
    running = project.running
    if dry_run:
        with shop.engine.connect() as connection, connection.begin() as nothing:
            started = runs.note_versions(connection, running, now)
            nothing.rollback()
    else:
        with writing(shop.engine) as connection:
            started = runs.note_versions(connection, running, now)
    with shop.engine.connect() as connection:
        earlier = runs.earlier_versions(connection, running)
        programs = {
            key: as_of_today(program, project.journeys[program.name])
            for key, spec in earlier.items()
            if (program := compile_earlier(spec, project.segments)) is not None
        }
        specs = Specs(
            project.policy,
            running,
            project.segments,
            programs,
            started,
            regions=holidays_around(now, project.policy),
            budgets=project.budgets,
        )
        previous = runs.previous_run(connection, "plan", now)
        low, high = customer_range(connection)
        bought = everybodys_figures(connection, now)
        base = whole_base(bought, project.policy, now)
        known = filled(connection, specs)
    size = project.settings.shard_size
    shards = [(first, min(first + size - 1, high)) for first in range(low, high + 1, size)]
    planning = Planning(run_id, now, specs, base, bought, previous, shards)
    if not dry_run:
        with writing(shop.engine) as connection:
            runs.keep_members_of(connection, known & _watched(specs))
    return planning


def as_of_today(earlier: Program, current: Program) -> Program:
    """An earlier version under what its journey says today without becoming a new version.

    A journey gone live would else go on in shadow for whoever entered before.
    """
    today = {name: getattr(current.journey, name) for name in NOT_CONTENT}
    return replace(earlier, journey=earlier.journey.model_copy(update=today))


def plan_shard(shop: Shop, planning: Planning, first: int, last: int) -> Counter[str]:
    """Decide for the customers numbered `first` to `last` and write it, in one transaction."""
    with writing(shop.engine, f"plan {first}") as connection:
        state, decided = _decided(connection, planning, first, last)
        apply_plan(connection, decided, state.enrollments, planning.run_id, planning.now)
    return summary(decided)


def finish(shop: Shop, planning: Planning) -> None:
    """Once all shards are through, the members of watched segments are known."""
    rules = {name: planning.specs.segments[name].text for name in _watched(planning.specs)}
    if rules:
        with writing(shop.engine) as connection:
            runs.note_fills(connection, rules, planning.now)


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
    now, specs = planning.now, planning.specs
    figures = customer_figures(connection, now, first, last, planning.bought)
    people = profiles(figures, planning.base, specs.policy, now)
    state = read_state(connection, people, specs, now, first, last, planning.previous_run)
    return state, decide(state, specs, now)


def _watched(specs: Specs) -> set[str]:
    return {name for program in specs.programs if (name := segments_entered_by(program))}


def _count(rows: pd.DataFrame, column: str, word: str) -> int:
    return int((rows[column] == word).sum())

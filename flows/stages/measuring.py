"""Measuring: what the day did, and what the journeys brought."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Engine

from flows.reporting.facts import RunFacts
from flows.stages import alerting
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.store import foresight
from flows.store.counts import Counts, day_counts, journey_counts, plan_notes
from flows.store.effects import HOUSE, effect_windows
from flows.store.evidence import attributed, displaced, scores
from flows.store.reading import customer_ranges
from flows.store.session import writing
from flows.store.terms import Term, note_terms, read_terms
from segments.effect.estimate import estimate
from segments.effect.nps import nps
from segments.effect.pooled import pooled
from segments.effect.sums import merged, nothing
from segments.effect.variants import variants
from segments.journey.calendar import day_start, local_day
from segments.names import EnrollmentStatus, Yardstick
from segments.operands import MINOR_UNITS
from segments.state import Plan, changed_phase

AT_ONCE = 250_000
"""Customers measured in one piece: what they did is held in memory."""

_WATCHED = timedelta(days=90)
"""How far back the pace of entering, and who gave way to whom, is looked at."""

_SCORED = timedelta(days=365)
"""Scores of so long are told as one, and compared with those of as long before."""


def measure(shop: Shop, now: datetime, *, progress: Progress = quiet) -> RunFacts:
    """Where every journey stands, what it brought, and what is to be known beside, as of `now`."""
    with noted_run(shop, "measure", now) as (_, counts):
        with writing(shop.engine) as connection:
            note_terms(connection, shop.project.policy, now)
        facts = evidence(shop, now, progress=progress)
        counts["journeys"] = int(facts.effects["journey"].nunique())
    alerting.look(shop, now, facts.effects)
    return facts


def evidence(shop: Shop, now: datetime, *, progress: Progress = quiet) -> RunFacts:
    """The same without a note in the list of runs; writes nothing."""
    facts = effects(shop, now, progress=progress)
    with shop.engine.connect() as connection:
        before = scores(connection, now - _SCORED, _SCORED)
        return replace(
            facts,
            attributed=attributed(connection, now),
            displaced=displaced(connection, now - _WATCHED, now),
            nps=_scored(scores(connection, now, _SCORED), before),
        )


def _scored(counts: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    figures = ["promoters", "passives", "detractors", "asked"]
    counts = counts.astype(dict.fromkeys(figures, "float64"))
    before = counts[["journey"]].merge(before, how="left", on="journey")
    return nps(counts, before.fillna(0).astype(dict.fromkeys(figures, "float64")))


def effects(shop: Shop, now: datetime, *, progress: Progress = quiet) -> RunFacts:
    """What every journey brought against its holdout; writes nothing.

    Nothing in it follows from what became known after `now`, or from what is written in YAML since.
    """
    (found,) = over_time(shop, [now], progress=progress)
    return found


def over_time(
    shop: Shop, moments: Sequence[datetime], *, progress: Progress = quiet
) -> list[RunFacts]:
    """What `effects` says as of each moment, for little more than what the last of them costs."""
    with shop.engine.connect() as connection:
        terms = read_terms(connection, shop.project.policy, max(moments))
        ranges = customer_ranges(connection, AT_ONCE)
    sums = summed(shop.engine, terms, moments, ranges, progress)
    return [_effects(shop, now, found) for now, found in zip(moments, sums, strict=True)]


def _effects(shop: Shop, now: datetime, sums: pd.DataFrame) -> RunFacts:
    with shop.engine.connect() as connection:
        judged = read_terms(connection, shop.project.policy, now)[-1].measure
        pace = foresight.entries(connection, now - _WATCHED, now)
        journeys = journey_counts(connection, now)
    found = estimate(
        sums,
        float(judged.planned),
        pace={name: 7 * number for name, number in pace.items()},
        matters={Yardstick.MARGIN: judged.matters * MINOR_UNITS},
        horizon=judged.wait.days / 7,
    )
    house = (found["journey"] == HOUSE).to_numpy()
    of_journeys = found[~house].reset_index(drop=True)
    return replace(
        _blank(shop, now),
        effects=of_journeys,
        house=found[house].reset_index(drop=True),
        pooled=pooled(of_journeys, planned=judged.planned),
        variants=variants(sums[sums["journey"] != HOUSE], planned=judged.planned),
        journeys=journeys,
    )


def summed(
    engine: Engine,
    terms: Sequence[Term],
    moments: Sequence[datetime],
    ranges: Sequence[tuple[int, int]],
    progress: Progress = quiet,
) -> list[pd.DataFrame]:
    """`SUMS` of all customers as of each moment, range by range.

    With a server a second connection fetches one range while another is being added up.
    """

    def of(customers: tuple[int, int]) -> list[pd.DataFrame]:
        with engine.connect() as connection:
            found = effect_windows(connection, terms, max(moments), customers)
        return [found.sums(now) for now in moments]

    parts = []
    with ThreadPoolExecutor(1 if engine.dialect.name == "sqlite" else 2) as workers:
        for part in workers.map(of, ranges):
            parts.append(part)
            progress("measure", len(parts), len(ranges))
    return [
        merged(pd.concat([part[at] for part in parts], ignore_index=True)) if parts else nothing()
        for at in range(len(moments))
    ]


def day(
    shop: Shop,
    now: datetime,
    *,
    pulled: Mapping[str, Mapping[str, int]] | None = None,
    notes: tuple[str, ...] = (),
    measured: RunFacts | None = None,
) -> RunFacts:
    """What was decided, sent and refused on the business day of `now`, and what it all brought.

    What it brought is not estimated again where it was `measured` already.
    """
    zone = shop.project.policy.zone
    since = day_start(local_day(now, zone), zone)
    with shop.engine.connect() as connection:
        counts = day_counts(connection, since, now)
        noted = plan_notes(connection, since, now)
    broken = tuple(str(fault) for fault in shop.project.broken)
    return replace(
        _with(measured or effects(shop, now), counts),
        pulled=pulled or {},
        notes=(*broken, *noted, *notes),
    )


def preview(shop: Shop, now: datetime, plans: list[Plan]) -> RunFacts:
    """What a plan would do, from the plan itself: nothing of it is written."""

    def together(parts: list[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    facts = replace(_blank(shop, now), dry_run=True)
    if not plans:
        return facts
    rows = together([plan.enrollments for plan in plans])
    sends = together([plan.sends for plan in plans])
    phases = together([plan.phases for plan in plans])
    tasks = together(
        [plan.tasks.assign(journey=plan.tasks["ref"].map(_journeys(plan))) for plan in plans]
    )
    moved = phases[changed_phase(phases)]
    left = rows[rows["status"] != EnrollmentStatus.ACTIVE.value]
    entered = rows[rows["enrollment_id"].isna()]
    return replace(
        facts,
        entered=_grouped(entered, "journey", "arm"),
        left=_grouped(left, "journey", "reason"),
        sends=_grouped(sends, "journey", "message", "outcome", "reason").assign(example=None),
        tasks=_grouped(tasks, "journey", "kind"),
        phases=_grouped(
            moved.rename(columns={"phase_before": "before", "phase": "after"}), "before", "after"
        ),
    )


def _journeys(plan: Plan) -> Mapping[int, str]:
    return dict(zip(plan.enrollments["ref"], plan.enrollments["journey"], strict=True))


def _blank(shop: Shop, now: datetime) -> RunFacts:
    project = shop.project
    return RunFacts(
        now=now,
        zone=project.policy.zone,
        currency=project.policy.currency,
        titles={name: program.journey.title for name, program in project.journeys.items()},
        values={
            name: program.journey.value * MINOR_UNITS for name, program in project.journeys.items()
        },
    )


def _with(facts: RunFacts, counts: Counts) -> RunFacts:
    return replace(
        facts,
        entered=counts.entered,
        left=counts.left,
        sends=counts.sends,
        tasks=counts.tasks,
        phases=counts.phases,
        rejects=counts.rejects,
    )


def _grouped(rows: pd.DataFrame, *by: str) -> pd.DataFrame:
    counted = rows.groupby(list(by), dropna=False, sort=True).size()
    return counted.rename("number").reset_index()

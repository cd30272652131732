"""Measuring: what the day did, and what the journeys brought."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pandas as pd

from flows.reporting.facts import RunFacts
from flows.stages.shop import Shop, noted_run
from flows.store import foresight
from flows.store.counts import Counts, day_counts, journey_counts, plan_notes
from flows.store.effects import HOUSE, effect_sums
from flows.store.session import writing
from flows.store.terms import note_terms, read_terms
from segments.effect.estimate import estimate
from segments.journey.calendar import day_start, local_day
from segments.names import EnrollmentStatus, Yardstick
from segments.operands import MINOR_UNITS
from segments.state import Plan, changed_phase

_WATCHED = timedelta(days=90)
"""How far back the pace of entering is looked at."""


def measure(shop: Shop, now: datetime) -> RunFacts:
    """Where every journey stands, and what it brought against its holdout, as of `now`."""
    with noted_run(shop, "measure", now) as (_, counts):
        with writing(shop.engine) as connection:
            note_terms(connection, shop.project.policy, now)
        facts = effects(shop, now)
        counts["journeys"] = int(facts.effects["journey"].nunique())
    return facts


def effects(shop: Shop, now: datetime) -> RunFacts:
    """The same without a note in the list of runs; writes nothing.

    Nothing in it follows from what became known after `now`, or from what is written in YAML since.
    """
    with shop.engine.connect() as connection:
        terms = read_terms(connection, shop.project.policy, now)
        sums = effect_sums(connection, terms, now)
        pace = foresight.entries(connection, now - _WATCHED, now)
        journeys = journey_counts(connection, now)
    judged = terms[-1].measure
    found = estimate(
        sums,
        float(judged.planned),
        pace={name: 7 * number for name, number in pace.items()},
        matters={Yardstick.MARGIN: judged.matters * MINOR_UNITS},
        horizon=judged.wait.days / 7,
    )
    house = (found["journey"] == HOUSE).to_numpy()
    return replace(
        _blank(shop, now),
        effects=found[~house].reset_index(drop=True),
        house=found[house].reset_index(drop=True),
        journeys=journeys,
    )


def day(
    shop: Shop,
    now: datetime,
    *,
    pulled: Mapping[str, Mapping[str, int]] | None = None,
    notes: tuple[str, ...] = (),
) -> RunFacts:
    """What was decided, sent and refused on the business day of `now`, and what it all brought."""
    zone = shop.project.policy.zone
    since = day_start(local_day(now, zone), zone)
    with shop.engine.connect() as connection:
        counts = day_counts(connection, since, now)
        noted = plan_notes(connection, since, now)
    broken = tuple(str(fault) for fault in shop.project.broken)
    return replace(
        _with(effects(shop, now), counts), pulled=pulled or {}, notes=(*broken, *noted, *notes)
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

"""Pictures of what the journeys did and brought: the figures fetched, and drawn one by one."""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from flows.reporting import charts_customers, charts_effects, charts_journeys, figures
from flows.reporting.charts import Look, Picture
from flows.reporting.charts_effects import TOGETHER
from flows.reporting.facts import RunFacts
from flows.reporting.subjects import OF_A_JOURNEY, Format, Subject
from flows.reporting.words import say
from flows.stages import measuring
from flows.stages.shop import Shop
from flows.store import pictures as store
from flows.store.effects import HOUSE
from segments.names import Arm, Yardstick

DAYS = 90
"""How far back what did not go, and moves in the matrix, are told."""
LOOKS = 12
"""How often an effect over time looks back: closer together towards today."""
OUTCOME = Yardstick.MARGIN
_SEQUENCE = ["sequence_low", "sequence_high"]
EVERYTHING: frozenset[Subject] = frozenset(Subject)


def draw(
    shop: Shop,
    now: datetime,
    format: Format,
    *,
    journey: str | None = None,
    subjects: Collection[Subject] = EVERYTHING,
    measured: RunFacts | None = None,
) -> Iterator[Picture]:
    """The pictures as of `now`, in a fixed order; writes nothing.

    What was `measured` as of `now` already is not estimated again.

    With `journey` those of this journey alone; without, of each that anybody has begun.
    """
    policy = shop.project.policy
    note = say("picture_as_of", policy.locale, day=figures.day(now, policy.zone, policy.locale))
    look = Look(policy.locale, policy.currency, format, note)
    if journey is None:
        yield from _of_all(shop, now, look, subjects, measured)
    yield from _of_journeys(shop, now, look, journey, OF_A_JOURNEY.intersection(subjects))


def _of_all(
    shop: Shop,
    now: datetime,
    look: Look,
    subjects: Collection[Subject],
    measured: RunFacts | None,
) -> Iterator[Picture]:
    since = now - timedelta(days=DAYS)
    if Subject.EFFECTS in subjects:
        told = _told(measured or measuring.effects(shop, now))
        yield charts_effects.effects(told, _titles(shop), look)
    if Subject.QUADRANTS in subjects:
        with shop.engine.connect() as connection:
            standing = store.quadrant_counts(connection, now)
            moves = store.quadrant_moves(connection, since, now)
        yield charts_customers.matrix(standing, moves, DAYS, look)
    if Subject.PHASES in subjects:
        with shop.engine.connect() as connection:
            counts = store.phase_counts(connection, now)
        yield charts_customers.phases(counts, look)
    if Subject.NOT_SENT in subjects:
        with shop.engine.connect() as connection:
            unsent = store.unsent_counts(connection, since, now)
        yield charts_journeys.not_sent(unsent, DAYS, look)


def _of_journeys(
    shop: Shop, now: datetime, look: Look, journey: str | None, subjects: Collection[Subject]
) -> Iterator[Picture]:
    if not subjects:
        return
    with shop.engine.connect() as connection:
        stages = store.funnel_counts(connection, now)
    names = [journey] if journey else sorted(stages["journey"].unique())
    looks = _looks(shop, now) if names and Subject.EFFECT in subjects else pd.DataFrame()
    titles = _titles(shop)
    programs = shop.project.journeys
    aimless = {name for name, program in programs.items() if program.journey.goal is None}
    for name in names:
        file, title = name.replace("_", "-"), titles.get(name, name)
        own = stages[stages["journey"] == name]
        compared = bool(own["arm"].eq(Arm.HELD_OUT).any())
        if name in aimless:
            own = own[own["stage"] != "goal"]
        if Subject.FUNNEL in subjects:
            yield charts_journeys.funnel(f"{Subject.FUNNEL}-{file}", title, own, look)
        # Where nobody is held out there is nothing to wait for; who asks is told so.
        if Subject.EFFECT in subjects and (compared or journey):
            own = looks[looks["journey"] == name] if len(looks) else looks
            yield charts_effects.over_time(f"{Subject.EFFECT}-{file}", title, own, OUTCOME, look)


def _looks(shop: Shop, now: datetime) -> pd.DataFrame:
    """What was known of every journey's effect at `LOOKS` moments up to now."""
    with shop.engine.connect() as connection:
        begun = store.begun_measuring(connection, now)["first_touch_at"]
    if begun.empty:
        return pd.DataFrame()
    length = pd.Timestamp(now) - begun.min()
    ago = np.linspace(1, 0, LOOKS) ** 2
    moments = sorted({now - (length * float(part)).to_pytimedelta() for part in ago})
    known = zip(moments, measuring.over_time(shop, moments), strict=True)
    parts = [_told(facts).assign(at=pd.Timestamp(at)) for at, facts in known]
    return pd.concat(parts, ignore_index=True)


def _told(facts: RunFacts) -> pd.DataFrame:
    """Each journey's estimate of the outcome shown, of all its customers; last those of all
    advertising and of all journeys together."""
    found = [_of_outcome(rows) for rows in (facts.effects, facts.house) if len(rows)]
    pooled = facts.pooled[facts.pooled["outcome"] == OUTCOME.value]
    if len(pooled) and (pooled["journeys"] > 1).all():
        adjusted = {name: f"adjusted_{name}" for name in ("difference", "low", "high")}
        together = pooled.rename(columns=adjusted)[[*adjusted.values(), *_SEQUENCE, "outcome"]]
        found.append(together.assign(journey=TOGETHER, verdict="", ratio_alarm=False))
    return pd.concat(found, ignore_index=True) if found else _of_outcome(facts.effects)


def _of_outcome(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["part"].isna() & (rows["outcome"] == OUTCOME.value)]


def _titles(shop: Shop) -> dict[str, str]:
    titles = {name: program.journey.title for name, program in shop.project.journeys.items()}
    locale = shop.project.policy.locale
    return titles | {
        HOUSE: say("all_advertising", locale),
        TOGETHER: say("all_journeys", locale),
    }

"""What marketing reads in the Prefect UI: pages in words, tables to search in, pictures.

Keys are the same in every run, so that the UI shows what was said before. Figures stand in the
descriptions, which lists show. Nobody's name, address or number is written into them.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_table_artifact,
)
from prefect.client.schemas.objects import State

from flows.reporting import brought, tables
from flows.reporting.day_page import day_page, effect_told, left_out_told, preview_page
from flows.reporting.facts import DayFacts, RunFacts
from flows.reporting.subjects import Subject
from flows.reporting.summary import effect_summary, headline
from flows.reporting.tables import Row
from flows.reporting.words import say
from flows.stages.pages import Told
from flows.states import done
from segments.names import Locale

if TYPE_CHECKING:
    from flows.reporting.charts import Picture


class Key(StrEnum):
    """What artifacts of runs are called, for good."""

    DAY = "day"
    SENDS = "sends"
    LEFT_OUT = "left-out"
    EFFECT = "effect"
    EFFECT_PICTURE = "effect-picture"
    MATRIX = "matrix"
    DOUBTS = "doubts"
    PREVIEW = "preview"
    MEASURE = "measure"
    PLAN = "plan"


_PICTURES = {"effects": Key.EFFECT_PICTURE, "quadrants": Key.MATRIX}
OF_THE_DAY = frozenset({Subject.EFFECTS, Subject.QUADRANTS})
"""The pictures of a day's run; the run that measures has them all."""


def publish_day(day: DayFacts, pictures: "Iterable[Picture]", locale: Locale) -> str:
    """The day's page, its tables and pictures; returns the headline."""
    said = headline(day.run, locale)
    create_markdown_artifact(day_page(day, locale), key=Key.DAY, description=said)
    publish_sends(day.run, locale)
    publish_effect(day.run, locale)
    publish_doubts(day, locale)
    publish_pictures(pictures)
    return said


def publish_preview(day: DayFacts, locale: Locale) -> str:
    """What would be decided, on one page: tables and pictures are those of days that were."""
    said = headline(day.run, locale)
    create_markdown_artifact(preview_page(day, locale), key=Key.PREVIEW, description=said)
    return said


def publish_plan(day: DayFacts, locale: Locale) -> None:
    """What was decided, before anything of it goes out."""
    said = headline(day.run, locale)
    text = day_page(day, locale)
    create_markdown_artifact(text, key=Key.PLAN, description=said)
    publish_sends(day.run, locale)


def publish_stage(name: str, told: Told) -> State[Any]:
    """The page of a single stage under the name of its flow, if it did anything; its state."""
    if told.page:
        create_markdown_artifact(told.page, key=name, description=told.said)
    return done(told.said, name=told.nothing)


def publish_sends(facts: RunFacts, locale: Locale) -> None:
    """Tables of what was sent, and of what was left out and why."""
    _table(Key.SENDS, tables.sent(facts, locale), headline(facts, locale), locale)
    _table(Key.LEFT_OUT, tables.skips(facts, locale), left_out_told(facts, locale), locale)


def publish_effect(facts: RunFacts, locale: Locale) -> str:
    """A table of what every journey brought; returns its one line."""
    said = effect_told(facts, locale)
    _table(Key.EFFECT, brought.effects(facts, locale), said, locale)
    return said


def publish_doubts(day: DayFacts, locale: Locale) -> None:
    """A table of messages nobody knows the fate of."""
    said = (
        say("are_in_doubt_short", locale, n=day.in_doubt)
        if day.in_doubt
        else say("no_doubts", locale)
    )
    _table(Key.DOUBTS, list(day.doubts), said, locale, of=day.in_doubt)


def publish_effect_page(facts: RunFacts, locale: Locale) -> str:
    """The measuring run's page; returns its one line."""
    said = publish_effect(facts, locale)
    create_markdown_artifact(effect_summary(facts, locale), key=Key.MEASURE, description=said)
    return said


def publish_pictures(pictures: "Iterable[Picture]") -> None:
    """Each picture under a key of its own, the same every day, with its words below it."""
    for picture in pictures:
        key = _PICTURES.get(picture.name, f"picture-{picture.name}")
        create_image_artifact(picture.data_uri, key=key, description=picture.alt)


def _table(key: Key, rows: list[Row], said: str, locale: Locale, of: int = 0) -> None:
    """A table of a few hundred rows at most, the rest counted; one without rows says so."""
    shown, rest = tables.shortened(rows)
    if rest := max(rest, of - len(shown)):
        said = f"{said} ({say('rest', locale, n=rest)})"
    empty: list[Row] = [{say("message", locale): say("no_rows", locale)}]
    create_table_artifact(shown or empty, key=key, description=said)

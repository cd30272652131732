"""What marketing reads in the Prefect UI: one page in words, tables to search in."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from prefect.artifacts import (
    create_image_artifact,
    create_markdown_artifact,
    create_table_artifact,
)

from flows.reporting import brought, tables
from flows.reporting.facts import RunFacts
from flows.reporting.summary import daily_summary, effect_summary, headline
from segments.names import Locale

if TYPE_CHECKING:
    from flows.reporting.charts import Picture


def publish_day(facts: RunFacts, locale: Locale) -> str:
    """The day's summary, what was not sent and why, and the effects; returns the headline."""
    said = headline(facts, locale)
    create_markdown_artifact(daily_summary(facts, locale), key="summary", description=said)
    publish_skips(facts, locale)
    publish_effects(facts, locale)
    return said


def publish_skips(facts: RunFacts, locale: Locale) -> None:
    """A table of skips by journey, message and reason."""
    if rows := tables.skips(facts, locale):
        create_table_artifact(rows, key="not-sent", description=headline(facts, locale))


def publish_effects(facts: RunFacts, locale: Locale) -> None:
    """A table of what every journey brought."""
    if rows := brought.effects(facts, locale):
        said = ", ".join(str(row) for row in sorted(set(facts.effects["journey"])))
        create_table_artifact(rows, key="effects", description=said)


def publish_effect_summary(facts: RunFacts, locale: Locale) -> str:
    """The measuring run's page; returns its one line."""
    said = f"{facts.effects['journey'].nunique()} journeys measured"
    create_markdown_artifact(effect_summary(facts, locale), key="effect-summary", description=said)
    publish_effects(facts, locale)
    return said


def publish_pictures(pictures: "Iterable[Picture]") -> None:
    """Each picture under a key of its own, the same every day, with its words below it."""
    for picture in pictures:
        create_image_artifact(
            picture.data_uri, key=f"picture-{picture.name}", description=picture.alt
        )

"""What starts when, by itself: config/deployments.yaml as a model, and in words."""

import zoneinfo
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from flows.cron_words import in_words
from flows.crons import CronError, read_cron
from flows.errors import Fault
from flows.reporting.words import say
from flows.yamlfile import Document, build, read
from segments.names import Locale
from segments.spans import Duration, Span
from segments.spec import Spec

FILE = "config/deployments.yaml"
Runs = Literal[
    "daily", "deliver", "respond", "suppressions", "measure", "digest", "retention", "preview"
]
Readable = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")]

LONGEST: dict[Runs, Span] = {
    "daily": Span(6, "hours"),
    "deliver": Span(6, "hours"),
    "respond": Span(30, "minutes"),
    "suppressions": Span(30, "minutes"),
    "measure": Span(3, "hours"),
    "digest": Span(30, "minutes"),
    "retention": Span(3, "hours"),
    "preview": Span(1, "hours"),
}
"""How long each may take where nothing else is written: far more than it ever should."""


class Deployment(Spec):
    """One thing that starts by itself, or by hand where no time is written."""

    name: Readable = Field(
        description="what it is called in Prefect's lists, such as weekday-morning"
    )
    runs: Runs = Field(description="the flow it starts")
    cron: str | None = Field(
        None,
        description="when: minute, hour, day of the month, month, day of the week; "
        'without it only by hand. "30 8 * * 1-5" is Monday to Friday at 08:30',
    )
    enabled: bool = Field(
        True, description="false: it starts only by hand; lasts, unlike a pause clicked in Prefect"
    )
    longest: Duration | None = Field(
        None,
        description="a run that takes longer is ended, and the next one completes its work; "
        "6 hours for daily and deliver, 3 for measure and retention, 1 for preview, else 30 "
        "minutes where nothing is said",
    )
    description: str | None = Field(
        None, description="what the lists say of it; made up from the above where nothing is said"
    )

    @field_validator("cron")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                read_cron(value)
            except CronError as error:
                raise ValueError(str(error)) from None
        return value

    @property
    def starts(self) -> bool:
        """Whether it starts by itself."""
        return self.enabled and self.cron is not None

    def told(self, zone: str, locale: Locale = Locale.EN) -> str:
        """Its description: what it does, when, and where that can be changed."""
        if self.cron is None:
            when = say("starts_by_hand", locale)
        else:
            words = in_words(read_cron(self.cron), locale)
            key = "starts_at" if self.enabled else "starts_off"
            when = _capital(say(key, locale, when=words, zone=zone))
        does = self.description or say(f"does_{self.runs}", locale)
        return f"{does}\n\n**{when}.** {say('starts_where', locale, file=FILE)}"


class Deployments(Spec):
    """config/deployments.yaml: what starts when, by itself."""

    zone: str | None = Field(
        None, description="by which clock; the business zone of policy.yaml if not said"
    )
    project: Readable | None = Field(
        None,
        description="name of this project where several share a Prefect server: its deployments "
        "are called NAME-weekday-morning there",
    )
    pool: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$")] = Field(
        "stammkunde", description="work pool `stammkunde deploy` uses; `up` needs none"
    )
    at_once: int = Field(4, ge=1, le=32, description="how many runs `stammkunde up` has at a time")
    approve_within: Duration | None = Field(
        None,
        description="how long a daily run waits for somebody to approve what journeys in review "
        'want to send; while messages may arrive that day if not said, "0 minutes": not at all',
        examples=["4 hours"],
    )
    deployments: list[Deployment] = Field(default_factory=list, description="what starts when")

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str | None) -> str | None:
        if value is not None and value not in zoneinfo.available_timezones():
            raise ValueError(f'"{value}" is not a time zone. Write one like "Europe/Berlin"')
        return value

    def called(self, name: str) -> str:
        """What a deployment is called in Prefect's lists."""
        return f"{self.project}-{name}" if self.project else name

    def longest_of(self, flow: str, name: str = "") -> Span | None:
        """How long a run of this flow may take: as its deployment says, or the first that runs it.

        Stages started alone, such as plan, have no limit.
        """
        ours = [each for each in self.deployments if each.runs == flow]
        ours.sort(key=lambda each: self.called(each.name) != name)
        written = ours[0].longest if ours else None
        return written or next((span for runs, span in LONGEST.items() if runs == flow), None)

    def daily_moments(self, zone: str, after: datetime, until: datetime) -> Iterator[datetime]:
        """When the day was to be decided, later than `after` and up to `until`, in order."""
        found = {
            moment
            for deployment in self.deployments
            if deployment.runs == "daily" and deployment.starts and deployment.cron
            for moment in read_cron(deployment.cron).moments(self.zone or zone, after, until)
        }
        yield from sorted(found)


def load_deployments(folder: Path) -> tuple[Deployments, list[Fault]]:
    """What starts when, and everything wrong with it; nothing starts where there is no file."""
    if not (folder / FILE).exists():
        return Deployments(), []
    document, faults = read(folder / FILE, FILE)
    if document is None:
        return Deployments(), faults
    built, wrong = build(Deployments, document)
    return built or Deployments(), sorted([*faults, *wrong, *_named_twice(document)])


def _named_twice(document: Document) -> Iterator[Fault]:
    data = document.data if isinstance(document.data, dict) else {}
    written, known = data.get("deployments"), set()
    for number, each in enumerate(written if isinstance(written, list) else []):
        name = each.get("name") if isinstance(each, dict) else None
        if isinstance(name, str) and name in known:
            place = ("deployments", number, "name")
            yield document.fault(place, f'"{name}" is the name of another deployment already')
        elif isinstance(name, str):
            known.add(name)


def business_zone(folder: Path) -> str:
    """By which clock the house lives, without a look at anything else."""
    written = _in_policy(folder, "zone")
    return written if written in zoneinfo.available_timezones() else "Europe/Berlin"


def house_locale(folder: Path) -> Locale:
    """Which language the house speaks, the same way: also where its YAML cannot be used."""
    written = _in_policy(folder, "locale")
    return Locale(written) if written in set(Locale) else Locale.DE


def _in_policy(folder: Path, name: str) -> Any:
    document, _ = read(folder / "config" / "policy.yaml", "config/policy.yaml")
    return document.data.get(name) if document and isinstance(document.data, dict) else None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

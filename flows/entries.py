"""Deployments as they are handed on: what each runs, when, and what the lists say of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from segments.names import Locale

POLLS = ("respond", "suppressions")
"""Short and often: a run that finds another at work is not needed. All others wait for it."""


@dataclass(frozen=True)
class Entry:
    """A deployment as it is to be."""

    name: str
    runs: str
    cron: str | None
    enabled: bool
    zone: str
    description: str
    project: str = ""
    """Whose it is: what tells two projects on one server apart."""
    locale: Locale = Locale.EN
    """Which language the form of its runs speaks."""

    @property
    def parameters(self) -> dict[str, Any]:
        """What its runs are started with."""
        return {"dry_run": False} if self.runs == "daily" else {}

    @property
    def poll(self) -> bool:
        """Whether a second run at the same time is cancelled instead of waiting."""
        return self.runs in POLLS


def as_text(entries: Sequence[Entry]) -> str:
    """Entries for another process to read."""
    return json.dumps([asdict(entry) for entry in entries])


def from_text(text: str) -> list[Entry]:
    """The same, read again."""
    found = json.loads(text)
    return [Entry(**values | {"locale": Locale(values["locale"])}) for values in found]


ALERT = "alert"


def alert_entry(
    zone: str,
    name: str = ALERT,
    project: str = "",
    told: str = "",
    locale: Locale = Locale.EN,
) -> Entry:
    """The deployment that mails alerts; automations of the server start it."""
    return Entry(name, ALERT, None, True, zone, told, project, locale)

"""Whom alerts reach, by which way, and about what: `alerts:` of settings.yaml as a model."""

import os
from typing import Annotated

from pydantic import Field, field_validator

from flows.errors import ConfigError
from segments.names import AlertKind
from segments.spans import Duration, Span
from segments.spec import Spec

_Email = Annotated[str, Field(pattern=r"^[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+$", max_length=320)]


class AlertSettings(Spec):
    """Who is told when something needs a person: by mail, by a webhook, or by both."""

    to: list[_Email] = Field(
        default_factory=list, description="addresses that get a mail, the way service messages go"
    )
    webhook: (
        Annotated[str, Field(pattern=r"^(https?://[^\s/]+(/\S*)?|[A-Z][A-Z0-9_]{0,99})$")] | None
    ) = Field(
        None,
        description="address something is posted to as JSON (text, kind, subject, over); where it "
        "holds a token, the name of an environment variable that holds the address",
        examples=["STAMMKUNDE_ALERTS", "https://chat.example.com/hooks/stammkunde"],
    )
    kinds: list[AlertKind] = Field(
        list(AlertKind), min_length=1, description="about what; everything if not said"
    )
    missing_after: Duration = Field(
        Span(2, "hours"), description="how late a run may be before it counts as missing"
    )
    overdue_after: Duration = Field(
        Span(2, "days"), description="how long tasks may be overdue before it is told"
    )
    unsubscribe_within: Duration = Field(
        Span(2, "hours"),
        description="how long what people sent back (unsubscribing may be among it) may wait to "
        "be taken in",
    )
    repeat_after: Duration = Field(
        Span(1, "hours"),
        description="how long the webhook keeps still about more crashes of the same deployment",
    )

    @field_validator("kinds")
    @classmethod
    def _each_once(cls, value: list[AlertKind]) -> list[AlertKind]:
        return list(dict.fromkeys(value))

    @property
    def ways(self) -> bool:
        """Whether anybody is told at all."""
        return bool(self.to or self.webhook)

    def address(self) -> str | None:
        """Where the webhook is; `ConfigError` where its environment variable is not set."""
        if self.webhook is None or "://" in self.webhook:
            return self.webhook
        found = os.environ.get(self.webhook, "").strip()
        if not found.startswith(("http://", "https://")):
            what = "is not set" if not found else "holds no address"
            raise ConfigError.at(
                "config/settings.yaml",
                f"alerts: the environment variable {self.webhook} {what}. Put the address of the "
                "webhook into it before you start Stammkunde",
            )
        return found

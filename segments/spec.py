"""What marketing writes in YAML, as frozen models: journeys and segments."""

from typing import Literal

from pydantic import Field, model_validator

from segments.examples import Example
from segments.names import AttentionClass, Doubt, JourneyStatus, Migrate, Phase, Purpose
from segments.spans import Duration, Share, Span
from segments.steps import (
    STEPS,
    Awaited,
    Choose,
    Else,
    End,
    Measure,
    Roles,
    Send,
    Set,
    Split,
    Step,
    Task,
    Variant,
    Wait,
    WaitUntil,
    When,
)
from segments.triggers import Again, Backfill, Enter
from segments.written import Name, RuleText, Spec

__all__ = [
    "STEPS",
    "Again",
    "Awaited",
    "Backfill",
    "Choose",
    "Else",
    "End",
    "Enter",
    "Example",
    "Goal",
    "Journey",
    "Measure",
    "Name",
    "Roles",
    "RuleText",
    "Segments",
    "Send",
    "Set",
    "Spec",
    "Split",
    "Step",
    "Task",
    "Variant",
    "Wait",
    "WaitUntil",
    "When",
]


class Goal(Spec):
    """What counts as success."""

    event: Literal["order"] = Field("order", description="order: the customer buys again")
    within: Duration = Field(description="how long after entering it counts")


class Journey(Spec):
    """One journey: who enters, what happens, what counts as success."""

    journey: Name = Field(description="its name, the same as the file's")
    title: str = Field(min_length=1, max_length=120, description="what colleagues read in reports")
    status: JourneyStatus = Field(
        JourneyStatus.DRAFT,
        description="draft; shadow (decides and logs, sends nothing); review (waits for approval); "
        "live; paused",
    )
    phase: Phase | None = Field(
        None, description="phase of the relationship it cares for; groups the reports"
    )
    purpose: Purpose = Field(description="service, advertising, survey or legal")
    attention: AttentionClass | None = Field(
        None,
        description="what it is worth a customer's attention for; what its purpose says if empty",
    )
    priority: int = Field(
        50, ge=0, le=100, description="who goes first among messages of the same attention"
    )
    value: float = Field(
        0, ge=0, description="what one message is expected to bring; see the effect in measure"
    )
    categories: list[str] | Literal["order"] | None = Field(
        None,
        description="product categories it advertises, or order: those of the order that started "
        "it; decides whether existing customers may get it without consent",
    )
    enter: Enter
    exit_when: RuleText | None = Field(None, description="takes a customer out, not as a success")
    goal: Goal | None = None
    holdout: Share = Field(0.0, description="share of customers kept out for comparison")
    migrate: Migrate = Field(
        Migrate.KEEP,
        description="what a change of this file does to those under way: keep (they go on as it "
        "was), restart (from the first step), exit",
    )
    doubt: Doubt = Field(
        Doubt.AT_MOST_ONCE,
        description="when nobody can say whether a message went: at_most_once (it is not sent "
        "again) or at_least_once (it is)",
    )
    valid_for: Duration = Field(
        Span(7, "days"), description="how long a message may wait before it is stale"
    )
    steps: list[Step] = Field(min_length=1)
    examples: list[Example] = Field(
        [],
        max_length=50,
        description="cases with what is to come of them, which `stammkunde check` lives through",
    )

    @property
    def attention_class(self) -> AttentionClass:
        """What it is worth a customer's attention for, said or not."""
        return self.attention or _ATTENTION[self.purpose]

    @model_validator(mode="after")
    def _nothing_to_hold_out(self) -> "Journey":
        if self.holdout and self.attention_class in EXEMPT:
            raise ValueError(f"messages of {self.attention_class} go to everybody: no holdout here")
        return self


EXEMPT = (AttentionClass.LEGAL, AttentionClass.COMPLAINT_RECOVERY)
"""Nobody is held out of these, for no comparison is worth it."""

_ATTENTION = {
    Purpose.LEGAL: AttentionClass.LEGAL,
    Purpose.SERVICE: AttentionClass.SERVICE,
    Purpose.SURVEY: AttentionClass.SURVEY,
    Purpose.ADVERTISING: AttentionClass.REPEAT,
}


class Segments(Spec):
    """config/segments.yaml: named rules."""

    segments: dict[Name, RuleText] = Field(default_factory=dict)

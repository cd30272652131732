"""What marketing writes in YAML, as frozen models: journeys, segments and policy."""

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)

from segments.names import JourneyStatus, Phase, Purpose, TaskKind, Trigger
from segments.spans import Duration, Share, Span, parse_span

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
RuleText = Annotated[
    str,
    Field(min_length=1, max_length=2000, description="a rule over profile columns and segments"),
]


class Spec(BaseModel):
    """Parent of everything written in YAML: unknown keys are refused, nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Again(Spec):
    """When a customer may enter the same journey another time."""

    mode: Literal["never", "per_order", "after"]
    span: Span | None = None


class Enter(Spec):
    """What starts an enrollment."""

    on: Trigger = Field(description="order, phase, segment or schedule")
    when: RuleText | None = Field(None, description="rule that must hold at that moment")
    again: str = Field(
        "never", description='never, per_order, or "after 90 days"', examples=["after 90 days"]
    )
    phase: Phase | None = Field(None, description="on phase: the phase entered")
    segment: Name | None = Field(None, description="on segment: its name in segments.yaml")
    change: Literal["entering", "leaving"] = Field(
        "entering", description="on segment: entering or leaving it"
    )
    every: (
        Literal[
            "day",
            "month",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ]
        | None
    ) = Field(None, description="on schedule: day, a weekday, or month")
    day: int = Field(1, ge=1, le=28, description="on schedule, every month: day of the month")

    @field_validator("again")
    @classmethod
    def _again_reads(cls, value: str) -> str:
        _parse_again(value)
        return value

    @model_validator(mode="after")
    def _fits_the_trigger(self) -> "Enter":
        needed = {Trigger.PHASE: "phase", Trigger.SEGMENT: "segment", Trigger.SCHEDULE: "every"}
        key = needed.get(self.on)
        if key and getattr(self, key) is None:
            raise ValueError(f'with "on: {self.on}" write which: "{key}: ..."')
        belongs = {
            "phase": Trigger.PHASE,
            "segment": Trigger.SEGMENT,
            "change": Trigger.SEGMENT,
            "every": Trigger.SCHEDULE,
            "day": Trigger.SCHEDULE,
        }
        for key, trigger in belongs.items():
            if key in self.model_fields_set and self.on != trigger:
                raise ValueError(f'"{key}" goes with "on: {trigger}", not with "on: {self.on}"')
        if self.day != 1 and self.every != "month":
            raise ValueError('"day" goes with "every: month"')
        if self.again == "per_order" and self.on != Trigger.ORDER:
            raise ValueError('"again: per_order" goes with "on: order"')
        return self

    @property
    def reentry(self) -> Again:
        """The parsed form of `again`."""
        return _parse_again(self.again)


class Goal(Spec):
    """What counts as success."""

    event: Literal["order"] = Field("order", description="order: the customer buys again")
    within: Duration = Field(description="how long after entering it counts")


class Wait(Spec):
    """Let time pass. Days are calendar days of the business zone."""

    id: Name | None = None
    wait: Duration


class Send(Spec):
    """Write to somebody."""

    id: Name | None = None
    send: Name = Field(description="folder under templates/")
    to: Literal["primary", "buyer", "user", "decision_maker", "billing"] = Field(
        "primary", description="buyer: who ordered; primary: the main contact; or a role"
    )
    valid_for: Duration | None = Field(
        None, description="after that the message is stale and dropped; the journey's own if empty"
    )


class Measure(Spec):
    """What a colleague is to do."""

    call: Literal["owner"] | None = Field(None, description="ring the customer")
    visit: Literal["owner"] | None = Field(None, description="call on the customer")
    write: Literal["owner"] | None = Field(None, description="write by hand")
    about: str = Field(min_length=1, max_length=200, description="what it is about, in one line")
    due: Duration = Field(Span(2, "business_days"), description="how soon")

    @property
    def kind(self) -> TaskKind:
        """call, visit or write."""
        return next(kind for kind in TaskKind if getattr(self, kind) is not None)

    @model_validator(mode="after")
    def _one_kind(self) -> "Measure":
        if sum(value is not None for value in (self.call, self.visit, self.write)) != 1:
            raise ValueError('a task is one of "call: owner", "visit: owner", "write: owner"')
        return self


class Task(Spec):
    """Assign a measure to the customer's owner."""

    id: Name | None = None
    task: Measure


class When(Spec):
    """One way out of a choose."""

    when: RuleText
    steps: list["Step"] = Field(default_factory=list)


class Else(Spec):
    """The way for everybody else."""

    steps: list["Step"] = Field(default_factory=list, alias="else")


def _branch(value: Any) -> str:
    if isinstance(value, dict):
        return "else" if "else" in value else "when"
    return "else" if isinstance(value, Else) else "when"


class Choose(Spec):
    """The first rule that applies decides the way; `else` takes the rest."""

    id: Name | None = None
    choose: list[
        Annotated[
            Annotated[When, Tag("when")] | Annotated[Else, Tag("else")], Discriminator(_branch)
        ]
    ] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends_in_else(self) -> "Choose":
        last = self.choose[-1]
        if not isinstance(last, Else) or any(isinstance(way, Else) for way in self.choose[:-1]):
            raise ValueError('a choose ends in one "- else:" for everybody else')
        return self


STEPS: dict[str, type[Spec]] = {"wait": Wait, "send": Send, "task": Task, "choose": Choose}


def _step(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((word for word in value if word in STEPS), None)
    return type(value).__name__.lower()


Step = Annotated[
    Annotated[Wait, Tag("wait")]
    | Annotated[Send, Tag("send")]
    | Annotated[Task, Tag("task")]
    | Annotated[Choose, Tag("choose")],
    Discriminator(
        _step,
        custom_error_type="step",
        custom_error_message='a step begins with "wait", "send", "task" or "choose"',
    ),
]


class Journey(Spec):
    """One journey: who enters, what happens, what counts as success."""

    journey: Name = Field(description="its name, the same as the file's")
    title: str = Field(min_length=1, max_length=120, description="what colleagues read in reports")
    status: JourneyStatus = Field(
        JourneyStatus.DRAFT,
        description="draft; shadow (decides and logs, sends nothing); live; paused",
    )
    phase: Phase | None = Field(
        None, description="phase of the relationship it cares for; groups the reports"
    )
    purpose: Purpose = Field(description="service, advertising, survey or legal")
    priority: int = Field(50, ge=0, le=100, description="who goes first when attention is short")
    enter: Enter
    exit_when: RuleText | None = Field(None, description="takes a customer out, not as a success")
    goal: Goal | None = None
    holdout: Share = Field(0.0, description="share of customers kept out for comparison")
    valid_for: Duration = Field(
        Span(7, "days"), description="how long a message may wait before it is stale"
    )
    steps: list[Step] = Field(min_length=1)


class Segments(Spec):
    """config/segments.yaml: named rules."""

    segments: dict[Name, RuleText] = Field(default_factory=dict)


def _parse_again(value: str) -> Again:
    if value == "never":
        return Again(mode="never")
    if value == "per_order":
        return Again(mode="per_order")
    if value.startswith("after "):
        return Again(mode="after", span=parse_span(value.removeprefix("after ")))
    raise ValueError('"again" is never, per_order, or a span such as "after 90 days"')

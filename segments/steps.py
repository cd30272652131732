"""The steps of a journey, as marketing writes them."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from segments.names import Role, TaskKind
from segments.spans import Duration, Pause, Span
from segments.written import Name, RuleText, Spec


class Wait(Spec):
    """Let time pass. Days are calendar days of the business zone."""

    id: Name | None = None
    wait: Pause


class Awaited(Spec):
    """What has to happen, and how long to wait for it."""

    event: (
        Literal["order", "delivered", "reply", "click", "nps", "task_done", "complaint_closed"]
        | None
    ) = Field(
        None,
        description="order, delivered (the goods arrived), reply, click, nps, task_done or "
        "complaint_closed",
    )
    date: Name | None = Field(None, description="instead of an event: a column that holds a date")
    timeout: Duration = Field(description="how long to wait at most")
    on_timeout: Literal["go_on", "end", "exit"] = Field(
        "go_on",
        description="then: go_on (rules may ask for timed_out), end, or exit (not a success)",
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> "Awaited":
        if (self.event is None) == (self.date is None):
            raise ValueError('write either "event: …" or "date: …"')
        return self


class WaitUntil(Spec):
    """Wait for something to happen."""

    id: Name | None = None
    wait_until: Awaited


class Roles(Spec):
    """Several people at one customer."""

    roles: list[Role] = Field(min_length=1, description="in this order of preference")
    max: int = Field(1, ge=1, le=10, description="how many of them at most")


class Send(Spec):
    """Write to somebody."""

    id: Name | None = None
    send: Name = Field(description="folder under templates/")
    to: Literal["primary", "buyer", "user", "decision_maker", "billing"] | Roles = Field(
        "primary",
        description="buyer: who ordered; primary: the main contact; a role; "
        "or {roles: [decision_maker, user], max: 2}",
    )
    valid_for: Duration | None = Field(
        None, description="after that the message is stale and dropped; the journey's own if empty"
    )
    variants: dict[Name, Annotated[int, Field(ge=0, le=10_000)]] | None = Field(
        None,
        min_length=2,
        description="for tests: messages to choose from by chance, each with its weight",
    )

    @model_validator(mode="after")
    def _weighs_something(self) -> "Send":
        if self.variants is not None and not sum(self.variants.values()):
            raise ValueError("at least one variant needs a weight above 0")
        return self

    @property
    def messages(self) -> list[str]:
        """Every message this step may send."""
        return [self.send] if self.variants is None else list(self.variants)


class Measure(Spec):
    """What a colleague is to do."""

    call: Name | None = Field(None, description="ring the customer: owner, or a key in owners.yaml")
    visit: Name | None = Field(None, description="call on the customer: owner, or a key")
    write: Name | None = Field(None, description="write by hand: owner, or a key")
    about: str = Field(min_length=1, max_length=200, description="what it is about, in one line")
    due: Duration = Field(Span(2, "business_days"), description="how soon")
    fallback: Name | None = Field(
        None, description="who takes it where the customer has no owner; the default one if empty"
    )
    escalate_after: Duration | None = Field(
        None, description="how long after it was due it goes to the owner's lead"
    )

    @property
    def kind(self) -> TaskKind:
        """call, visit or write."""
        return next(kind for kind in TaskKind if getattr(self, kind, None) is not None)

    @property
    def assignee(self) -> str:
        """`owner`, or a key in owners.yaml."""
        assigned: str = getattr(self, self.kind)
        return assigned

    @model_validator(mode="after")
    def _one_kind(self) -> "Measure":
        if sum(value is not None for value in (self.call, self.visit, self.write)) != 1:
            raise ValueError('a task is one of "call: owner", "visit: owner", "write: owner"')
        return self


class Task(Spec):
    """Assign a measure to the customer's owner or a team."""

    id: Name | None = None
    task: Measure


class Set(Spec):
    """Remember something about this enrollment: a flag that later rules may ask for."""

    id: Name | None = None
    set: Name = Field(description="name of the flag")


class End(Spec):
    """The journey ends here for whoever comes by."""

    id: Name | None = None
    end: str | None = Field(None, max_length=120, description="why, for whoever reads it")

    @model_validator(mode="before")
    @classmethod
    def _bare_word(cls, value: Any) -> Any:
        return {"end": None} if value == "end" else value


class Variant(Spec):
    """One way of a split."""

    variant: Name
    weight: int = Field(1, ge=0, le=10_000, description="its share, relative to the others'")
    steps: list["Step"] = Field(default_factory=list)


class Split(Spec):
    """By chance, the same customer always the same way: to compare."""

    id: Name | None = None
    split: list[Variant] = Field(min_length=2, max_length=20)

    @model_validator(mode="after")
    def _can_be_told_apart(self) -> "Split":
        names = [way.variant for way in self.split]
        if len(set(names)) < len(names):
            raise ValueError("each variant of a split needs a name of its own")
        if not sum(way.weight for way in self.split):
            raise ValueError("at least one variant needs a weight above 0")
        return self


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


STEPS: dict[str, type[Spec]] = {
    "wait": Wait,
    "wait_until": WaitUntil,
    "send": Send,
    "task": Task,
    "set": Set,
    "choose": Choose,
    "split": Split,
    "end": End,
}


def _step(value: Any) -> str | None:
    if isinstance(value, dict):
        return next((word for word in value if word in STEPS), None)
    if isinstance(value, str):
        return value if value == "end" else None
    return next((word for word, model in STEPS.items() if type(value) is model), None)


Step = Annotated[
    Annotated[Wait, Tag("wait")]
    | Annotated[WaitUntil, Tag("wait_until")]
    | Annotated[Send, Tag("send")]
    | Annotated[Task, Tag("task")]
    | Annotated[Set, Tag("set")]
    | Annotated[Choose, Tag("choose")]
    | Annotated[Split, Tag("split")]
    | Annotated[End, Tag("end")],
    Discriminator(
        _step,
        custom_error_type="step",
        custom_error_message='a step begins with "wait", "wait_until", "send", "task", "set", '
        '"choose", "split" or "end"',
    ),
]

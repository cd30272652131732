"""How much of a customer's attention we may take, as config/policy.yaml writes it."""

from datetime import timedelta

from pydantic import Field, field_validator

from segments.names import AttentionClass, Channel, Purpose
from segments.spans import Duration, Span
from segments.written import RuleText, Spec

_EXACT = ("minutes", "hours", "days", "weeks")
_WHOLE_DAYS = ("days", "weeks")


class Cap(Spec):
    """So many messages at most in any stretch of time so long."""

    most: int = Field(ge=0, le=1000, description="how many at most; 0: none at all")
    within: Duration = Field(
        description="in any stretch so long, to the minute: 7 days are seven times 24 hours",
        examples=["7 days"],
    )
    purpose: Purpose | None = Field(
        None,
        description="counts messages of this purpose only; if empty all messages, and what "
        "colleagues did",
    )

    @field_validator("within")
    @classmethod
    def _rolls(cls, value: Span) -> Span:
        if value.unit not in _EXACT or not 0 < value.days <= 366:
            raise ValueError(
                f'"{value}" cannot be counted back from any moment. Write hours, days or weeks, '
                'a year at most: "7 days"'
            )
        return value

    @property
    def window(self) -> timedelta:
        """The stretch as an exact length."""
        return timedelta(**{self.within.unit: self.within.count})

    def __str__(self) -> str:
        what = "" if self.purpose is None else f"{self.purpose} "
        return f"{self.most} {what}in {self.within}"


class BudgetPolicy(Spec):
    """What applies instead to some customers."""

    when: RuleText = Field(
        description="whom it concerns: a rule over the profile, such as quadrant, phase or "
        "responses_90d",
        examples=['phase == "at_risk"', "responses_90d == 0 and emails_30d > 0"],
    )
    caps: list[Cap] | None = Field(
        None, max_length=20, description="instead of the general caps; those if empty"
    )
    min_gap: Duration | None = Field(
        None, description="instead of the general gap; that one if empty"
    )

    @field_validator("min_gap")
    @classmethod
    def _gap_in_days(cls, value: Span | None) -> Span | None:
        return value if value is None else _in_days(value)


class AttentionPolicy(Spec):
    """One budget per customer across all journeys, whoever asks for it."""

    caps: list[Cap] = Field(
        default_factory=lambda: [
            Cap(most=1, within=Span(7, "days"), purpose=Purpose.ADVERTISING),
            Cap(most=6, within=Span(30, "days")),
        ],
        max_length=20,
        description="how many messages a customer gets at most",
    )
    min_gap: Duration = Field(
        Span(2, "days"),
        description="days between two messages to a customer: 2 days after Monday is Wednesday. "
        "There is one message a day at most in any case",
    )
    look_ahead: Duration = Field(
        Span(3, "days"),
        description="a message waits if it would stand in the way of a more important one that "
        "is due so soon; 0 days: never",
    )
    touches: list[Channel] = Field(
        default_factory=lambda: [Channel.CALL, Channel.VISIT],
        description="contacts of colleagues that count: call, visit, mail, letter, fair",
    )
    exempt: list[AttentionClass] = Field(
        default_factory=lambda: [AttentionClass.COMPLAINT_RECOVERY],
        description="kinds of messages that no cap, gap or look-ahead holds back, though they "
        "count; legal always is one, and goes on any day",
    )
    budgets: list[BudgetPolicy] = Field(
        default_factory=list,
        max_length=50,
        description="what applies to some customers instead; the first whose rule applies",
    )

    @field_validator("min_gap", "look_ahead")
    @classmethod
    def _whole_days(cls, value: Span) -> Span:
        return _in_days(value)

    @property
    def memory(self) -> timedelta:
        """How far back messages and contacts have to be known."""
        caps = [*self.caps, *(cap for budget in self.budgets for cap in budget.caps or ())]
        gaps = [self.min_gap, *(budget.min_gap for budget in self.budgets if budget.min_gap)]
        days = timedelta(days=max(days_of(gap) for gap in gaps) + 1)
        return max([days, *(cap.window for cap in caps)])


def days_of(span: Span) -> int:
    """Calendar days of a span written in days or weeks."""
    return span.count * (7 if span.unit == "weeks" else 1)


def _in_days(value: Span) -> Span:
    if value.unit not in _WHOLE_DAYS or value.days > 366:
        raise ValueError(
            f'"{value}" does not go here. Write days or weeks, a year at most: "2 days"; "0 days" '
            "is none"
        )
    return value

"""The rules of the house that every journey obeys, as config/policy.yaml writes them."""

from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator, model_validator

from segments.attention import AttentionPolicy
from segments.costs import CostPolicy, MeasurePolicy
from segments.days import time_zones
from segments.journey.hours import ANY_TIME, Hours, OpenHours, parse_hours
from segments.names import Locale, Reassurance
from segments.retention import RetentionPolicy
from segments.spans import Duration, Share, Span
from segments.written import Spec


class PriceBand(Spec):
    """From this order value on, buyers need that much reassurance."""

    at_least: float = Field(ge=0, description="order value in the project's currency")
    need: Reassurance


class ReassurancePolicy(Spec):
    """How much confirmation a purchase needs."""

    bands: list[PriceBand] = Field(
        default_factory=lambda: [
            PriceBand(at_least=500, need=Reassurance.LIGHT),
            PriceBand(at_least=2500, need=Reassurance.FULL),
        ]
    )
    raise_first_in_category: bool = Field(
        True, description="a first purchase in its category needs one step more"
    )

    @model_validator(mode="after")
    def _rising(self) -> "ReassurancePolicy":
        starts = [band.at_least for band in self.bands]
        if starts != sorted(set(starts)):
            raise ValueError("write the bands from the lowest price to the highest, each once")
        return self


class PhasePolicy(Spec):
    """Where one phase ends and the next begins."""

    expansion_orders: int = Field(3, ge=2, description="orders from which expansion begins")
    maturity_orders: int = Field(6, ge=2, description="orders from which maturity is possible")
    maturity_days: int = Field(365, ge=1, description="tenure from which maturity is possible")
    at_risk_overdue: float = Field(
        2.0, gt=1, description="at risk once this many typical gaps have passed without an order"
    )
    at_risk_days: int = Field(60, ge=1, description="never at risk before so many days")
    ended_days: int = Field(540, ge=2, description="ended after so many days without an order")
    revitalization_days: int = Field(
        180, ge=1, description="how long a customer who came back stays in revitalization"
    )
    hysteresis: Share = Field(0.1, description="cross a threshold by so much before moving back")


class ValuePolicy(Spec):
    """Where the four fields are cut."""

    revenue: float | None = Field(
        None, gt=0, description="net revenue of 12 months; the base's median if empty"
    )
    potential: float | None = Field(
        None, gt=0, description="expected revenue of the next 12 months; the median if empty"
    )
    hysteresis: Share = Field(0.1, description="cross a cut by so much before changing the field")
    gap_weight: int = Field(
        3, ge=0, description="how many gaps everybody's typical gap weighs against a customer's own"
    )


class HoursPolicy(Spec):
    """When messages of each purpose may arrive, by the reader's own clock."""

    service: OpenHours = Field(
        parse_hours("monday-saturday 7:00-20:00"), description="orders, deliveries, help"
    )
    advertising: OpenHours = Field(
        parse_hours("monday-friday 8:00-18:00"), description="whatever is to sell something"
    )
    survey: OpenHours = Field(
        parse_hours("monday-friday 8:00-18:00"), description="questions, ratings"
    )
    legal: OpenHours = Field(parse_hours(ANY_TIME), description="what the law wants told")

    @field_validator("*")
    @classmethod
    def _some_hour(cls, value: Hours, info: ValidationInfo) -> Hours:
        if value.never:
            raise ValueError(
                f"no hour is left in which {info.field_name} may go. "
                'Write at least one on a weekday: "monday-friday 8:00-18:00"'
            )
        return value


class CalendarPolicy(Spec):
    """Whose public holidays count, and when messages may arrive."""

    region: str = Field(
        "DE",
        description="country, or country and state, whose public holidays are ours and those of "
        "customers whose country is not known",
        examples=["DE", "DE-NI", "AT"],
    )
    hours: HoursPolicy = Field(
        default_factory=HoursPolicy,
        description="when messages may arrive, by the reader's own clock; on public holidays only "
        "where it says so",
    )


class PermissionPolicy(Spec):
    """What a permission must be made of to count."""

    double_opt_in: bool = Field(
        True,
        description="a consent that was asked for counts only once it was confirmed; one without "
        "these two moments counts as its proof says",
    )
    confirm_within: Duration = Field(
        Span(14, "days"),
        description="how long the link of the mail that asks to confirm a consent is good",
    )
    ask_to_confirm: bool = Field(
        True,
        description="mail whoever a source says asked for a consent and did not confirm it; once, "
        "and not about requests older than confirm_within",
    )
    consent_dormant_after: Duration | None = Field(
        None,
        description="a consent unused for so long no longer counts; never if empty",
        examples=["24 months"],
    )
    consent_warn_after: Duration = Field(
        Span(12, "months"), description="check names how many consents have not been used so long"
    )
    similar_to: dict[str, list[str]] = Field(
        default_factory=dict,
        description="category bought: categories an existing customer may be offered without "
        "consent (§ 7 (3) UWG); a category that is not named here is similar to itself only",
        examples=[{"chairs": ["chairs", "armrests"]}],
    )


class RatePolicy(Spec):
    """A share of messages that stops sending when it is certainly higher."""

    above: Share = Field(description="stop when the share is higher, beyond what chance explains")
    of_at_least: int = Field(ge=10, description="so many messages have to have gone first")
    within: Duration = Field(Span(7, "days"), description="messages of this stretch of time count")


class SendingPolicy(Spec):
    """When sending stops by itself."""

    bounces: RatePolicy = Field(
        RatePolicy(above=0.02, of_at_least=200), description="messages that came back"
    )
    complaints: RatePolicy = Field(
        RatePolicy(above=0.003, of_at_least=500), description="messages reported as spam"
    )
    provider_errors: int = Field(
        5, ge=1, description="requests in a row that failed, until the way out rests"
    )
    try_again_after: Duration = Field(
        Span(15, "minutes"), description="how long a way out rests after errors"
    )
    doubt_after: Duration = Field(
        Span(15, "minutes"),
        description="how long word is awaited of a message nobody knows whether it went",
    )


class Policy(Spec):
    """config/policy.yaml: the rules of the house, the same for every journey."""

    zone: str = Field("Europe/Berlin", description="business time zone")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field("EUR", description="ISO 4217")
    locale: Locale = Field(Locale.DE, description="language where customer and contact have none")
    holdout: Share = Field(
        0.0, description="share of customers kept out of every advertising journey"
    )
    late_data: Duration = Field(
        Span(14, "days"), description="how late an order may arrive and still start its journey"
    )
    complaint_hold: Duration = Field(
        Span(14, "days"),
        description="no advertising and no surveys for so long after a complaint was settled",
    )
    attention: AttentionPolicy = Field(default_factory=AttentionPolicy)
    reassurance: ReassurancePolicy = Field(default_factory=ReassurancePolicy)
    phases: PhasePolicy = Field(default_factory=PhasePolicy)
    value: ValuePolicy = Field(default_factory=ValuePolicy)
    permission: PermissionPolicy = Field(default_factory=PermissionPolicy)
    calendar: CalendarPolicy = Field(default_factory=CalendarPolicy)
    sending: SendingPolicy = Field(
        default_factory=SendingPolicy, description="when sending stops by itself"
    )
    costs: CostPolicy = Field(
        default_factory=CostPolicy,
        description="what an order leaves, and what it costs to reach people",
    )
    measure: MeasurePolicy = Field(
        default_factory=MeasurePolicy, description="how what journeys bring is judged"
    )

    retention: RetentionPolicy = Field(
        default_factory=RetentionPolicy, description="how long records are kept"
    )

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in time_zones():
            raise ValueError(f'"{value}" is not a time zone. Write one like "Europe/Berlin"')
        return value

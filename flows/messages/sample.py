"""Somebody a message may go to, as written in its sample.yaml: for previews, checks and tests."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import yaml
from pydantic import Field, ValidationError

from flows.errors import Fault
from flows.messages.environment import ROOT
from flows.store.consents import Asked
from flows.store.facts import MessageFacts, OwnerFacts
from flows.store.orders import LineFacts, PurchaseFacts
from segments.names import Basis, Locale, Purpose, Salutation
from segments.spec import Spec

AT = datetime(2026, 4, 14, 7, 30, tzinfo=UTC)
"""The moment samples are written at, so that a sample looks the same every day."""


class SampleContact(Spec):
    """The person."""

    salutation: Salutation | None = None
    title: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class SampleCustomer(Spec):
    """Where the person works."""

    name: str | None = None


class SampleOwner(Spec):
    """Our colleague."""

    name: str = "Katrin Lindner"
    position: str | None = "Kundenbetreuung"
    email: str = "katrin.lindner@firma.example"
    phone: str | None = "+49 5141 5550-11"


class SampleLine(Spec):
    """One article."""

    name: str
    category: str | None = None
    quantity: float = 1
    amount: float = 0
    fact: str | None = None


class SampleOrder(Spec):
    """What was bought; money in whole units."""

    number: str
    ordered_at: date
    delivered_at: date | None = None
    currency: str = "EUR"
    total: float
    category: str | None = None
    lines: list[SampleLine] = Field(default_factory=list)
    more: int = 0


class SampleConsent(Spec):
    """A consent that is to be confirmed."""

    purposes: list[Purpose] = Field(min_length=1)
    source: str | None = None
    wording: str | None = None


class Sample(Spec):
    """A sample.yaml."""

    purpose: Purpose = Field(description="service, advertising, survey or legal")
    basis: Basis = Field(description="consent, existing_customer or contract")
    contact: SampleContact = SampleContact()
    customer: SampleCustomer = SampleCustomer()
    owner: SampleOwner = SampleOwner()
    order: SampleOrder | None = None
    consent: SampleConsent | None = Field(None, description="for a mail that asks to confirm one")

    def facts(self, message: str, locale: str) -> MessageFacts:
        """The facts a send to this person would have."""
        return MessageFacts(
            send_id=1,
            enrollment_id=1,
            journey=message,
            step=message,
            message=message,
            purpose=self.purpose,
            basis=self.basis,
            customer_id=1,
            customer_name=self.customer.name,
            customer_locale=None,
            contact_id=1,
            email="probe@kunde.example",
            salutation=self.contact.salutation,
            title=self.contact.title,
            first_name=self.contact.first_name,
            last_name=self.contact.last_name,
            contact_locale=Locale(locale),
            owner=OwnerFacts("owner", **self.owner.model_dump()),
            purchase=_purchase(self.order) if self.order else None,
            asked=_asked(self.consent) if self.consent else None,
        )


def read_sample(file: Path) -> Sample | list[Fault]:
    """The sample in a file, or everything wrong with it."""
    place = f"{ROOT}{file.parent.name}/{file.name}"
    if not file.exists():
        return [Fault(place, 0, "is missing. It names somebody the message may go to")]
    try:
        text = file.read_text(encoding="utf-8-sig")
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        return Sample.model_validate(yaml.safe_load(text) or {})
    except UnicodeDecodeError:
        return [Fault(place, 0, "is not UTF-8. Save the file as UTF-8")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "it cannot be read"
        return [Fault(place, mark.line + 1 if mark else 1, f"is not YAML: {what}")]
    except ValidationError as error:
        return [
            Fault(
                place,
                _line_of(tree, each["loc"]),
                f"{_path(each['loc'])}: {each['msg'].removeprefix('Value error, ')}",
            )
            for each in error.errors()
        ]


def _purchase(order: SampleOrder) -> PurchaseFacts:
    return PurchaseFacts(
        id=1,
        key=order.number,
        ordered_at=_noon(order.ordered_at),
        delivered_at=_noon(order.delivered_at) if order.delivered_at else None,
        currency=order.currency,
        total=round(order.total * 100),
        category=order.category,
        lines=tuple(
            LineFacts(
                None, line.name, line.category, line.quantity, round(line.amount * 100), line.fact
            )
            for line in order.lines
        ),
        more=order.more,
    )


def _asked(consent: SampleConsent) -> Asked:
    return Asked(1, 1, tuple(consent.purposes), AT, None, consent.source, wording=consent.wording)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(10), UTC)


def _path(steps: tuple[int | str, ...]) -> str:
    return ".".join(map(str, steps)) or "sample"


def _line_of(node: yaml.Node | None, steps: tuple[int | str, ...]) -> int:
    """The line of the key a fault is about, or of the nearest thing around it."""
    line = node.start_mark.line + 1 if node else 1
    for step in steps:
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if key.value == step]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line

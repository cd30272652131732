"""`stammkunde send-test`: one message to ourselves, with a customer's data, outside all figures."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import typer

from flows import clock
from flows.delivery.outlet import Receipt
from flows.errors import ConfigError, DeliveryError
from flows.messages.compose import compose
from flows.messages.library import Library
from flows.messages.sample import Sample, read_sample
from flows.moments import moment
from flows.outgoing import Outgoing, ascii_address
from flows.outlet_settings import FolderOutletSettings
from flows.stages.delivering import letterhead
from flows.stages.letters import hand_over
from flows.stages.shop import Shop, opened
from flows.stages.ways import Ways
from flows.store.facts import MessageFacts, contact_keys, trial_facts
from flows.store.session import reading
from flows.store.timeline import customer_id, similar_keys
from segments.names import Locale, Outcome, Purpose
from segments.operands import meant

PLACE = "send-test"
MARK = "X-Stammkunde-Test"


@dataclass(frozen=True)
class Wanted:
    """What is to be tried: which message, to which address, with whose data."""

    message: str
    address: str
    customer: str
    contact: str | None = None
    locale: Locale | None = None
    outlet: str | None = None
    purpose: Purpose | None = None


def send_test(folder: Path, wanted: Wanted, as_of: str | None) -> None:
    """Send it, and say which way it went."""
    with opened(folder) as shop:
        now = moment(as_of, shop.project.policy.zone, clock.now())
        mail, locale = _composed(shop, wanted, now)
        name = _way(shop, wanted, Purpose(mail.purpose))
        receipt = _handed_over(shop, name, mail, now)
        if receipt.outcome != Outcome.ACCEPTED:
            raise DeliveryError(_why_not(name, receipt))
        typer.echo(
            f'"{wanted.message}" ({locale}) with the data of {wanted.customer} went to '
            f"{wanted.address} through {_where(shop, name, receipt)}. It counts nowhere"
        )


def _composed(shop: Shop, wanted: Wanted, now: datetime) -> tuple[Outgoing, str]:
    library = Library.open(shop.project.templates)
    if wanted.message not in library.names:
        hint = meant(wanted.message, library.names) or f". There are: {', '.join(library.names)}"
        raise ConfigError.at(PLACE, f'there is no message "{wanted.message}"{hint}')
    address = ascii_address(wanted.address)
    if address is None:
        raise ConfigError.at(PLACE, f'--to: "{wanted.address}" is not an address')
    facts = replace(_facts(shop, wanted, now), email=address)
    if wanted.locale is not None:
        facts = replace(facts, contact_locale=wanted.locale)
    made = compose(library, facts, letterhead(shop.project), now)
    return as_test(made.outgoing), made.locale


def as_test(mail: Outgoing) -> Outgoing:
    """The message marked as a test, in its subject for people and in a header for machines."""
    domain = mail.message_id.rpartition("@")[2]
    return replace(
        mail,
        send_id=0,
        subject=f"[Test] {mail.subject}",
        headers={**mail.headers, MARK: "1"},
        # Two tests alike are two mails: mail programs hide the second one of the same number.
        message_id=f"<test.{uuid.uuid4().hex[:12]}@{domain}",
        tracking=False,
    )


def _facts(shop: Shop, wanted: Wanted, now: datetime) -> MessageFacts:
    with reading(shop.engine) as connection:
        customer = customer_id(connection, wanted.customer)
        if customer is None:
            hint = meant(wanted.customer, similar_keys(connection, wanted.customer))
            raise ConfigError.at(PLACE, f'--as: there is no customer "{wanted.customer}"{hint}')
        found = trial_facts(
            connection,
            customer,
            wanted.contact,
            wanted.message,
            _purpose(shop, wanted),
            now,
            shop.project.owners.default,
        )
        if found is None:
            there = ", ".join(contact_keys(connection, customer)) or "nobody"
            what = f'{wanted.customer} has no contact "{wanted.contact}". There are: {there}'
            raise ConfigError.at(PLACE, f"--contact: {what}")
    return found


def _purpose(shop: Shop, wanted: Wanted) -> Purpose:
    """As asked; else that of the journeys that send it, of its sample, or advertising."""
    if wanted.purpose is not None:
        return wanted.purpose
    for program in shop.project.journeys.values():
        if wanted.message in program.messages:
            return program.journey.purpose
    sample = read_sample(shop.project.templates / wanted.message / "sample.yaml")
    return sample.purpose if isinstance(sample, Sample) else Purpose.ADVERTISING


def _way(shop: Shop, wanted: Wanted, purpose: Purpose) -> str:
    settings = shop.project.settings
    if wanted.outlet is None:
        return settings.way_of(purpose)
    if wanted.outlet not in settings.outlets:
        hint = meant(wanted.outlet, settings.outlets)
        hint = hint or f". There are: {', '.join(settings.outlets)}"
        raise ConfigError.at(PLACE, f'--outlet: there is no outlet "{wanted.outlet}"{hint}')
    return wanted.outlet


def _handed_over(shop: Shop, name: str, mail: Outgoing, now: datetime) -> Receipt:
    project = shop.project
    most_failures = project.policy.sending.provider_errors
    with Ways(project.settings, project.folder, most_failures=most_failures) as outlets:
        return hand_over(outlets, name, mail, now)


def _where(shop: Shop, name: str, receipt: Receipt) -> str:
    way = shop.project.settings.outlets[name]
    if isinstance(way, FolderOutletSettings):
        return f"{name}: {shop.project.folder / way.folder / (receipt.provider_id or '')}"
    return f"{name} ({receipt.provider_id})" if receipt.provider_id else name


def _why_not(name: str, receipt: Receipt) -> str:
    detail = f": {receipt.detail}" if receipt.detail else ""
    if receipt.outcome == Outcome.IN_DOUBT:
        return f"nobody knows whether {name} took the test{detail}. Look into the mailbox"
    if receipt.outcome == Outcome.QUEUED:
        return f"{name} cannot take the test now{detail}. Try again later"
    return f"{name} refused the test{detail}"

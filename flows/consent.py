"""Consent of one person: asked for by hand, and its proof in words or as JSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from flows import clock, tokens
from flows.errors import ConfigError
from flows.moments import moment
from flows.reporting.words import say, word
from flows.settings import secret
from flows.stages.consenting import ask, hindrance
from flows.stages.shop import Shop, noted_run, open_shop
from flows.store import proofs
from flows.store.consents import request_consent
from flows.store.holdings import Person, person
from flows.store.proofs import Proof
from flows.store.session import writing
from segments.names import ConsentStage, Locale, PermissionKind, Purpose
from segments.rules import meant


def request_by_hand(
    folder: Path,
    contact: str,
    purposes: Sequence[str],
    source: str | None,
    version: str | None,
    wording: str | None,
    as_of: str | None,
) -> None:
    """Note that somebody asks to be written to, and queue the one mail that asks to confirm it."""
    shop = open_shop(folder)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    wanted = [_purpose(each) for each in purposes or [Purpose.ADVERTISING]]
    if not source:
        raise ConfigError.at(
            "--source", "say where they asked: a page, a form, a call of which day"
        )
    if why := hindrance(shop):
        raise ConfigError.at("consent", why)
    with noted_run(shop, "consent", now) as (run_id, counts):
        with writing(shop.engine) as connection:
            number = _contact(proofs.contact_id(connection, contact), contact)
            made = request_consent(
                connection,
                number,
                wanted,
                now,
                timedelta(days=shop.project.policy.permission.confirm_within.days),
                source=source,
                text_version=version,
                wording=wording,
                noted_by="cli",
            )
        counts["asked_to_confirm"] = ask(shop, now, run_id, everybody=False) if made else 0
    if not made:
        typer.echo(say("consent_before", shop.project.policy.locale, contact=contact))
        return
    days = shop.project.policy.permission.confirm_within.days
    told = {"contact": contact, "days": f"{days:g}"}
    typer.echo(say("consent_noted", shop.project.policy.locale, **told))


def show_consent(folder: Path, contact: str, as_of: str | None, *, as_json: bool) -> None:
    """Everything the person agreed and objected to, each with its proof."""
    shop = open_shop(folder)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    with shop.engine.connect() as connection:
        number = _contact(proofs.contact_id(connection, contact), contact)
        found = proofs.proofs(connection, number)
        whose = person(connection, contact)
    if as_json:
        told = [as_data(each, now, folder) for each in found]
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    locale: Locale = shop.project.policy.locale
    if not found:
        typer.echo(say("no_consents", locale, contact=contact))
        return
    typer.echo("\n".join([*_heading(whose, now, shop), ""]))
    for each in found:
        typer.echo("\n".join([*_lines(each, now, shop, folder), ""]))


def as_data(proof: Proof, now: datetime, folder: Path) -> dict[str, Any]:
    """A proof for other programs; moments to the microsecond, in UTC."""
    steps = [
        {name: _plain(value) for name, value in step.items() if value is not None}
        | _link(step, folder)
        for step in proof.steps
    ]
    row = {name: _plain(value) for name, value in proof.permission.items() if value is not None}
    return row | {"good": proofs.still_good(proof, now), "steps": steps}


def _heading(whose: Person | None, now: datetime, shop: Shop) -> Iterator[str]:
    """Whose proof it is, and as of when: on paper nothing else says so."""
    if whose is None:
        return
    locale: Locale = shop.project.policy.locale
    name = " ".join(filter(None, (whose.title, whose.first_name, whose.last_name)))
    yield say("proof_of", locale, who=", ".join(filter(None, (whose.key, name, whose.email))))
    customer = " ".join(filter(None, (whose.customer_key, whose.customer_name)))
    yield say("proof_customer", locale, customer=customer)
    yield say("proof_as_of", locale, at=_said(now, ZoneInfo(shop.project.policy.zone)))


def _lines(proof: Proof, now: datetime, shop: Shop, folder: Path) -> Iterator[str]:
    """A proof as a page says it, moments to the second in the business zone."""
    locale: Locale = shop.project.policy.locale
    zone = ZoneInfo(shop.project.policy.zone)
    row = proof.permission
    state = "in_force" if proofs.still_good(proof, now) else "stands_not"
    yield (
        f"{word(PermissionKind, row['kind'], locale)}: {word(Purpose, row['purpose'], locale)} "
        f"({say(state, locale)})"
    )
    for name in (
        "at", "requested_at", "confirmed_at", "ended_at", "collected_at",
        "source", "text_version", "category", "notice", "proof",
    ):  # fmt: skip
        if row[name] is not None:
            yield f"  {say(f'proof_{name}', locale)}: {_said(row[name], zone)}"
    for step in proof.steps:
        yield f"  - {_said(step['at'], zone)}  {word(ConsentStage, step['kind'], locale)}"
        for name in ("source", "text_version", "wording", "noted_by", "send_id"):
            if step[name] is not None:
                yield f"      {say(f'proof_{name}', locale)}: {_said(step[name], zone)}"
        if step["kind"] == ConsentStage.MAILED:
            for name in ("handed_over_at", "provider_id", "valid_until"):
                if step[name] is not None:
                    yield f"      {say(f'proof_{name}', locale)}: {_said(step[name], zone)}"
            for name, value in _link(step, folder).items():
                yield f"      {say(f'proof_{name}', locale)}: {value}"


def _link(step: dict[str, Any], folder: Path) -> dict[str, str]:
    """The token of the link in the mail."""
    if step["kind"] != ConsentStage.MAILED:
        return {}
    made = tokens.make_for(secret(folder), tokens.Kind.CONFIRM, step["permission_id"])
    return {"token": made}


def _said(value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
    return str(value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _purpose(written: str) -> Purpose:
    allowed = {Purpose.ADVERTISING, Purpose.SURVEY}
    if written not in allowed:
        what = (
            f'"{written}" needs no consent; ask for advertising or survey{meant(written, allowed)}'
        )
        raise ConfigError.at("--purpose", what)
    return Purpose(written)


def _contact(number: int | None, key: str) -> int:
    if number is None:
        raise ConfigError.at("consent", f'there is no contact "{key}"')
    return number

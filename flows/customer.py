"""`stammkunde customer`: who a customer is, and all that happened, in one timeline."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from flows import clock
from flows.errors import ConfigError
from flows.explaining import plain, plain_value, profile_of
from flows.moments import moment
from flows.reporting.figures import UNKNOWN, money
from flows.reporting.history import decisive, sentence
from flows.reporting.words import person_said, say, word
from flows.stages.shop import Shop, opened
from flows.store import tasks
from flows.store.people import Person, name_of, people
from flows.store.session import reading
from flows.store.timeline import Moment, customer_id, similar_keys, timeline
from segments.frames import PROFILE
from segments.names import Locale, Mood, Phase, Quadrant, Role
from segments.operands import meant


@dataclass(frozen=True)
class Wanted:
    """How much of the timeline somebody wants to see, and in which order."""

    since: str | None = None
    limit: int | None = None
    oldest_first: bool = False


@dataclass(frozen=True)
class Life:
    """A customer as of a moment: name, profile, people, number of open tasks, and the timeline."""

    customer: str
    name: str | None
    profile: dict[str, Any]
    contacts: list[Person]
    open_tasks: int
    history: list[Moment]


def show_customer(
    folder: Path, key: str, wanted: Wanted, as_of: str | None, *, as_json: bool
) -> None:
    """Print the customer's header and timeline."""
    with opened(folder) as shop:
        zone = shop.project.policy.zone
        now = moment(as_of, zone, clock.now())
        since = None if wanted.since is None else _since(wanted.since, zone)
        with reading(shop.engine) as connection:
            life = _life(shop, connection, key, now)
        history = [each for each in life.history if since is None or each.at >= since]
        if not as_json:
            history = decisive(history)
        if not wanted.oldest_first:
            history.reverse()
        shown = history if wanted.limit is None else history[: wanted.limit]
        if as_json:
            typer.echo(json.dumps(_plain(life, shown, now), ensure_ascii=False, indent=2))
            return
        typer.echo("\n".join(_header(shop, life)))
        typer.echo()
        typer.echo("\n".join(_lines(shop, shown)))
        if len(history) > len(shown):
            more = len(history) - len(shown)
            typer.echo(say("customer_more", shop.project.policy.locale, n=more))


def _life(shop: Shop, connection: Connection, key: str, now: datetime) -> Life:
    number = customer_id(connection, key)
    if number is None:
        hint = meant(key, similar_keys(connection, key))
        raise ConfigError.at("customer", f'there is no customer "{key}"{hint}')
    row = profile_of(shop, connection, number, now).iloc[0]
    return Life(
        key,
        name_of(connection, number),
        {name: plain_value(row[name]) for name in PROFILE},
        people(connection, number),
        len(tasks.listed(connection, now, customer=number)),
        timeline(connection, number, now),
    )


def _header(shop: Shop, life: Life) -> Iterator[str]:
    policy, profile = shop.project.policy, life.profile
    locale, zone = policy.locale, policy.zone
    yield f"{life.customer} {life.name or ''}".rstrip()
    owner = shop.project.owners.owners.get(str(profile["owner"]))
    default = shop.project.owners.owners[shop.project.owners.default]
    yield say(
        "customer_profile",
        locale,
        phase=_word(Phase, profile["phase"], locale),
        quadrant=_word(Quadrant, profile["quadrant"], locale),
        owner=(owner or default).name,
    )
    last = profile["last_order_at"]
    yield say(
        "customer_value",
        locale,
        orders=profile["orders"] or 0,
        total=money(float(profile["net_revenue_total"] or 0), policy.currency, locale),
        year=money(float(profile["net_revenue_12m"] or 0), policy.currency, locale),
        last=UNKNOWN if last is None else f"{last.astimezone(ZoneInfo(zone)):%Y-%m-%d}",
    )
    score = profile["last_nps"]
    yield say(
        "customer_mood",
        locale,
        mood=_word(Mood, profile["last_mood"], locale),
        score=UNKNOWN if score is None else score,
        complaints=profile["open_complaints"] or 0,
        tasks=life.open_tasks,
    )
    told = [_person(person, locale) for person in life.contacts]
    if told:
        yield say("customer_contacts", locale, contacts="; ".join(told))


def _lines(shop: Shop, history: list[Moment]) -> list[str]:
    locale, zone = shop.project.policy.locale, shop.project.policy.zone
    lines = [
        f"{each.at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}  {sentence(each, locale, zone)}"
        for each in history
    ]
    return lines or [say("customer_nothing", locale)]


def _person(person: Person, locale: Locale) -> str:
    role = f" ({word(Role, person.role, locale)})" if person.role else ""
    address = f", {person.email}" if person.email else ""
    known = f"{person_said(person.key, locale)} {person.name}".rstrip()
    return f"{known}{role}{address}"


def _word(kind: type[Phase | Quadrant | Mood | Role], value: Any, locale: Locale) -> str:
    return UNKNOWN if value is None else word(kind, str(value), locale)


def _since(asked: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(asked)
    except ValueError:
        what = f'--since: "{asked}" is not a day. Write 2026-11-18 or 2026-11-18T07:00'
        raise ConfigError.at("customer", what) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _plain(life: Life, shown: list[Moment], now: datetime) -> dict[str, Any]:
    return {
        "customer": life.customer,
        "name": life.name,
        "as_of": now.isoformat(),
        "profile": plain(life.profile),
        "contacts": [
            {"contact": each.key, "name": each.name, "role": each.role, "email": each.email}
            for each in life.contacts
        ],
        "open_tasks": life.open_tasks,
        "history": [
            {"at": each.at.isoformat(), "what": each.what, **plain(each.about)} for each in shown
        ],
    }

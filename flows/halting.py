"""Sending is stopped and let go on by hand, and what stands still is listed."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer
from sqlalchemy import Connection

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.plain import print_tables
from flows.reporting.figures import UNKNOWN, count
from flows.reporting.standing import Standing, local, named, reason, sentence
from flows.reporting.words import say
from flows.stages.breaking import standing
from flows.stages.shop import Shop, opened
from flows.store import halts
from flows.store.halts import HaltFacts
from flows.store.outbox import side_by_side
from flows.store.rates import waiting
from segments.names import HaltCause
from segments.rules import meant

_LOOKED_THROUGH = 1_000
"""So many of the last halts are looked through for those that hold; there are few at a time."""


def stop(
    folder: Path, journey: str | None, outlet: str | None, why: str | None, as_of: str | None
) -> None:
    """Have a journey, a way out, or everything stand still from the next block on."""
    with opened(folder) as shop:
        now = _moment(shop, as_of)
        with side_by_side(shop.engine) as connection:
            _refuse_unknown(connection, shop, "stop", journey, outlet, now)
            before = next(
                (
                    each
                    for each in _holding(connection, now)
                    if (each.journey, each.outlet, each.cause) == (journey, outlet, HaltCause.HAND)
                ),
                None,
            )
            if why is None:
                why = before.why if before is not None else ""
            halts.halt(
                connection, journey=journey, outlet=outlet, cause=HaltCause.HAND, why=why, now=now
            )
            found = standing(connection, shop, now)
        if before is None:
            what = named(journey, outlet, shop.project.policy.locale)
            typer.echo(sentence(say("stopped", shop.project.policy.locale, what=what)))
        else:
            _tell(shop, "stopped_before", before)
        _tell_behind(shop, found, journey, outlet)


def resume(
    folder: Path, journey: str | None, outlet: str | None, as_of: str | None, *, everything: bool
) -> None:
    """Let it go on, whatever made it stand still."""
    with opened(folder) as shop:
        now = _moment(shop, as_of)
        ended: list[HaltFacts] = []
        left: list[HaltFacts] = []
        with side_by_side(shop.engine) as connection:
            _refuse_unknown(connection, shop, "resume", journey, outlet, now)
            for each in _holding(connection, now):
                wanted = everything or (each.journey, each.outlet) == (journey, outlet)
                (ended if wanted else left).append(each)
            for name, way in {(each.journey, each.outlet) for each in ended}:
                halts.resume(connection, journey=name, outlet=way, now=now)
        for each in ended:
            _tell(shop, "resumed", each)
        if not ended:
            typer.echo(_nothing_ended(shop, journey, outlet, everything=everything))
        for each in left:
            if _holds_back(each, journey, outlet):
                _tell(shop, "still_stands", each)


def list_standing(folder: Path, as_of: str | None) -> None:
    """What stands still, why, since when, and what waits behind it."""
    with opened(folder) as shop:
        now = _moment(shop, as_of)
        locale, zone = shop.project.policy.locale, shop.project.policy.zone
        with shop.engine.connect() as connection:
            still = [each for each in _holding(connection, now) if not _rested(each, now)]
            found = standing(connection, shop, now)
        if not still:
            typer.echo(say("nothing_stands_still", locale))
            return
        rows = [
            {
                say("stands", locale): named(each.journey, each.outlet, locale),
                say("why", locale): reason(each, locale),
                say("since", locale): local(each.since, zone),
                say("until", locale): UNKNOWN if each.until is None else local(each.until, zone),
                say("waits", locale): count(found.behind(each.journey, each.outlet)[0], locale),
            }
            for each in still
        ]
        print_tables([rows])


def _moment(shop: Shop, as_of: str | None) -> datetime:
    return moment(as_of, shop.project.policy.zone, clock.now())


def _holding(connection: Connection, now: datetime) -> list[HaltFacts]:
    """Every halt nobody has ended, for whatever cause, the widest and oldest first."""
    found = halts.history(connection, _LOOKED_THROUGH)
    return sorted(
        (each for each in found if each.ended_at is None and each.since <= now),
        key=lambda each: (each.journey or "", each.outlet or "", each.since),
    )


def _rested(halt: HaltFacts, now: datetime) -> bool:
    return halt.until is not None and halt.until <= now


def _refuse_unknown(
    connection: Connection,
    shop: Shop,
    command: str,
    journey: str | None,
    outlet: str | None,
    now: datetime,
) -> None:
    """A name is known if the project has it, or if something of that name waits or stands still."""
    if journey is not None and outlet is not None:
        raise ConfigError.at(command, "say a journey or a way out, not both")
    holding = _holding(connection, now)
    queued = {each.journey for each in waiting(connection, now)}
    stopped = {each.journey for each in holding if each.journey is not None}
    journeys = {*shop.project.journeys, *queued, *stopped}
    outlets = {*shop.project.settings.outlets, *(each.outlet for each in holding if each.outlet)}
    if journey is not None and journey not in journeys:
        hint = meant(journey, journeys)
        raise ConfigError.at(command, f'there is no journey "{journey}"{hint}')
    if outlet is not None and outlet not in outlets:
        raise ConfigError.at(command, f'there is no way out "{outlet}"{meant(outlet, outlets)}')


def _holds_back(halt: HaltFacts, journey: str | None, outlet: str | None) -> bool:
    """Whether what was to go on still waits for this one."""
    if journey is not None:
        return halt.journey is None
    return outlet is None or (halt.journey, halt.outlet) == (None, None)


def _nothing_ended(shop: Shop, journey: str | None, outlet: str | None, *, everything: bool) -> str:
    locale = shop.project.policy.locale
    if everything:
        return say("nothing_stands_still", locale)
    if journey is None and outlet is None:
        return say("no_general_stop", locale)
    return sentence(say("did_not_stand_still", locale, what=named(journey, outlet, locale)))


def _tell(shop: Shop, key: str, halt: HaltFacts) -> None:
    policy = shop.project.policy
    said = say(
        key,
        policy.locale,
        what=named(halt.journey, halt.outlet, policy.locale),
        since=local(halt.since, policy.zone),
        why=reason(halt, policy.locale),
    )
    typer.echo(sentence(said))


def _tell_behind(shop: Shop, found: Standing, journey: str | None, outlet: str | None) -> None:
    """How much waits, which way it takes meanwhile, and how to let it go on."""
    locale = shop.project.policy.locale
    queued, due = found.behind(journey, outlet)
    typer.echo(say("waits_behind", locale, n=count(queued, locale), due=count(due, locale)))
    for way in found.instead(outlet) if outlet is not None else ():
        typer.echo(say("goes_by", locale, name=way))
    words: Sequence[str] = ["stammkunde", "resume"]
    if outlet is not None:
        words = [*words, "--outlet", outlet]
    elif journey is not None:
        words = [*words, journey]
    typer.echo(say("go_on_with", locale, command=" ".join(words)))

"""Messages in doubt: listed with what is known, asked about, and settled by who has looked."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import typer

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.plain import line_progress, print_tables
from flows.reporting.figures import count
from flows.reporting.standing import local
from flows.reporting.words import say, word
from flows.stages import doubting
from flows.stages.doubts_told import DoubtTold, in_doubt
from flows.stages.shop import Shop, opened
from flows.stages.ways import Ways
from flows.store import doubts, outbox
from flows.store.doubts_listed import DoubtGroup
from flows.store.outbox import side_by_side
from segments.names import Outcome
from segments.rules import meant

_SHOWN = 100
_ALL = 2**31 - 1


def list_doubts(folder: Path, what: str | None, as_of: str | None, *, as_json: bool) -> None:
    """Every message in doubt: why, since when, what is known, and what happens next and when.

    `what` is a journey or a send, if not all are wanted.
    """
    with opened(folder) as shop:
        now = _moment(shop, as_of)
        send_id = int(what) if what is not None and what.isdecimal() else None
        journey = what if send_id is None else None
        limit = _SHOWN if send_id is None and not as_json else _ALL
        found, groups = in_doubt(shop, now, limit=limit, journey=journey)
        rows = [each for each in found if send_id in (None, each.row.send_id)]
        if not rows:
            _refuse_unknown(shop, journey)
        if as_json:
            typer.echo(json.dumps([each.as_json() for each in rows], ensure_ascii=False, indent=2))
        elif rows:
            _print(shop, rows, None if send_id is not None else groups)
        else:
            typer.echo(say("no_doubts", shop.project.policy.locale))


def resolve_doubts(folder: Path, as_of: str | None) -> None:
    """Ask about messages in doubt now, and settle those that can be settled."""
    with opened(folder) as shop:
        settings = shop.project.settings
        most_failures = shop.project.policy.sending.provider_errors
        with Ways(settings, shop.project.folder, most_failures=most_failures) as outlets:
            report = doubting.resolve(shop, _moment(shop, as_of), outlets, progress=line_progress())
        locale = shop.project.policy.locale
        counted = {name: count(number, locale) for name, number in vars(report).items()}
        typer.echo(say("doubts_resolved", locale, **counted))


def settle_by_hand(folder: Path, what: str, as_of: str | None, *, accepted: bool) -> None:
    """Somebody has looked, in the mailbox or at the provider, whether a message went."""
    if not what.isdecimal():
        raise ConfigError.at("doubts", "say which send: its number")
    with opened(folder) as shop:
        now = _moment(shop, as_of)
        locale, zone = shop.project.policy.locale, shop.project.policy.zone
        with side_by_side(shop.engine) as connection:
            record = outbox.load_send(connection, int(what))
            if record is None:
                raise ConfigError.at("doubts", f"there is no send {what}")
            doubts.reopen(connection, record.id)
            found = doubts.open_doubts(connection, now, limit=1, send_id=record.id)
            if not found:
                outcome = word(Outcome, record.outcome, locale)
                raise ConfigError.at(
                    "doubts", say("not_in_doubt", locale, send=record.id, outcome=outcome)
                )
            (doubt,) = found
            said = say("by_hand_accepted" if accepted else "by_hand_again", locale)
            known = f"{doubt.known}; {said}" if doubt.known else said
            free_at = doubting.free_at(doubt)
            if accepted or now >= free_at:
                end = Outcome.ACCEPTED if accepted else Outcome.QUEUED
                doubts.settle(connection, {record.id: end}, now, {record.id: known})
                told = say("doubt_accepted" if accepted else "doubt_again", locale, send=record.id)
            else:
                doubts.bring_back(connection, {doubt.doubt_id: known}, now)
                told = say("doubt_again_later", locale, send=record.id, at=local(free_at, zone))
        typer.echo(told)


def _refuse_unknown(shop: Shop, journey: str | None) -> None:
    journeys = shop.project.journeys
    if journey is not None and journey not in journeys:
        what = f'there is no journey "{journey}"{meant(journey, journeys)}'
        raise ConfigError.at("doubts", what)


def _print(shop: Shop, rows: Sequence[DoubtTold], groups: Sequence[DoubtGroup] | None) -> None:
    """A table, below the numbers of all there are."""
    locale = shop.project.policy.locale
    number = len(rows)
    if groups is not None:
        number = sum(group.number for group in groups)
        still = count(sum(group.open for group in groups), locale)
        typer.echo(say("doubts_in_all", locale, n=count(number, locale), open=still))
    print_tables([[each.told() for each in rows]])
    if number > len(rows):
        typer.echo(say("more", locale, n=count(number - len(rows), locale)))


def _moment(shop: Shop, as_of: str | None) -> datetime:
    return moment(as_of, shop.project.policy.zone, clock.now())

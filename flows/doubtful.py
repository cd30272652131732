"""Messages in doubt: listed with what is known, asked about, and settled by who has looked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.plain import line_progress, print_tables
from flows.reporting.figures import UNKNOWN, count
from flows.reporting.standing import local
from flows.reporting.words import say, word
from flows.stages import doubting
from flows.stages.shop import Shop, opened
from flows.stages.ways import Ways
from flows.store import doubts, outbox
from flows.store.doubts_listed import DoubtGroup, DoubtRow, overview
from flows.store.outbox import side_by_side
from segments.names import Doubt, Outcome
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
        with shop.engine.connect() as connection:
            limit = _SHOWN if send_id is None and not as_json else _ALL
            found = overview(connection, limit=limit, journey=journey)
            versions = {(each.journey, each.version) for each in found.rows}
            wanted = doubting.policies(connection, shop, versions)
        rows = [
            _Row(shop, each, wanted[each.journey, each.version], now)
            for each in found.rows
            if send_id in (None, each.send_id)
        ]
        if not rows:
            _refuse_unknown(shop, journey)
        if as_json:
            typer.echo(json.dumps([each.as_json() for each in rows], ensure_ascii=False, indent=2))
        elif rows:
            _print(shop, rows, None if send_id is not None else found.groups)
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


@dataclass(frozen=True)
class _Row:
    """A message in doubt, and what becomes of it."""

    shop: Shop
    row: DoubtRow
    policy: Doubt
    now: datetime

    @property
    def next(self) -> tuple[str, str, datetime | None]:
        """What happens by itself: the word for it, the sentence, and when."""
        row = self.row
        if row.settled_at is not None:
            return "nothing", "doubt_given_up", None
        if row.settled_as == Outcome.QUEUED:
            return "again", "doubt_back", doubting.free_at(row)
        decided_at = doubting.decided_at(self.shop, row)
        if self.policy == Doubt.AT_LEAST_ONCE:
            at = max(decided_at, doubting.free_at(row))
            return "again", "doubt_at_least_once", at
        return "leave", "doubt_at_most_once", decided_at

    def as_json(self) -> dict[str, Any]:
        """For other programs: moments in UTC, and no address of anybody."""
        row = self.row
        what, _, at = self.next
        return {
            "send": row.send_id,
            "journey": row.journey,
            "message": row.message,
            "customer": row.customer,
            "outlet": row.outlet,
            "since": row.since.isoformat(),
            "why": row.why,
            "asked_at": None if row.asked_at is None else row.asked_at.isoformat(),
            "known": row.known,
            "next": what,
            "next_at": None if at is None else at.isoformat(),
        }

    def told(self) -> dict[str, str | int]:
        """For people: moments by our clocks."""
        row, policy = self.row, self.shop.project.policy
        locale = policy.locale
        _, key, at = self.next
        when = "" if at is None else local(at, policy.zone)
        if at is not None and at <= self.now and key != "doubt_back":
            when = say("next_look", locale)
        return {
            say("send", locale): row.send_id,
            say("journey", locale): row.journey,
            say("message", locale): row.message,
            say("customer", locale): row.customer,
            say("outlet", locale): row.outlet or UNKNOWN,
            say("since", locale): local(row.since, policy.zone),
            say("why", locale): row.why,
            say("known", locale): row.known or say("nothing_known", locale),
            say("next", locale): say(key, locale, at=when),
        }


def _refuse_unknown(shop: Shop, journey: str | None) -> None:
    journeys = shop.project.journeys
    if journey is not None and journey not in journeys:
        what = f'there is no journey "{journey}"{meant(journey, journeys)}'
        raise ConfigError.at("doubts", what)


def _print(shop: Shop, rows: Sequence[_Row], groups: Sequence[DoubtGroup] | None) -> None:
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

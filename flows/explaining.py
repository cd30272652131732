"""`stammkunde explain`: why a customer gets what, and what comes next, to the last gate."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import typer
from sqlalchemy import Connection

from flows import clock
from flows.errors import ConfigError
from flows.reporting import figures as told
from flows.stages.shop import Shop, open_shop
from flows.stages.versions import specs_of
from flows.store import runs
from flows.store.figures import base_figures, customer_figures
from flows.store.ledger import read_ledger
from flows.store.reading import read_state
from flows.store.session import reading
from flows.store.timeline import Moment, customer_id, similar_keys, timeline
from segments.admission import Line
from segments.customer.profile import Base, profiles
from segments.explain import Account, Message, Standing, explain
from segments.explanation import RuleLine
from segments.frames import ORDER, PROFILE, Kind
from segments.journey.nodes import Program
from segments.names import Locale
from segments.operands import meant
from segments.state import Specs, State

_HORIZON = timedelta(days=400)
_SIGNS = {True: "yes", False: "NO ", None: " ? "}
_MONEY = {name for name, column in (PROFILE | ORDER).items() if column.kind == Kind.MONEY}


@dataclass(frozen=True)
class Explained:
    """Everything `explain` says, ready to be printed or written as JSON."""

    customer: str
    as_of: datetime
    profile: dict[str, Any]
    journeys: list[Account]
    history: list[Moment]
    decisions: list[dict[str, Any]]


def explain_customer(
    folder: Path, customer: str, journey: str | None, at: str | None, *, as_json: bool
) -> None:
    """Print the account of a customer: profile, gates of every journey, what comes, what was."""
    shop = open_shop(folder)
    policy = shop.project.policy
    now = _moment(at, policy.zone)
    with reading(shop.engine) as connection:
        found = explained(shop, connection, customer, journey, now)
    if as_json:
        typer.echo(json.dumps(plain(asdict(found)), ensure_ascii=False, indent=2))
    else:
        speaker = _Speaker(policy.zone, policy.currency, policy.locale)
        typer.echo("\n".join(speaker.lines(found)))


def explained(
    shop: Shop, connection: Connection, customer: str, journey: str | None, now: datetime
) -> Explained:
    """The account of one customer as of `now`, which may lie ahead: then as if nothing happens."""
    number = customer_id(connection, customer)
    if number is None:
        hint = meant(customer, similar_keys(connection, customer))
        raise ConfigError.at("explain", f'there is no customer "{customer}"{hint}')
    programs = _asked(shop, journey)
    specs, _ = specs_of(shop, connection, now)
    state = _state(shop, connection, specs, number, now)
    accounts = explain(state, specs, programs, now, now + _HORIZON)
    profile = state.profiles.iloc[0]
    decisions = read_ledger(connection, number, until=now)
    if journey is not None:
        decisions = decisions[decisions["journey"] == journey]
    return Explained(
        customer,
        now,
        {name: plain_value(profile[name]) for name in PROFILE},
        accounts,
        timeline(connection, number, now),
        [
            {str(name): plain_value(value) for name, value in row.items()}
            for row in decisions.to_dict("records")
        ],
    )


def _asked(shop: Shop, journey: str | None) -> list[Program]:
    journeys = shop.project.journeys
    if journey is None:
        return list(journeys.values())
    if journey not in journeys:
        what = f'there is no journey "{journey}"{meant(journey, journeys)}'
        raise ConfigError.at("explain", what)
    return [journeys[journey]]


def profile_of(shop: Shop, connection: Connection, number: int, now: datetime) -> pd.DataFrame:
    """Everything rules may use about one customer, in a row."""
    # What everybody is measured against was noted by the plan: reading it anew reads all orders.
    noted = runs.counts_before(connection, "plan", now).get("base")
    base = Base(**noted) if noted else base_figures(connection, now, shop.project.policy)
    rows = customer_figures(connection, now, number, number)
    return profiles(rows, base, shop.project.policy, now)


def _state(shop: Shop, connection: Connection, specs: Specs, number: int, now: datetime) -> State:
    people = profile_of(shop, connection, number, now)
    previous = runs.previous_run(connection, "plan", now)
    return read_state(connection, people, specs, now, number, number, previous)


def _moment(at: str | None, zone: str) -> datetime:
    """Now, the end of a past day, or a day to come, at the hour of its run."""
    now = clock.now()
    if at is None:
        return now
    here = ZoneInfo(zone)
    try:
        day = date.fromisoformat(at)
    except ValueError:
        try:
            wanted = datetime.fromisoformat(at)
        except ValueError:
            what = f'"{at}" is not a day. Write 2026-11-18 or 2026-11-18T07:00'
            raise ConfigError.at("--at", what) from None
        return (wanted if wanted.tzinfo else wanted.replace(tzinfo=here)).astimezone(UTC)
    today = now.astimezone(here).date()
    if day == today:
        return now
    if day > today:
        return datetime.combine(day, time(8, 30), here).astimezone(UTC)
    ends = datetime.combine(day + timedelta(days=1), time(), here)
    return ends.astimezone(UTC) - timedelta(microseconds=1)


class _Speaker:
    """Says an account line by line."""

    def __init__(self, zone: str, currency: str, locale: Locale) -> None:
        self._zone = ZoneInfo(zone)
        self._currency = currency
        self._locale = locale

    def lines(self, found: Explained) -> Iterator[str]:
        """The whole account."""
        yield f"Customer {found.customer} as of {self._at(found.as_of)}"
        yield ""
        yield "Profile"
        width = max(map(len, found.profile))
        for name, value in found.profile.items():
            yield f"  {name:<{width}}  {self._said(name, value)}"
        for account in found.journeys:
            yield ""
            yield from self._journey(account)
        yield ""
        yield "What happened"
        yield from (self._moment(moment) for moment in found.history)
        if found.decisions:
            yield ""
            yield "Decisions, one line a message and run"
            yield from (self._decision(row) for row in found.decisions)

    def _journey(self, account: Account) -> Iterator[str]:
        yield f"Journey {account.journey}: {account.title}"
        yield from self._gates(account.gates, "  ")
        if account.enters:
            yield "  -> a run now lets this customer in"
        for left in account.leaves:
            yield f"  -> a run now ends {left}"
        for standing in account.standings:
            yield from self._standing(standing)
        if not (account.standings or account.leaves):
            yield "  not in it"

    def _standing(self, standing: Standing) -> Iterator[str]:
        flags = f", flags: {standing.flags}" if standing.flags else ""
        due = f", due {self._at(standing.due_at)}" if standing.due_at else ""
        yield (
            f"  {standing.entry_key} ({standing.arm}, version {standing.version[:4]}, "
            f"since {self._at(standing.entered_at)}): stands at {standing.node}{due}{flags}"
        )
        for message in standing.messages:
            yield from self._message(message)
        if standing.next_message is not None and standing.next_at is not None:
            yield (
                f"    next, if nothing happens: {standing.next_message} "
                f"on {self._at(standing.next_at)}"
            )

    def _message(self, message: Message) -> Iterator[str]:
        to = "nobody" if message.contact_id is None else f"contact {message.contact_id}"
        reason = f" ({message.reason}: {message.why})" if message.reason else ""
        yield f"    {message.message} to {to}: {message.outcome}{reason}"
        yield from self._gates(message.gates, "      ")

    def _gates(self, gates: Sequence[Line], margin: str) -> Iterator[str]:
        width = max((len(gate.gate) for gate in gates), default=0)
        for gate in gates:
            yield f"{margin}{_SIGNS[gate.met]}  {gate.gate:<{width}}  {gate.detail}".rstrip()
            for condition in gate.conditions:
                yield from self._condition(condition, margin + "       ")

    def _condition(self, line: RuleLine, margin: str) -> Iterator[str]:
        values = ", ".join(
            f"{name} is {self._said(name, value)}"
            for name, value in line.values.items()  # noqa: PD011 - a dict of the rule line
        )
        inner = margin + "  " * line.depth
        yield f"{inner}{_SIGNS[line.holds]}  {line.text}" + (f"   {values}" if values else "")

    def _moment(self, moment: Moment) -> str:
        about = ", ".join(
            f"{name} {self._said(name, value)}"
            for name, value in moment.about.items()
            if name != "currency"
        )
        return f"  {self._at(moment.at)}  {moment.what}: {about}"

    def _decision(self, row: dict[str, Any]) -> str:
        reason = f" ({row['reason']}: {row['why']})" if row["reason"] else ""
        return (
            f"  {self._at(row['decided_at'])}  {row['journey']} {row['step']}: "
            f"{row['outcome']}{reason}"
        )

    def _said(self, name: str, value: Any) -> str:
        if value is None:
            return "not known"
        if isinstance(value, datetime):
            return self._at(value)
        if name in _MONEY or name == "total":
            return told.money(float(value), self._currency, self._locale)
        return f"{value:.2f}" if isinstance(value, float) else str(value)

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self._zone):%Y-%m-%d %H:%M}"


def plain_value(value: Any) -> Any:
    """A plain value: no kind of missing but None, no numpy."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value.item() if isinstance(value, np.generic) else value


def plain(value: Any) -> Any:
    """The same for JSON: moments as text, conditions by name."""
    if isinstance(value, RuleLine):
        value = value._asdict()
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    value = plain_value(value)
    return value.isoformat() if isinstance(value, datetime | date) else value

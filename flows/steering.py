"""What people do by hand: approve messages, put customers into journeys, hold advertising back."""

import csv
import getpass
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from flows import clock
from flows.errors import ConfigError, Fault
from flows.moments import moment
from flows.plain import print_tables
from flows.prefect_home import prepare
from flows.reaching import VARIABLE, is_address
from flows.reporting.words import say, word
from flows.stages.shop import Shop, open_shop
from flows.store import locks, manual, pauses, review
from flows.store.session import writing
from segments.names import Locale, Review, Trigger
from segments.rules import meant

_NAMED = 10
_SHOWN = 50
_BY_AT_MOST = 120


def list_waiting(folder: Path) -> None:
    """What waits for approval, by journey and run."""
    shop = open_shop(folder)
    zone = shop.project.policy.zone
    with shop.engine.connect() as connection:
        found = review.waiting(connection)
    locale: Locale = shop.project.policy.locale
    if found.empty:
        typer.echo(say("nothing_waits", locale))
        return
    rows = [
        {
            say("journey", locale): row["journey"],
            say("run", locale): row["run_id"],
            say("as_of", locale): _local(row["as_of"], zone),
            say("messages", locale): row["messages"],
            say("column_customers", locale): row["customers"],
            say("first_stale", locale): _local(row["valid_until"], zone),
        }
        for row in found.to_dict("records")
    ]
    print_tables([rows])


def approve_sends(
    folder: Path, what: str, *, reject: bool, by: str | None = None, note: str | None = None
) -> None:
    """Let the messages of a run or a journey go, or withdraw them."""
    shop = open_shop(folder)
    journeys = shop.project.journeys
    now = clock.now()
    which: dict[str, int | str] = {"run_id": int(what)} if what.isdecimal() else {"journey": what}
    who = review.Decided((by or getpass.getuser())[:_BY_AT_MOST], now, note)
    with writing(shop.engine) as connection:
        settle = review.reject if reject else review.approve
        number = settle(connection, who, **which)  # type: ignore[arg-type]
        waits = sorted(set(review.waiting(connection)["journey"]))
        paused = pauses.standing(connection)
    if not number and not what.isdecimal() and what not in journeys:
        place = "reject" if reject else "approve"
        raise ConfigError.at(place, f'there is no journey "{what}"{meant(what, journeys)}')
    done = "withdrawn" if reject else "approved; they go with the next delivery"
    typer.echo(f"{number} {'message' if number == 1 else 'messages'} {done}")
    if not number and waits:
        typer.echo(f"Something waits in: {', '.join(waits)}")
    if paused:
        _let_go_on(shop, now)


def _let_go_on(shop: Shop, now: datetime) -> None:
    """Have a run that waited for this go on at once, where its server is known."""
    prepare(shop.project.folder)
    if is_address(os.environ.get(VARIABLE, "")):
        # Prefect takes seconds to load, and nearly never is needed here.
        from flows.resuming import go_on

        if number := go_on(shop.engine, now):
            typer.echo(f"{number} {'run goes' if number == 1 else 'runs go'} on")
            return
    with shop.engine.connect() as connection:
        open_now = set(review.waiting(connection)["journey"])
        if any(not open_now & each.asked.keys() for each in pauses.standing(connection)):
            typer.echo("The run that waits for it goes on within minutes, once it sees it")


def list_decisions(folder: Path) -> None:
    """What was decided lately about messages that waited, and by whom."""
    shop = open_shop(folder)
    locale: Locale = shop.project.policy.locale
    with shop.engine.connect() as connection:
        found = review.decisions(connection, limit=_SHOWN)
    if found.empty:
        typer.echo(say("approval_nothing_decided", locale))
        return
    rows = [
        {
            say("approval_decided_at", locale): _local(row["decided_at"], shop.project.policy.zone),
            say("journey", locale): row["journey"],
            say("run", locale): row["run_id"],
            say("messages", locale): row["messages"],
            say("approval_decision", locale): word(Review, row["decision"], locale),
            say("approval_decided_by", locale): row["decided_by"],
            say("note", locale): row["note"],
        }
        for row in found.astype(object).where(found.notna(), None).to_dict("records")
    ]
    print_tables([rows])


def enter_by_hand(
    folder: Path,
    journey: str,
    customers: Sequence[str],
    file: Path | None,
    key: str | None,
    as_of: str | None,
) -> None:
    """Put customers into a journey; those nobody knows are named, and the rest goes in."""
    shop = open_shop(folder)
    now = _moment(shop, as_of)
    _starts_by_hand(shop, journey)
    wanted = [*customers, *(_listed(file) if file is not None else [])]
    if not wanted:
        raise ConfigError.at("enter", "say whom: their numbers, or --csv FILE")
    today = now.astimezone(ZoneInfo(shop.project.policy.zone)).date().isoformat()
    with writing(shop.engine) as connection:
        done = manual.enter(connection, journey, wanted, key or today, now)
    typer.echo(
        f"{done.known - done.already} noted for {journey}, {done.already} were noted before. "
        "They begin with the next plan, if the journey's rules allow"
    )
    if done.unknown:
        more = len(done.unknown) - _NAMED
        named = ", ".join(done.unknown[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        raise ConfigError.at("enter", f"not known as customers, and left out: {named}")


def list_locks(folder: Path, as_of: str | None) -> None:
    """With whom negotiations are under way."""
    shop = open_shop(folder)
    locale: Locale = shop.project.policy.locale
    with shop.engine.connect() as connection:
        found = locks.locks(connection, _moment(shop, as_of))
    if found.empty:
        typer.echo(say("no_locks", locale))
        return
    zone = shop.project.policy.zone
    rows = [
        {
            say("customer", locale): row["customer"],
            say("until", locale): _local(row["until"], zone),
            say("set_by", locale): say(f"by_{row['source']}", locale),
            say("note", locale): row["note"],
        }
        for row in found.astype(object).where(found.notna(), None).to_dict("records")
    ]
    print_tables([rows])


def lock_customer(
    folder: Path, customer: str, until: str | None, note: str | None, as_of: str | None
) -> None:
    """Hold advertising to a customer back until the end of a day."""
    shop = open_shop(folder)
    now = _moment(shop, as_of)
    try:
        day = date.fromisoformat(until or "")
    except ValueError:
        what = f'"{until}" is not a day' if until else "say until when"
        raise ConfigError.at("--until", f"{what}. Write --until 2026-11-18") from None
    here = ZoneInfo(shop.project.policy.zone)
    ends = datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
    if ends <= now:
        raise ConfigError.at("--until", f"{day} is over already")
    with writing(shop.engine) as connection:
        if not locks.set_lock(connection, customer, ends, now, note=note):
            raise ConfigError.at("lock", f'there is no customer "{customer}"')
    typer.echo(f"No advertising goes to {customer} up to and including {day}")


def unlock_customer(folder: Path, customer: str, as_of: str | None) -> None:
    """Lift the locks on a customer."""
    shop = open_shop(folder)
    with writing(shop.engine) as connection:
        sources = locks.lift_lock(connection, customer, _moment(shop, as_of))
    if not sources:
        raise ConfigError.at("unlock", f'no lock is set on "{customer}"')
    typer.echo(f"Advertising may go to {customer} again")
    if set(sources) - {locks.BY_HAND}:
        typer.echo(
            "The lock came from the company's own data: the next pull sets it again for as long "
            "as it stands there"
        )


def _starts_by_hand(shop: Shop, journey: str) -> None:
    journeys = shop.project.journeys
    if journey not in journeys:
        raise ConfigError.at("enter", f'there is no journey "{journey}"{meant(journey, journeys)}')
    trigger = journeys[journey].journey.enter.on
    if trigger != Trigger.MANUAL:
        what = f'{journey} starts with "on: {trigger}"; only "on: manual" is entered by hand'
        raise ConfigError([Fault(f"config/journeys/{journey}.yaml", 0, what)])


def _listed(file: Path) -> list[str]:
    """Customer numbers of a CSV: its column `customer`, whatever stands between the columns."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = file.read_text(encoding="cp1252")
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ",")
    if "customer" not in (rows.fieldnames or []):
        raise ConfigError.at(file, 'the first line needs a column "customer"')
    return [number for row in rows if (number := (row["customer"] or "").strip())]


def _moment(shop: Shop, as_of: str | None) -> datetime:
    return moment(as_of, shop.project.policy.zone, clock.now())


def _local(when: datetime, zone: str) -> str:
    return f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

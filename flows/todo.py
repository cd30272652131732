"""`stammkunde tasks` and `task`: what colleagues are to do, and what became of it."""

import csv
import json
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import typer
from sqlalchemy import Connection

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.plain import print_tables
from flows.reporting.words import say, word
from flows.stages.shop import Shop, opened
from flows.store import tasks
from flows.store.session import reading, writing
from flows.store.tasks import TaskFacts, TaskResult
from segments.names import Locale, Mood, TaskKind, TaskOutcome, TaskStatus
from segments.operands import meant

PLACE = "task"
COLUMNS = (
    "task",
    "status",
    "kind",
    "customer",
    "customer_name",
    "owner",
    "journey",
    "about",
    "made_at",
    "due_at",
    "escalated_at",
    "done_at",
    "outcome",
    "note",
    "changed_at",
)
"""What other programs are told of a task, in this order; later columns come behind."""

_LONGEST = 2000
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Asked:
    """Which tasks somebody wants to see."""

    owner: str | None = None
    due: str | None = None
    everything: bool = False
    since: str | None = None


@dataclass(frozen=True)
class Said:
    """What a colleague says of a task that is done."""

    outcome: TaskOutcome = TaskOutcome.REACHED
    mood: Mood | None = None
    note: str | None = None
    contact: str | None = None


def list_tasks(
    folder: Path, asked: Asked, as_of: str | None, *, file: Path | None, as_json: bool
) -> None:
    """Show the tasks asked for, or write them for another program."""
    with opened(folder) as shop:
        zone, locale = shop.project.policy.zone, shop.project.policy.locale
        now = moment(as_of, zone, clock.now())
        found = _found(shop, asked, now)
    if file is not None:
        _write(file, found, zone)
        typer.echo(say("tasks_written", locale, n=len(found), file=file))
    elif as_json:
        typer.echo(json.dumps(_rows(found, zone), ensure_ascii=False, indent=2))
    elif found.empty:
        typer.echo(say("no_tasks", locale))
    else:
        closed = asked.everything or asked.since is not None
        still = found["status"] == TaskStatus.OPEN
        found["late"] = still & (tasks.deadlines(found, zone) <= now)
        print_tables([[_told(row, zone, locale, closed) for row in _records(found)]])
        late = int(found["late"].sum())
        typer.echo()
        typer.echo(say("tasks_in_all", locale, open=int(still.sum()), overdue=late))


def close_task(folder: Path, number: int, said: Said, as_of: str | None) -> None:
    """Close a task and write whom it reached into the history of contacts."""
    faults = []
    if said.mood is not None and said.outcome != TaskOutcome.REACHED:
        faults.append(f"--mood goes with --outcome reached: with {said.outcome} nobody spoke")
    if said.contact is not None and said.outcome != TaskOutcome.REACHED:
        faults.append(f"--contact goes with --outcome reached: with {said.outcome} nobody spoke")
    if said.note is not None and len(said.note) > _LONGEST:
        faults.append(f"--note is longer than {_LONGEST} characters")
    if faults:
        raise ConfigError.at(PLACE, "; ".join(faults))
    with opened(folder) as shop:
        zone, locale = shop.project.policy.zone, shop.project.policy.locale
        now = moment(as_of, zone, clock.now())
        with writing(shop.engine) as connection:
            known = _known(connection, number)
            if said.mood is not None and known.customer_id is None:
                raise ConfigError.at(PLACE, f"task {number} is about no customer: leave --mood out")
            contact = _contact(connection, known, said.contact)
            result = TaskResult(number, now, said.outcome, said.mood, said.note, contact)
            closed = tasks.finish(connection, [result], now)
        if closed:
            told = word(TaskOutcome, said.outcome, locale)
            typer.echo(say("task_closed", locale, task=number, outcome=told))
        else:
            typer.echo(_before(known, zone, locale))


def cancel_task(folder: Path, number: int, why: str, as_of: str | None) -> None:
    """Strike a task out."""
    why = " ".join(why.split())
    if not why or len(why) > _LONGEST:
        raise ConfigError.at(PLACE, f"--why is a reason of 1 to {_LONGEST} characters")
    with opened(folder) as shop:
        zone, locale = shop.project.policy.zone, shop.project.policy.locale
        now = moment(as_of, zone, clock.now())
        with writing(shop.engine) as connection:
            known = _known(connection, number)
            struck = tasks.cancel(connection, number, why, now)
        if struck:
            typer.echo(say("task_cancelled", locale, task=number, why=why))
        else:
            typer.echo(_before(known, zone, locale))


def take_task(folder: Path, number: int, owner: str, as_of: str | None) -> None:
    """Give a task to somebody."""
    with opened(folder) as shop:
        zone, locale = shop.project.policy.zone, shop.project.policy.locale
        now = moment(as_of, zone, clock.now())
        _one_of_us(shop, owner)
        with writing(shop.engine) as connection:
            known = _known(connection, number)
            taken = tasks.take(connection, number, owner, now)
        if taken:
            typer.echo(say("task_taken", locale, task=number, owner=owner))
        elif known.status == TaskStatus.OPEN:
            typer.echo(say("task_taken_before", locale, task=number, owner=owner))
        else:
            typer.echo(_before(known, zone, locale))


def due_said(at: datetime, zone: str) -> str:
    """When a task is due: the day alone where no hour was named."""
    return _local(at, zone).removesuffix(" 00:00")


def _found(shop: Shop, asked: Asked, now: datetime) -> pd.DataFrame:
    zone = shop.project.policy.zone
    if asked.owner is not None:
        _one_of_us(shop, asked.owner)
    due_until = _due(asked.due, zone, now) if asked.due is not None else None
    since = _since(asked.since, zone) if asked.since is not None else None
    with reading(shop.engine) as connection:
        found = tasks.listed(
            connection,
            now,
            owner=asked.owner,
            due_until=due_until,
            everything=asked.everything or since is not None,
            since=since,
        )
    if asked.due == "overdue":
        found = found[tasks.deadlines(found, zone) <= now].reset_index(drop=True)
    return found


def _due(asked: str, zone: str, now: datetime) -> datetime:
    here = now.astimezone(ZoneInfo(zone))
    if asked == "overdue":
        return now
    if asked == "today":
        return _end(here.date(), zone)
    if asked == "week":
        return _end(here.date() + _WEEK, zone)
    try:
        return _end(date.fromisoformat(asked), zone)
    except ValueError:
        what = f'--due: "{asked}" says no time. Write overdue, today, week or 2026-11-18'
        raise ConfigError.at("tasks", what) from None


def _end(day: date, zone: str) -> datetime:
    """The day's last moment."""
    return datetime.combine(day, time.max, ZoneInfo(zone))


def _since(asked: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(asked)
    except ValueError:
        what = f'--since: "{asked}" is not a day. Write 2026-11-18 or 2026-11-18T07:00'
        raise ConfigError.at("tasks", what) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def _one_of_us(shop: Shop, owner: str) -> None:
    people = shop.project.owners.owners
    if owner not in people:
        hint = meant(owner, people) or f". There are: {', '.join(people)}"
        raise ConfigError.at("--owner", f'"{owner}" is not in config/owners.yaml{hint}')


def _known(connection: Connection, number: int) -> TaskFacts:
    known = tasks.facts(connection, number)
    if known is None:
        raise ConfigError.at(PLACE, f"there is no task {number}. See: stammkunde tasks --all")
    return known


def _contact(connection: Connection, known: TaskFacts, key: str | None) -> int | None:
    if key is None:
        return None
    found = None
    if known.customer_id is not None:
        found = tasks.contact_of(connection, known.customer_id, key)
    if found is None:
        whose = known.customer or "nobody"
        raise ConfigError.at(PLACE, f'--contact: {whose} has no contact "{key}"')
    return found


def _before(known: TaskFacts, zone: str, locale: Locale) -> str:
    done = known.status == TaskStatus.DONE
    at = known.done_at if done else known.changed_at
    told = "–" if at is None else _local(at, zone)
    return say(
        "task_closed_before" if done else "task_is_cancelled", locale, task=known.id, at=told
    )


def _told(row: dict[str, Any], zone: str, locale: Locale, closed: bool) -> dict[str, object]:
    due = due_said(row["due_at"], zone)
    owner = row["owner"] or say("nobody", locale)
    if row["escalated_at"] is not None:
        owner = say("task_handed_on", locale, owner=owner)
    told = {
        say("task", locale): row["task"],
        say("task_due", locale): say("task_overdue", locale, due=due) if row["late"] else due,
        say("task_owner", locale): owner,
        say("task_what", locale): word(TaskKind, row["kind"], locale),
        say("task_customer", locale): " ".join(
            filter(None, (row["customer"], row["customer_name"]))
        ),
        say("task_about", locale): row["about"],
    }
    if closed:
        status = word(TaskStatus, row["status"], locale)
        outcome = row["outcome"]
        became = f"{status}: {word(TaskOutcome, outcome, locale)}" if outcome else status
        told[say("task_outcome", locale)] = became
    return told


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _records(found: pd.DataFrame) -> list[dict[str, Any]]:
    """Plain values, None for whatever is missing."""
    plain = found.astype(object).where(found.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _rows(found: pd.DataFrame, zone: str) -> list[dict[str, Any]]:
    here = ZoneInfo(zone)
    return [
        {
            name: row[name].astimezone(here).isoformat(timespec="seconds")
            if isinstance(row[name], datetime)
            else row[name]
            for name in COLUMNS
        }
        for row in _records(found)
    ]


def _write(file: Path, found: pd.DataFrame, zone: str) -> None:
    """Whole or not at all: whoever watches for the file never reads half of it."""
    half = file.with_name(f"{file.name}.part")
    with half.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_rows(found, zone))
    half.replace(file)

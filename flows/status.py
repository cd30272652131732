"""`stammkunde status`: how things stand, in the terminal and at once."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer

from flows import clock
from flows.entries import Entry
from flows.glance import Glance, glance
from flows.health.schedules import next_start
from flows.health.work import STAGE, reason
from flows.prefect_home import pages
from flows.reporting.terminal import table
from flows.reporting.words import say, word
from flows.seen import ServerSeen, StoreSeen, ask_server, look_into_store
from flows.state_words import state_told
from flows.store.health import Still, Tasks
from segments.names import HaltCause, Locale

_WIDE = 200
_NONE = "–"


def show_status(folder: Path, *, as_json: bool) -> None:
    """Last and next runs, what waits, what is in doubt, what stands still, what is to be done."""
    seen = glance(folder)
    now = clock.now()
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(ask_server, seen, os.environ, now)
        store = look_into_store(seen, now)
        server = asked.result()
    if as_json:
        told = _as_json(seen, store, server, now)
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    _tell(seen, store, server, now)


def overdue(tasks: Tasks, zone: str, now: datetime) -> int:
    """How many are late: a day that is named without an hour counts as a whole."""
    here = ZoneInfo(zone)
    late = 0
    for due, many in tasks.due:
        local = due.astimezone(here)
        midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
        ends = (local + timedelta(days=1)) if midnight else local
        late += many if ends <= now else 0
    return late


def local(moment: datetime | None, zone: str) -> str:
    """A moment by the clock of the house."""
    return _NONE if moment is None else f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def _tell(seen: Glance, store: StoreSeen, server: ServerSeen, now: datetime) -> None:
    locale = seen.locale
    typer.echo(say("status_head", locale, at=local(now, seen.zone), zone=seen.zone))
    if server.problem is None and server.api is not None:
        typer.echo(say("status_pages", locale, pages=pages(server.api)))
    else:
        typer.echo(server.problem)
    if store.problem is not None:
        typer.echo(store.problem)
    rows = [_row(entry, store, server, seen, now) for entry in seen.entries]
    if rows:
        typer.echo()
        typer.echo(table(rows, width=shutil.get_terminal_size((_WIDE, 24)).columns))
    if store.problem is None:
        typer.echo()
        for line in _lines(seen, store, now):
            typer.echo(line)


def _row(
    entry: Entry, store: StoreSeen, server: ServerSeen, seen: Glance, now: datetime
) -> dict[str, object]:
    locale = seen.locale
    at, how = _last(entry, store, server, locale)
    return {
        say("status_what", locale): entry.name,
        say("status_last", locale): local(at, seen.zone),
        say("status_how", locale): how,
        say("status_next", locale): _next(entry, server, seen, now),
    }


def _last(
    entry: Entry, store: StoreSeen, server: ServerSeen, locale: Locale
) -> tuple[datetime | None, str]:
    """The newest run there is word of: the server's, or one that ran without Prefect."""
    kept = server.deployments.get(entry.name)
    run = kept.last if kept else None
    note = store.runs.get(STAGE.get(entry.runs, entry.runs))
    if run is not None:
        at = run.began_at or run.expected_at
        if note is None or at is None or note.began_at <= at + timedelta(minutes=30):
            told = state_told(run.name, locale)
            if run.state == "COMPLETED" and run.message:
                told = run.message
            elif run.state in ("FAILED", "CRASHED") and run.message:
                told = f"{told}: {run.message}"
            return at, told
    if note is None:
        return None, _NONE
    if note.failed is not None:
        return note.as_of, say("status_failed", locale, why=reason(note.failed))
    if note.ended_at is None:
        return note.as_of, say("status_under_way", locale)
    return note.as_of, say("status_well", locale)


def _next(entry: Entry, server: ServerSeen, seen: Glance, now: datetime) -> str:
    locale = seen.locale
    if entry.cron is None:
        return say("status_by_hand", locale)
    if not entry.enabled:
        return say("status_off", locale)
    if server.problem is None:
        kept = server.deployments.get(entry.name)
        if kept is None:
            return say("status_not_registered", locale)
        if kept.paused or not any(on for _, _, on in kept.crons):
            return say("status_paused", locale)
    return local(next_start(entry.cron, entry.zone, now), seen.zone)


def _lines(seen: Glance, store: StoreSeen, now: datetime) -> list[str]:
    locale, zone = seen.locale, seen.zone
    queue, doubts, batches = store.queue, store.doubts, store.batches
    waits = {name: _count(number, locale) for name, number in asdict(queue).items()}
    lines = [say("status_queue", locale, **waits)]
    if queue.abandoned:
        lines.append(say("status_abandoned", locale, **waits))
    if batches.waiting:
        parts = {"n": _count(batches.waiting, locale), "since": local(batches.since, zone)}
        lines.append(say("status_batches", locale, **parts))
    if doubts.open:
        parts = {"n": _count(doubts.open, locale), "since": local(doubts.since, zone)}
        lines.append(say("status_doubts", locale, **parts))
    else:
        lines.append(say("status_no_doubts", locale))
    lines += [_halt(each, locale, zone) for each in store.still]
    if not store.still:
        lines.append(say("nothing_stands_still", locale))
    late = overdue(store.tasks, zone, now)
    counts = {"open": store.tasks.open, "overdue": late, "handed_on": store.tasks.handed_on}
    told = {name: _count(number, locale) for name, number in counts.items()}
    lines.append(say("status_tasks", locale, **told))
    lines.append(_data(seen, store, now))
    lines += [
        say("status_alert", locale, since=local(each.since, zone), said=each.said)
        for each in store.alerts
    ]
    return lines


def _halt(still: Still, locale: Locale, zone: str) -> str:
    what = say("everything", locale)
    if still.journey is not None:
        what = say("the_journey", locale, name=still.journey)
    elif still.outlet is not None:
        what = say("the_outlet", locale, name=still.outlet)
    why = word(HaltCause, still.cause, locale)
    return say(
        "status_still" if still.until is None else "status_still_until",
        locale,
        what=what,
        why=f"{why} ({still.why})" if still.why else why,
        since=local(still.since, zone),
        until=local(still.until, zone),
    )


def _data(seen: Glance, store: StoreSeen, now: datetime) -> str:
    at = store.newest_order
    if at is None:
        return say("status_no_orders", seen.locale)
    parts = {"at": local(at, seen.zone), "limit": seen.max_age_said}
    stale = now - at > seen.max_age
    return say("status_stale" if stale else "status_data", seen.locale, **parts)


def _count(number: int, locale: Locale) -> str:
    told = f"{number:,}"
    return told.replace(",", ".") if locale == Locale.DE else told


def _as_json(seen: Glance, store: StoreSeen, server: ServerSeen, now: datetime) -> dict[str, Any]:
    runs = []
    for entry in seen.entries:
        at, how = _last(entry, store, server, seen.locale)
        ahead = None
        with suppress(AttributeError):
            ahead = next_start(entry.cron, entry.zone, now) if entry.cron else None
        runs.append(
            {
                "name": entry.name,
                "runs": entry.runs,
                "enabled": entry.enabled,
                "last_at": _iso(at),
                "last": how,
                "next_at": _iso(ahead) if entry.enabled else None,
            }
        )
    queue = asdict(store.queue)
    return {
        "at": _iso(now),
        "server": server.api,
        "server_problem": server.problem,
        "store_problem": store.problem,
        "runs": runs,
        "queue": queue,
        "came_back": {"waiting": store.batches.waiting, "since": _iso(store.batches.since)},
        "doubts": {"open": store.doubts.open, "since": _iso(store.doubts.since)},
        "stands_still": [
            {**asdict(each), "since": _iso(each.since), "until": _iso(each.until)}
            for each in store.still
        ],
        "tasks": {
            "open": store.tasks.open,
            "overdue": overdue(store.tasks, seen.zone, now),
            "handed_on": store.tasks.handed_on,
        },
        "alerts": [
            {"subject": each.subject, "said": each.said, "since": _iso(each.since)}
            for each in store.alerts
        ],
        "newest_order": _iso(store.newest_order),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")

"""The demo on the command line: progress while it runs, five lines at its end."""

import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from flows.prefect_home import prepare as prepare_prefect
from segments.names import Locale

_FLOW_RUNS = 3
_BAR = 30


def run_demo(
    folder: Path,
    customers: int,
    days: int,
    seed: int,
    locale: str,
    until: date | None,
    now: datetime,
) -> None:
    """Make the company, live through its days, say what happened."""
    last = until or now.astimezone(ZoneInfo("Europe/Berlin")).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    typer.echo(f"{customers} customers, {days} days from {first} to {last}, in {folder}", err=True)
    from flows import demo

    company = demo.prepare(folder, customers, seed, Locale(locale), first)
    os.environ["STAMMKUNDE_PROJECT"] = str(folder)
    prepare_prefect(folder)
    calendar = [first + timedelta(days=number) for number in range(days)]
    told = demo.live_through(company, folder, calendar, min(_FLOW_RUNS, days), _progress)
    counts = told.counts
    sent = sum(counts[f"send {word}"] for word in ("accepted", "delivered", "bounced"))
    goals = sum(number for word, number in counts.items() if word.startswith("goal"))
    entered = sum(number for word, number in counts.items() if word.startswith("enrollment"))
    held = counts["send skipped"] + counts["send cancelled"] + counts["send expired"]
    typer.echo(
        f"{told.customers} customers and {told.orders} orders; {entered} times somebody entered a "
        f"journey, and {goals} bought again.\n"
        f"{sent} mails went out, {counts['send ghost']} were held back for comparison, "
        f"{held} had a reason not to go.\n"
        f"Mails:   {folder / 'var' / 'mails' / 'index.html'}\n"
        f"Runs:    stammkunde --project {folder} ui     then http://127.0.0.1:4200/runs\n"
        f"Effects: stammkunde --project {folder} measure --plain"
    )


def _progress(day: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        filled = "#" * (_BAR * done // of)
        end = "\n" if done == of else ""
        sys.stderr.write(f"\r\033[K[{filled:<{_BAR}}] {day}, day {done} of {of}{end}")
        sys.stderr.flush()
    elif done % 10 == 0 or done == of:
        typer.echo(f"{day}: day {done} of {of}", err=True)

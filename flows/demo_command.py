"""The demo on the command line: progress while it runs, a few lines at its end."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import typer

from flows.errors import PipelineError
from flows.prefect_home import prepare as prepare_prefect
from segments.names import Locale

if TYPE_CHECKING:
    from flows.rehearsal_stage import Balance, Stage

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
    *,
    simulator: bool = False,
) -> None:
    """Make the company, live through its days, say what happened.

    Raises `PipelineError` if a simulator counts otherwise than we do.
    """
    last = until or now.astimezone(ZoneInfo("Europe/Berlin")).date() - timedelta(days=1)
    first = last - timedelta(days=days - 1)
    typer.echo(f"{customers} customers, {days} days from {first} to {last}, in {folder}", err=True)
    from flows import demo

    with _stage(seed, simulator) as stage:
        company = demo.prepare(folder, customers, seed, Locale(locale), first)
        if stage is not None:
            stage.furnish(folder)
        os.environ["STAMMKUNDE_PROJECT"] = str(folder)
        prepare_prefect(folder)
        calendar = [first + timedelta(days=number) for number in range(days)]
        flow_runs = min(_FLOW_RUNS, days)
        told = demo.live_through(company, folder, calendar, flow_runs, _progress, stage)
    counts, balance = told.counts, told.balance
    sent = sum(counts[f"send {word}"] for word in ("accepted", "delivered", "bounced"))
    goals = sum(number for word, number in counts.items() if word.startswith("goal"))
    entered = sum(number for word, number in counts.items() if word.startswith("enrollment"))
    held = counts["send skipped"] + counts["send cancelled"] + counts["send expired"]
    typer.echo(
        f"{told.customers} customers and {told.orders} orders; {entered} times somebody entered a "
        f"journey, and {goals} bought again.\n"
        f"{sent} mails went out, {counts['send ghost']} were held back for comparison, "
        f"{held} had a reason not to go.\n"
        + (_mails(folder) if balance is None else _by_sendgrid(folder, balance))
        + f"Runs:    stammkunde --project {folder} ui     then http://127.0.0.1:4200/v2/runs\n"
        f"Effects: stammkunde --project {folder} measure --plain"
    )
    if balance is not None and balance.differences:
        raise PipelineError("\n".join(["The simulator disagrees:", *balance.differences]))


@contextmanager
def _stage(seed: int, simulator: bool) -> "Iterator[Stage | None]":
    if not simulator:
        yield None
        return
    from flows.rehearsal_stage import rehearsal

    with rehearsal(seed) as stage:
        process = stage.simulator
        typer.echo(
            f"SendGrid's simulator at {process.address} (process {process.pid}), our endpoint at "
            f"{stage.endpoint}",
            err=True,
        )
        yield stage


def _mails(folder: Path) -> str:
    return f"Mails:   {folder / 'var' / 'mails' / 'index.html'}\n"


def _by_sendgrid(folder: Path, balance: "Balance") -> str:
    agrees = "does not agree" if balance.differences else "agrees"
    show = f"stammkunde --project {folder} show"
    mail = f"Mails:   {show} {balance.example}\n" if balance.example else ""
    return (
        f"SendGrid's simulator: {balance.taken} accepted, of these {balance.delivered} delivered, "
        f"{balance.bounced} bounced, {balance.dropped} dropped; {balance.in_doubt} in doubt.\n"
        f"Its mailboxes hold {balance.held}, which {agrees}. "
        f"Requests it made go wrong on purpose: {balance.failures}.\n{mail}"
        f"Doubts:  stammkunde --project {folder} doubts\n"
    )


def _progress(day: str, done: int, of: int) -> None:
    if sys.stderr.isatty():
        filled = "#" * (_BAR * done // of)
        end = "\n" if done == of else ""
        sys.stderr.write(f"\r\033[K[{filled:<{_BAR}}] {day}, day {done} of {of}{end}")
        sys.stderr.flush()
    elif done % 10 == 0 or done == of:
        typer.echo(f"{day}: day {done} of {of}", err=True)

"""Commands without Prefect: the same stages, their figures in the terminal."""

import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import typer

from flows import clock
from flows.errors import DeliveryError, PipelineError
from flows.intake.report import PullReport
from flows.moments import moment
from flows.reporting import figures, tables
from flows.reporting.facts import RunFacts
from flows.reporting.measured import sections
from flows.reporting.summary import headline
from flows.reporting.terminal import table
from flows.reporting.words import say
from flows.stages import delivering, measuring, pages, planning, pulling, responding
from flows.stages.delivering import StaleSourceError
from flows.stages.shop import Progress, Shop, open_shop
from flows.stages.told import told
from segments.names import Locale

_WIDE = 280
_MOST_BLOCKS = 12
_NOTE = 100
_CUT_FIGURE = re.compile(r"(?<!\S)[+-][^\w\s]?\d(?:(?!  ).)*…")
"""A difference or an interval of which the end is missing: half a figure misleads."""


def run_day(folder: Path, as_of: str | None, *, dry_run: bool) -> None:
    """Every stage in order, or only what planning would decide."""
    shop = open_shop(folder)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    progress = line_progress()
    if dry_run:
        say_day(measuring.preview(shop, now, planning.preview(shop, now, progress=progress)), shop)
        return
    report = pulling.pull(shop, now, progress=progress)
    responding.respond(shop, now, progress=progress)
    planning.plan(shop, now, progress=progress)
    unsent: PipelineError | None = None
    notes: list[str] = []
    try:
        done = delivering.deliver(shop, now, ticking=as_of is None, progress=progress)
        notes = told(done, shop.project.policy.locale)[1:]
    except (StaleSourceError, DeliveryError) as error:
        unsent = error
    measuring.measure(shop, now)
    say_day(measuring.day(shop, now, pulled=pulling.counted(report)), shop)
    say_pull(report, now, shop.project.policy.locale)
    for note in notes:
        typer.echo(note)
    if unsent is not None:
        raise unsent


def run_stage(folder: Path, name: str, as_of: str | None) -> None:
    """One stage, and its figures."""
    shop = open_shop(folder)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    locale = shop.project.policy.locale
    progress = line_progress()
    if name == "pull":
        report = pulling.pull(shop, now, progress=progress)
        typer.echo(pages.pulled(report, now, locale).said)
        say_pull(report, now, locale)
    elif name == "plan":
        planning.plan(shop, now, progress=progress)
        say_day(measuring.day(shop, now), shop)
    elif name == "deliver":
        delivered = delivering.deliver(shop, now, ticking=as_of is None, progress=progress)
        typer.echo("\n".join(told(delivered, locale)))
    elif name == "respond":
        back = responding.respond(shop, now, progress=progress)
        typer.echo(pages.answered(back, locale).said)
    else:
        say_measured(measuring.measure(shop, now), locale)


def say_day(facts: RunFacts, shop: Shop) -> None:
    """The day in the terminal: one line, then who entered, what went and what did not, and why."""
    locale: Locale = shop.project.policy.locale
    for fault in shop.project.broken:
        typer.echo(f"left out: {fault}", err=True)
    typer.echo(headline(facts, locale))
    skips, rest = tables.shortened(tables.skips(facts, locale))
    print_tables((tables.entered(facts, locale), tables.sent(facts, locale), skips))
    if rest:
        typer.echo(say("rest", locale, n=rest))


def say_measured(facts: RunFacts, locale: Locale) -> None:
    """What journeys brought: a heading, a table and what is to be known about it, each."""
    day = figures.day(facts.now, facts.zone, locale)
    typer.echo(say("measured_as_of", locale, day=day))
    found = sections(facts, locale)
    if not found:
        typer.echo(say("nothing_measured", locale))
    width = min(shutil.get_terminal_size((_WIDE, 24)).columns, _NOTE)
    for heading, rows, note in found:
        typer.echo(f"\n{heading}")
        print_tables([rows])
        if note:
            typer.echo("\n" + textwrap.fill(note, width))


def say_pull(report: PullReport, now: datetime, locale: Locale) -> None:
    """What came in, and why some rows did not."""
    facts = RunFacts(now, pulled=pulling.counted(report))
    print_tables([tables.pulled(facts, locale)])
    rejects = [
        f"{found.place or found.table}: {reason}"
        for found in report.tables
        for reason in found.reasons
    ]
    if rejects:
        typer.echo("\n".join(["", *rejects]))


def line_progress() -> Progress:
    """One line that counts up in a terminal; silence where nobody looks."""
    if not sys.stderr.isatty():
        return lambda _what, _done, _of: None

    def show(what: str, done: int, of: int) -> None:
        sys.stderr.write(f"\r\033[K{what} {done}{f' of {of}' if of else ''}")
        if done == of:
            sys.stderr.write("\r\033[K")
        sys.stderr.flush()

    return show


def print_tables(found: Iterable[Sequence[Mapping[str, object]]]) -> None:
    """Tables one below the other, as wide as the window."""
    width = shutil.get_terminal_size((_WIDE, 24)).columns
    for rows in found:
        if rows:
            typer.echo()
            typer.echo(_fitted(rows, width))


def _fitted(rows: Sequence[Mapping[str, object]], width: int) -> str:
    """A table; where its headings or figures would be cut, one block of lines for each row."""
    shown = table(rows, width=width)
    if "…" not in shown.partition("\n")[0] and not _CUT_FIGURE.search(shown):
        return shown
    if len(rows) > _MOST_BLOCKS:
        return table(rows, width=width, folded=True)
    first, *others = rows[0]
    margin = max(map(len, others))
    blocks = (
        [str(row[first]), *(f"  {name:<{margin}}  {row[name]}" for name in others)] for row in rows
    )
    return "\n\n".join("\n".join(block) for block in blocks)

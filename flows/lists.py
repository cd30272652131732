"""`stammkunde suppressions`: the lists of SendGrid read now, and what they said."""

from pathlib import Path

import typer

from flows import clock
from flows.moments import moment
from flows.plain import line_progress
from flows.reporting.figures import count
from flows.reporting.words import say
from flows.stages import suppressing
from flows.stages.shop import opened


def read_lists(folder: Path, as_of: str | None, *, everything: bool) -> None:
    """Suppress whom SendGrid holds back, and say how many that are."""
    with opened(folder) as shop:
        locale = shop.project.policy.locale
        now = moment(as_of, shop.project.policy.zone, clock.now())
        report = suppressing.read_lists(shop, now, everything=everything, progress=line_progress())
        if not report.read:
            typer.echo(say("lists_none", locale))
            return
        for source, read in report.read.items():
            fresh = count(report.new[source], locale)
            typer.echo(say("list_read", locale, name=source, read=count(read, locale), new=fresh))

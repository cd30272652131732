"""`stammkunde retention` without Prefect: what is too old goes, or is only counted."""

from pathlib import Path

import typer

from flows import clock
from flows.moments import moment
from flows.plain import line_progress, print_tables
from flows.reporting.words import say
from flows.stages import retaining
from flows.stages.retaining import RetentionReport
from flows.stages.shop import open_shop


def retain(folder: Path, as_of: str | None, *, dry_run: bool) -> None:
    """Let go what is too old, or say what would go."""
    shop = open_shop(folder)
    now, locale = moment(as_of, shop.project.policy.zone, clock.now()), shop.project.policy.locale
    if dry_run:
        report = retaining.preview(shop, now)
        typer.echo(say("retention_preview", locale))
    else:
        report = retaining.retain(shop, now, progress=line_progress())
    kept = shop.project.policy.retention.model_dump()
    rows = [
        {
            say("retention_records", locale): name,
            say("retention_kept", locale): str(kept[name]),
            say("retention_would" if dry_run else "retention_gone", locale): number,
        }
        for name, number in report.gone.items()
    ]
    print_tables([rows])


def told(report: RetentionReport) -> str:
    """A run in one line."""
    number = sum(report.gone.values())
    return f"{number} {'record' if number == 1 else 'records'} older than the policy allows went"

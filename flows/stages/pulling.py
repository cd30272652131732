"""Pulling: the company's data comes in, and our colleagues are known."""

from dataclasses import asdict
from datetime import datetime, timedelta

from flows.erased import among_erased
from flows.intake.load import pull as pull_tables
from flows.intake.report import PullReport
from flows.limits import limited
from flows.reporting.words import say
from flows.settings import link_secrets
from flows.stages.consenting import ask
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.store import runs
from flows.store.bulk import look_again
from flows.store.erasing import erased_hashes
from flows.store.load_erased import Erased
from flows.store.session import writing

MANY = 10_000
"""New rows of a table from which on the database is made to look at its tables anew."""

COUNTED = ("read", "new", "changed", "rejected")


def pull(shop: Shop, now: datetime, *, progress: Progress = quiet) -> PullReport:
    """Bring in every table of sources.yaml as of `now`. A second pull changes nothing."""
    project = shop.project
    owners = [{"key": key, **owner.model_dump()} for key, owner in project.owners.owners.items()]
    with noted_run(shop, "pull", now) as (run_id, counts):
        with writing(shop.engine) as connection:
            runs.mirror_owners(connection, owners)
        longest, locale = project.sources.longest, project.policy.locale
        with limited(
            timedelta(days=longest.days).total_seconds(),
            say("limit_pull", locale, longest=longest),
        ):
            report = pull_tables(
                shop.engine,
                project.sources,
                project.folder,
                now=now,
                run_id=run_id,
                currency=project.policy.currency,
                zone=project.policy.zone,
                progress=lambda what, rows: progress(what, rows, 0),
                erased=_erased(shop),
            )
        counts |= {table.table: asdict(table) for table in report.tables}
        asked = ask(shop, now, run_id)
        if asked:
            counts["asked_to_confirm"] = asked
        if max((table.new for table in report.tables), default=0) >= MANY:
            with writing(shop.engine) as connection:
                look_again(connection)
    return report


def _erased(shop: Shop) -> Erased | None:
    """Tells who was erased; nothing where nobody was."""
    with shop.engine.connect() as connection:
        hashes = erased_hashes(connection)
    if not hashes:
        return None
    secrets = link_secrets(shop.project.folder)
    return lambda values: among_erased(secrets, values, hashes)


def counted(report: PullReport) -> dict[str, dict[str, int]]:
    """The figures of a pull that a report shows, by table."""
    return {
        found.table: {name: int(getattr(found, name)) for name in COUNTED}
        for found in report.tables
    }


def counted_before(shop: Shop) -> dict[str, dict[str, int]]:
    """The same of the last pull, for a run that goes on after it waited."""
    with shop.engine.connect() as connection:
        found = runs.last_counts(connection, "pull")
    return {
        table: {name: int(counts[name]) for name in COUNTED}
        for table, counts in found.items()
        if isinstance(counts, dict) and set(COUNTED) <= counts.keys()
    }

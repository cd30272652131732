"""Telling a day: everything its page says, gathered from what the store holds."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from flows.reporting.facts import TALLIES, DayFacts, Figures, RunFacts, figures
from flows.reporting.words import say
from flows.stages import breaking, measuring, planning
from flows.stages.delivering import mails
from flows.stages.doubts_told import DoubtTold, in_doubt
from flows.stages.shop import Progress, Shop, quiet
from flows.store import day as days
from flows.store import pictures, review, runs, tasks
from segments.journey.calendar import day_start, local_day

MOST_DOUBTS = 200
"""Messages in doubt shown one by one; the others are counted."""

_FAR_BACK = timedelta(days=31)


def day(
    shop: Shop,
    now: datetime,
    *,
    pulled: Mapping[str, Mapping[str, int]] | None = None,
    notes: tuple[str, ...] = (),
    measured: RunFacts | None = None,
) -> DayFacts:
    """What the business day of `now` did, what the day before did, and what waits for somebody."""
    run = measuring.day(shop, now, pulled=pulled, notes=notes, measured=measured)
    policy = shop.project.policy
    since = day_start(local_day(now, policy.zone), policy.zone)
    with shop.engine.connect() as connection:
        orders = days.new_orders(connection, since, now)
        previous = runs.previous_run(connection, "plan", since - timedelta(microseconds=1))
    doubts, groups = in_doubt(shop, now, limit=MOST_DOUBTS)
    with shop.engine.connect() as connection:
        open_tasks = tasks.listed(connection, now)
        waits = review.waiting(connection)
        funnels = pictures.funnel_counts(connection, now)
    late = tasks.deadlines(open_tasks, policy.zone) <= now
    lately = previous is not None and now - previous <= _FAR_BACK
    return DayFacts(
        run,
        figures(run.sends, run.entered, orders),
        _figures(shop, previous) if lately and previous else None,
        previous if lately else None,
        funnels,
        waits,
        tuple(breaking.told(shop, now)),
        tuple(_without_people(each) for each in doubts),
        sum(group.number for group in groups),
        int(late.sum()),
        _page_of_mails(shop),
    )


def preview(shop: Shop, now: datetime, *, progress: Progress = quiet) -> DayFacts:
    """What a run as of `now` would decide; writes nothing."""
    run = measuring.preview(shop, now, planning.preview(shop, now, progress=progress))
    return DayFacts(run, figures(run.sends, run.entered, 0))


def _figures(shop: Shop, moment: datetime) -> Figures:
    """Those of the whole business day of `moment`."""
    zone = shop.project.policy.zone
    today = local_day(moment, zone)
    since = day_start(today, zone)
    until = day_start(today + timedelta(days=1), zone) - timedelta(microseconds=1)
    with shop.engine.connect() as connection:
        found = days.outcomes(connection, since, until)
        sums = {
            name: sum(found.get(outcome, 0) for outcome in outcomes)
            for name, outcomes in TALLIES.items()
        }
        return Figures(
            days.new_orders(connection, since, until),
            days.began(connection, since, until),
            sums["sent"],
            sums["ghosts"],
            sums["held_back"],
        )


def _without_people(doubt: DoubtTold) -> dict[str, str | int]:
    """As it may stand in Prefect's database: without the customer, and without any address."""
    locale = doubt.shop.project.policy.locale
    told = {name: value for name, value in doubt.told().items() if name != say("customer", locale)}
    return {
        name: say("shown_by", locale, n=doubt.row.send_id)
        if isinstance(value, str) and "@" in value
        else value
        for name, value in told.items()
    }


def _page_of_mails(shop: Shop) -> str:
    """The page of mails laid into a folder, as seen from the project."""
    if all(way.kind != "folder" for way in shop.project.settings.outlets.values()):
        return ""
    page = mails(shop) / "index.html"
    return str(page.relative_to(shop.project.folder)) if page.exists() else ""

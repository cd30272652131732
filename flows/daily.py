"""The daily flow: pull, respond, plan, deliver, measure, and one page that tells the day."""

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from flows import approval
from flows.alerts import watched
from flows.errors import DeliveryError, PipelineError
from flows.forms import AsOf, DryRun, asked
from flows.plan import decide_all
from flows.publish import OF_THE_DAY, publish_day, publish_preview
from flows.reporting.day_page import person_told, quiet_name
from flows.reporting.facts import DayFacts
from flows.reporting.summary import headline
from flows.stages.deciding import days_to_decide
from flows.stages.delivering import StaleSourceError
from flows.stages.pulling import counted, counted_before
from flows.stages.shop import Shop
from flows.states import done, refused, settled, speaking
from flows.tasks import (
    deliver_messages,
    draw_pictures,
    measure_effects,
    preview_day,
    pull_data,
    run_name,
    scheduled_for,
    sealed,
    shop_and_moment,
    take_in_responses,
    tell_day,
)


@flow(
    name="daily",
    flow_run_name=run_name,
    retries=0,
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
    validate_parameters=False,
)
@watched
@speaking
def daily(as_of: AsOf = None, dry_run: DryRun = False) -> State[Any]:
    """The whole day: data in, decisions, messages out, effects. Repeated, nothing goes twice."""
    form = asked(as_of, dry_run)
    with shop_and_moment(form.as_of) as (shop, now):
        locale = shop.project.policy.locale
        if form.dry_run:
            decided = settled(preview_day(sealed(shop), now))
            return done(publish_preview(decided, locale), name=quiet_name(decided, locale))
        told = approval.answered(shop)
        if told is None:
            moments = days_to_decide(shop, now) if scheduled_for() else [now]
            day, unsent = _live_through(shop, now, moments, ticking=not form.as_of)
            # What cannot be sent now needs no decision yet.
            told = approval.ask(shop) if unsent is None else []
        else:
            day, unsent = _send(shop, now, counted_before(shop), ticking=not form.as_of)
    if unsent is not None:
        return refused(unsent)
    more = ". ".join(filter(None, [*told, person_told(day, locale)]))
    return done(headline(day.run, locale), more=more, name=quiet_name(day, locale))


def _live_through(
    shop: Shop, now: datetime, moments: list[datetime], *, ticking: bool
) -> tuple[DayFacts, PipelineError | None]:
    """All stages in order, deciding as of each moment; what stops the sending does not stop the
    measuring.
    """
    report = settled(pull_data(sealed(shop), now))
    settled(take_in_responses(sealed(shop), now))
    for moment in moments:
        decide_all(shop, moment)
    return _send(shop, now, counted(report), ticking=ticking)


def _send(
    shop: Shop, now: datetime, pulled: dict[str, dict[str, int]], *, ticking: bool
) -> tuple[DayFacts, PipelineError | None]:
    """Hand over what may go, and tell the day."""
    unsent: PipelineError | None = None
    try:
        settled(deliver_messages(sealed(shop), now, ticking=ticking))
    except (StaleSourceError, DeliveryError) as error:
        unsent = error
    measured = sealed(settled(measure_effects(sealed(shop), now)))
    notes = (str(unsent),) if unsent else ()
    day = settled(tell_day(sealed(shop), now, pulled, notes, measured))
    pictures = settled(draw_pictures(sealed(shop), now, OF_THE_DAY, measured))
    publish_day(day, pictures, shop.project.policy.locale)
    return day, unsent

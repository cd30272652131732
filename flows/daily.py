"""The daily flow: pull, respond, plan, deliver, measure, and one page that tells the day."""

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from flows.errors import DeliveryError, PipelineError
from flows.plan import decide_all
from flows.publish import publish_day
from flows.reporting.facts import RunFacts
from flows.stages import measuring, planning
from flows.stages.deciding import days_to_decide
from flows.stages.delivering import StaleSourceError
from flows.stages.pulling import counted
from flows.stages.shop import Shop
from flows.tasks import (
    deliver_messages,
    done,
    measure_effects,
    pull_data,
    refused,
    run_name,
    scheduled_for,
    sealed,
    settled,
    shop_and_moment,
    take_in_responses,
    tell_day,
)


@flow(
    name="daily",
    flow_run_name=run_name,
    retries=0,
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
)
def daily(as_of: str | None = None, dry_run: bool = False) -> State[Any]:
    """The whole day: data in, decisions, messages out, effects. A second run sends nothing twice.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
        dry_run: pull nothing, write nothing, only show what would be decided
    """
    try:
        unsent: PipelineError | None = None
        with shop_and_moment(as_of) as (shop, now):
            if dry_run:
                facts = measuring.preview(shop, now, planning.preview(shop, now))
            else:
                moments = days_to_decide(shop, now) if scheduled_for() else [now]
                facts, unsent = _live_through(shop, now, moments, ticking=not as_of)
    except PipelineError as error:
        return refused(error)
    said = publish_day(facts, shop.project.policy.locale)
    if unsent is not None:
        return refused(unsent)
    return done(said, nothing=facts.sends.empty)


def _live_through(
    shop: Shop, now: datetime, moments: list[datetime], *, ticking: bool
) -> tuple[RunFacts, PipelineError | None]:
    """All stages in order, deciding as of each moment; what stops the sending does not stop the
    measuring.
    """
    report = settled(pull_data(sealed(shop), now))
    settled(take_in_responses(sealed(shop), now))
    for moment in moments:
        decide_all(shop, moment)
    unsent: PipelineError | None = None
    try:
        settled(deliver_messages(sealed(shop), now, ticking=ticking))
    except (StaleSourceError, DeliveryError) as error:
        unsent = error
    settled(measure_effects(sealed(shop), now))
    notes = (str(unsent),) if unsent else ()
    return settled(tell_day(sealed(shop), now, counted(report), notes)), unsent

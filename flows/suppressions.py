"""The suppressions flow: whom SendGrid holds back, we hold back, whatever its webhook told."""

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.stages import suppressing
from flows.stages.shop import Shop
from flows.stages.suppressing import ListsReport
from flows.tasks import (
    done,
    progress_bar,
    refused,
    refusing,
    run_name,
    sealed,
    settled,
    shop_and_moment,
)
from flows.trying import DELAYS, TRIES, may_pass


@task(
    name="suppressions",
    task_run_name="read the lists of SendGrid",
    cache_policy=NO_CACHE,
    retries=TRIES,
    retry_delay_seconds=DELAYS,
    retry_condition_fn=may_pass,
)
@refusing
def take_in_lists(shop: Shop, now: Any) -> ListsReport:
    """Read each list from a day before the last time on."""
    bar = progress_bar("suppressions", "Lists of SendGrid read")
    return suppressing.read_lists(shop, now, progress=bar)


@flow(name="suppressions", flow_run_name=run_name)
def suppressions(as_of: str | None = None) -> State[Any]:
    """Suppress whom SendGrid holds back: bounces, complaints, invalid addresses, unsubscribes.

    The net for events that were lost. Reading the same lists again changes nothing.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            report = settled(take_in_lists(sealed(shop), now))
    except PipelineError as error:
        return refused(error)
    return done(f"{report.total} addresses suppressed, {sum(report.read.values())} read")

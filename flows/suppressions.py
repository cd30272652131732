"""The suppressions flow: whom SendGrid holds back, we hold back, whatever its webhook told."""

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.alerts import watched
from flows.forms import AsOf, asked
from flows.publish import publish_stage
from flows.stages import pages, suppressing
from flows.stages.shop import Shop
from flows.stages.suppressing import ListsReport
from flows.states import refusing, settled, speaking
from flows.tasks import progress_bar, run_name, sealed, shop_and_moment
from flows.trying import AGAIN


@task(
    name="suppressions",
    task_run_name="read the lists of SendGrid",
    cache_policy=NO_CACHE,
    **AGAIN,
)
@refusing
def take_in_lists(shop: Shop, now: datetime) -> ListsReport:
    """Read each list from a day before the last time on."""
    return suppressing.read_lists(shop, now, progress=progress_bar(shop, "suppressions"))


@flow(name="suppressions", flow_run_name=run_name, validate_parameters=False)
@watched
@speaking
def suppressions(as_of: AsOf = None) -> State[Any]:
    """Suppress whom SendGrid holds back: bounces, complaints, invalid addresses, unsubscribes.

    The net for events that were lost. Reading the same lists again changes nothing.
    """
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        report = settled(take_in_lists(sealed(shop), now))
    return publish_stage("suppressions", pages.lists_read(report, shop.project.policy.locale))

"""The retention flow: records older than the policy allows go."""

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.alerts import watched
from flows.forms import AsOf, asked
from flows.publish import publish_stage
from flows.stages import pages, retaining
from flows.stages.retaining import RetentionReport
from flows.stages.shop import Shop
from flows.states import refusing, settled, speaking
from flows.tasks import progress_bar, run_name, sealed, shop_and_moment


@task(name="retention", task_run_name="let go what is too old", cache_policy=NO_CACHE)
@refusing
def let_go(shop: Shop, now: datetime) -> RetentionReport:
    """Let go what is too old, kind by kind."""
    return retaining.retain(shop, now, progress=progress_bar(shop, "retention"))


@flow(name="retention", flow_run_name=run_name, validate_parameters=False)
@watched
@speaking
def retention(as_of: AsOf = None) -> State[Any]:
    """Delete what policy.yaml (retention:) no longer lets us keep. Safe to repeat."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        report = settled(let_go(sealed(shop), now))
    return publish_stage("retention", pages.retained(report, shop.project.policy.locale))

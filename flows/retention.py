"""The retention flow: records older than the policy allows go."""

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.retaining import told
from flows.stages import retaining
from flows.stages.retaining import RetentionReport
from flows.stages.shop import Shop
from flows.tasks import done, refused, refusing, run_name, sealed, settled, shop_and_moment


@task(name="retention", task_run_name="let go what is too old", cache_policy=NO_CACHE)
@refusing
def let_go(shop: Shop, now: datetime) -> RetentionReport:
    """Let go what is too old, kind by kind."""
    return retaining.retain(shop, now)


@flow(name="retention", flow_run_name=run_name)
def retention(as_of: str | None = None) -> State[Any]:
    """Delete what policy.yaml (retention:) no longer lets us keep. Safe to repeat.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            report = settled(let_go(sealed(shop), now))
    except PipelineError as error:
        return refused(error)
    return done(told(report))

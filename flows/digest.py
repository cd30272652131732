"""The digest flow: each colleague learns in the morning what the day is about."""

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.stages import digesting
from flows.stages.digesting import DigestReport
from flows.stages.shop import Shop
from flows.tasks import done, refused, refusing, run_name, sealed, settled, shop_and_moment


@task(name="digest", task_run_name="tell colleagues what is due", cache_policy=NO_CACHE)
@refusing
def send_digests(shop: Shop, now: Any) -> DigestReport:
    """Send today's digests; whoever has had it gets none."""
    return digesting.digest(shop, now)


@flow(name="digest", flow_run_name=run_name)
def digest(as_of: str | None = None) -> State[Any]:
    """Mail every colleague their tasks, replies and complaints. Once a day, however often it runs.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            report = settled(send_digests(sealed(shop), now))
    except PipelineError as error:
        return refused(error)
    return done(f"{len(report.sent)} digests sent", nothing=not report.sent)

"""The digest flow: each colleague learns in the morning what the day is about."""

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows.alerts import watched
from flows.forms import AsOf, asked
from flows.publish import publish_stage
from flows.stages import digesting, pages
from flows.stages.digesting import DigestReport
from flows.stages.shop import Shop
from flows.states import refusing, settled, speaking
from flows.tasks import run_name, sealed, shop_and_moment


@task(name="digest", task_run_name="tell colleagues what is due", cache_policy=NO_CACHE)
@refusing
def send_digests(shop: Shop, now: datetime) -> DigestReport:
    """Send today's digests; whoever has had it gets none."""
    return digesting.digest(shop, now)


@flow(name="digest", flow_run_name=run_name, validate_parameters=False)
@watched
@speaking
def digest(as_of: AsOf = None) -> State[Any]:
    """Mail every colleague their tasks, replies and complaints; once a day, often as it may run."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        report = settled(send_digests(sealed(shop), now))
    return publish_stage("digest", pages.digested(report, shop.project.policy.locale))

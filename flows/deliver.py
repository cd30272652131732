"""The deliver flow: what is queued goes out."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import clock
from flows.alerts import watched
from flows.forms import AsOf, asked
from flows.publish import publish_stage
from flows.resuming import go_on
from flows.stages import pages
from flows.states import settled, speaking
from flows.tasks import deliver_messages, run_name, sealed, shop_and_moment


@flow(name="deliver", flow_run_name=run_name, retries=0, validate_parameters=False)
@watched
@speaking
def deliver(as_of: AsOf = None) -> State[Any]:
    """Hand over every message that is due and still permitted. Safe to run at any time."""
    wanted = asked(as_of).as_of
    with shop_and_moment(wanted) as (shop, now):
        report = settled(deliver_messages(sealed(shop), now, ticking=wanted is None))
        go_on(shop.engine, clock.now())
    return publish_stage("deliver", pages.delivered(report, shop.project.policy.locale))

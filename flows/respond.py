"""The respond flow: what came back finds its send."""

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
from flows.tasks import run_name, sealed, shop_and_moment, take_in_responses


@flow(name="respond", flow_run_name=run_name, validate_parameters=False)
@watched
@speaking
def respond(as_of: AsOf = None) -> State[Any]:
    """Take in the files of the inbox. The same event twice changes nothing."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        report = settled(take_in_responses(sealed(shop), now))
        go_on(shop.engine, clock.now())
    return publish_stage("respond", pages.answered(report, shop.project.policy.locale))

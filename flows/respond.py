"""The respond flow: what came back finds its send."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.forms import AsOf, asked
from flows.publish import publish_stage
from flows.stages import pages
from flows.states import settled, speaking
from flows.tasks import run_name, sealed, shop_and_moment, take_in_responses


@flow(name="respond", flow_run_name=run_name, validate_parameters=False)
@speaking
def respond(as_of: AsOf = None) -> State[Any]:
    """Take in the files of the inbox. The same event twice changes nothing."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        report = settled(take_in_responses(sealed(shop), now))
    return publish_stage("respond", pages.answered(report, shop.project.policy.locale))

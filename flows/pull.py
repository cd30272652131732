"""The pull flow: the company's data comes in."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.alerts import watched
from flows.forms import AsOf, asked
from flows.publish import publish_stage
from flows.stages import pages
from flows.states import settled, speaking
from flows.tasks import pull_data, run_name, sealed, shop_and_moment


@flow(name="pull", flow_run_name=run_name, validate_parameters=False)
@watched
@speaking
def pull(as_of: AsOf = None) -> State[Any]:
    """Bring in the tables of sources.yaml. A second pull of the same data changes nothing."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        report = settled(pull_data(sealed(shop), now))
    return publish_stage("pull", pages.pulled(report, now, shop.project.policy.locale))

"""The pull flow: the company's data comes in."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.stages.pulling import told
from flows.tasks import done, pull_data, refused, run_name, sealed, settled, shop_and_moment


@flow(name="pull", flow_run_name=run_name)
def pull(as_of: str | None = None) -> State[Any]:
    """Bring in the tables of sources.yaml. A second pull of the same data changes nothing.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            report = settled(pull_data(sealed(shop), now))
    except PipelineError as error:
        return refused(error)
    return done(told(report))

"""The respond flow: what came back finds its send."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.tasks import done, refused, run_name, sealed, settled, shop_and_moment, take_in_responses


@flow(name="respond", flow_run_name=run_name)
def respond(as_of: str | None = None) -> State[Any]:
    """Take in the files of the inbox. The same event twice changes nothing.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            report = settled(take_in_responses(sealed(shop), now))
    except PipelineError as error:
        return refused(error)
    return done(f"{sum(report.new.values())} responses, {report.orders} orders attributed")

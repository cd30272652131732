"""The deliver flow: what is queued goes out."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.stages.told import told
from flows.tasks import deliver_messages, done, refused, run_name, sealed, settled, shop_and_moment


@flow(name="deliver", flow_run_name=run_name, retries=0)
def deliver(as_of: str | None = None) -> State[Any]:
    """Hand over every message that is due and still permitted. Safe to run at any time.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            report = settled(deliver_messages(sealed(shop), now, ticking=as_of is None))
    except PipelineError as error:
        return refused(error)
    said = told(report, shop.project.policy.locale)
    return done("; ".join(said), nothing=not (report.handed_over or report.waiting))

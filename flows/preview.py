"""The preview flow: what would be decided now, on a page to read; nothing is written or sent."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.publish import publish_day
from flows.stages import measuring, planning
from flows.tasks import done, refused, run_name, shop_and_moment


@flow(name="preview", flow_run_name=run_name)
def preview(as_of: str | None = None) -> State[Any]:
    """Show what the day would decide. Pulls nothing, writes nothing, sends nothing.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            facts = measuring.preview(shop, now, planning.preview(shop, now))
    except PipelineError as error:
        return refused(error)
    return done(publish_day(facts, shop.project.policy.locale), nothing=facts.sends.empty)

"""The measure flow: did it help?"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.errors import PipelineError
from flows.publish import publish_effect_summary, publish_pictures
from flows.tasks import (
    done,
    draw_pictures,
    measure_effects,
    refused,
    run_name,
    sealed,
    settled,
    shop_and_moment,
)


@flow(name="measure", flow_run_name=run_name)
def measure(as_of: str | None = None) -> State[Any]:
    """Compare treated and held-out customers of every journey.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            facts = settled(measure_effects(sealed(shop), now))
            said = publish_effect_summary(facts, shop.project.policy.locale)
            publish_pictures(settled(draw_pictures(sealed(shop), now)))
    except PipelineError as error:
        return refused(error)
    return done(said)

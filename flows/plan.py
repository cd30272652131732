"""The plan flow: who is due what, and why."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from flows.errors import PipelineError
from flows.publish import publish_skips
from flows.reporting.summary import headline
from flows.stages import measuring, planning
from flows.stages.deciding import deciding
from flows.stages.shop import Shop
from flows.tasks import done, plan_everybody, refused, run_name, shop_and_moment


@flow(
    name="plan",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
)
def plan(as_of: str | None = None, dry_run: bool = False) -> State[Any]:
    """Decide about every customer and queue what is due. Nothing is decided twice.

    Args:
        as_of: a day of the past such as 2026-11-18; today if empty
        dry_run: only show what would be decided
    """
    try:
        with shop_and_moment(as_of) as (shop, now):
            if dry_run:
                facts = measuring.preview(shop, now, planning.preview(shop, now))
            else:
                decide_all(shop, now)
                facts = measuring.day(shop, now)
    except PipelineError as error:
        return refused(error)
    locale = shop.project.policy.locale
    publish_skips(facts, locale)
    return done(headline(facts, locale), nothing=facts.sends.empty)


def decide_all(shop: Shop, now: Any) -> None:
    """Plan every shard inside one noted run."""
    with deciding(shop, now) as (run_id, counts):
        counts |= plan_everybody(shop, now, run_id)

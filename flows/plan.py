"""The plan flow: who is due what, and why."""

from datetime import datetime
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.task_runners import ThreadPoolTaskRunner

from flows.alerts import watched
from flows.forms import AsOf, DryRun, asked
from flows.publish import publish_plan, publish_preview
from flows.reporting.day_page import person_told, quiet_name
from flows.reporting.summary import headline
from flows.scaling import plan_everybody
from flows.stages.deciding import deciding
from flows.stages.shop import Shop
from flows.states import done, settled, speaking
from flows.tasks import preview_day, run_name, sealed, shop_and_moment, tell_day


@flow(
    name="plan",
    flow_run_name=run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=4),  # type: ignore[arg-type]
    validate_parameters=False,
)
@watched
@speaking
def plan(as_of: AsOf = None, dry_run: DryRun = False) -> State[Any]:
    """Decide about every customer and queue what is due. Nothing is decided twice."""
    form = asked(as_of, dry_run)
    with shop_and_moment(form.as_of) as (shop, now):
        locale = shop.project.policy.locale
        if form.dry_run:
            day = settled(preview_day(sealed(shop), now))
            return done(publish_preview(day, locale), name=quiet_name(day, locale))
        decide_all(shop, now)
        day = settled(tell_day(sealed(shop), now, {}, ()))
    publish_plan(day, locale)
    return done(
        headline(day.run, locale), more=person_told(day, locale), name=quiet_name(day, locale)
    )


def decide_all(shop: Shop, now: datetime) -> None:
    """Plan every shard inside one noted run."""
    with deciding(shop, now) as (run_id, counts):
        counts |= plan_everybody(shop, now, run_id)

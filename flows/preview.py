"""The preview flow: what would be decided now, on a page to read; nothing is written or sent."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.forms import AsOf, asked
from flows.publish import publish_preview
from flows.reporting.day_page import quiet_name
from flows.states import done, settled, speaking
from flows.tasks import preview_day, run_name, sealed, shop_and_moment


@flow(name="preview", flow_run_name=run_name, validate_parameters=False)
@speaking
def preview(as_of: AsOf = None) -> State[Any]:
    """Show what the day would decide. Pulls nothing, writes nothing, sends nothing."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        day = settled(preview_day(sealed(shop), now))
    locale = shop.project.policy.locale
    return done(publish_preview(day, locale), name=quiet_name(day, locale))

"""The measure flow: did it help?"""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.alerts import watched
from flows.forms import AsOf, asked
from flows.publish import publish_effect_page, publish_pictures
from flows.reporting.subjects import Subject
from flows.states import done, settled, speaking
from flows.tasks import draw_pictures, measure_effects, run_name, sealed, shop_and_moment


@flow(name="measure", flow_run_name=run_name, validate_parameters=False)
@watched
@speaking
def measure(as_of: AsOf = None) -> State[Any]:
    """Compare treated and held-out customers of every journey."""
    with shop_and_moment(asked(as_of).as_of) as (shop, now):
        facts = settled(measure_effects(sealed(shop), now))
        said = publish_effect_page(facts, shop.project.policy.locale)
        pictures = draw_pictures(sealed(shop), now, frozenset(Subject), sealed(facts))
        publish_pictures(settled(pictures))
    return done(said)

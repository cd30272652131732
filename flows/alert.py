"""The alert flow: what an automation noticed is noted, told once, and mailed to the team."""

from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import clock
from flows.alerts import emit
from flows.errors import PipelineError
from flows.reporting.words import say
from flows.stages import alerting
from flows.stages.alerting import Cause
from flows.stages.shop import Shop
from flows.store import alerting as store
from flows.store.alerting import Alert
from flows.store.session import reading
from flows.tasks import done, refused, refusing, sealed, settled, shop_and_moment
from segments.names import AlertKind


@task(name="mail alert", task_run_name="mail the alert", cache_policy=NO_CACHE)
@refusing
def mail_alert(shop: Shop, alert: Alert, now: Any, *, over: bool) -> int:
    """Mail it to everybody in settings.yaml."""
    return alerting.mail(shop, alert, now, over=over)


@flow(name="alert", flow_run_name="alert: {kind} {subject}")
def alert(kind: str = "", subject: str = "", said: str = "", over: str = "") -> State[Any]:
    """Tell the team what needs a person. Automations of the server start it.

    Args:
        kind: what happened, such as run_failed
        subject: to what, such as the name of a deployment
        said: the sentence people are told
        over: not empty when it is over
    """
    try:
        with shop_and_moment(None) as (shop, _):
            now = clock.now()
            known = _known(shop, Cause(AlertKind(kind), subject, said), over=bool(over))
            locale = shop.project.policy.locale
            if known is None:
                return done(say("alert_sent", locale, n=0))
            number = settled(mail_alert(sealed(shop), sealed(known), now, over=bool(over)))
    except PipelineError as error:
        return refused(error)
    return done(say("alert_sent", locale, n=number))


def _known(shop: Shop, cause: Cause, *, over: bool) -> Alert | None:
    """The alert to mail; None if that was done. One only the server noticed is noted here first."""
    if not over and cause.kind in (*alerting.OF_RUNS, AlertKind.RUN_MISSING):
        begun = alerting.begin(shop, cause, clock.now())
        if begun is not None and cause.kind == AlertKind.RUN_FAILED:
            # Of crashed and missing runs the server tells the webhook itself.
            emit(shop, begun, over=False)
    with reading(shop.engine) as connection:
        found = store.latest(connection, cause.kind, cause.subject)
    if found is None or (found.mailed_at is None) == over:
        return None
    return found

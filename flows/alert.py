"""The alert flow: what an automation noticed is noted, told once, and mailed to the team."""

from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from flows import clock
from flows.errors import ConfigError
from flows.reporting.words import say
from flows.stages import alerting
from flows.stages.alerting import Cause
from flows.stages.shop import Shop
from flows.states import done, refusing, settled, speaking
from flows.store import alerting as store
from flows.store.alerting import Alert
from flows.store.session import reading
from flows.tasks import sealed, shop_and_moment
from segments.names import AlertKind


@task(name="mail alert", task_run_name="mail the alert", cache_policy=NO_CACHE)
@refusing
def mail_alert(shop: Shop, alert: Alert, now: datetime, *, over: bool) -> int:
    """Mail it to everybody in settings.yaml."""
    return alerting.mail(shop, alert, now, over=over)


@flow(name="alert", flow_run_name="alert: {kind} {subject}")
@speaking
def alert(kind: str = "", subject: str = "", said: str = "", over: str = "") -> State[Any]:
    """Tell the team what needs a person. Automations of the server start it."""
    with shop_and_moment(None) as (shop, now):
        known = _known(shop, Cause(_kind(kind), subject, said), over=bool(over))
        locale = shop.project.policy.locale
        if known is None:
            return done(say("alert_sent", locale, n=0))
        number = settled(mail_alert(sealed(shop), sealed(known), now, over=bool(over)))
    return done(say("alert_sent", locale, n=number))


def _kind(word: str) -> AlertKind:
    try:
        return AlertKind(word)
    except ValueError:
        there = ", ".join(AlertKind)
        raise ConfigError.at("kind", f'"{word}" is none. There are: {there}') from None


def _known(shop: Shop, cause: Cause, *, over: bool) -> Alert | None:
    """The alert to mail; None if that was done. One only the server noticed is noted here first."""
    if not over and cause.kind in (*alerting.OF_RUNS, AlertKind.RUN_MISSING):
        alerting.begin(shop, cause, clock.now())
    with reading(shop.engine) as connection:
        found = store.latest(connection, cause.kind, cause.subject)
    if found is None or (found.mailed_at is None) == over:
        return None
    return found

"""`stammkunde alerts`: what needs a person, and telling people of it without Prefect."""

from pathlib import Path

import httpx
import typer

from flows import clock
from flows.errors import ConfigError, PipelineError
from flows.plain import print_tables
from flows.reporting.standing import local
from flows.reporting.words import say, word
from flows.stages import alerting
from flows.stages.shop import Shop, opened
from flows.store import alerting as store
from flows.store.alerting import Alert
from flows.store.session import reading, writing
from segments.names import AlertKind, Locale

_PATIENCE = 15.0


def list_alerts(folder: Path) -> None:
    """What needs a person at this moment, and who is told."""
    from flows.deploying import alerts_told

    with opened(folder) as shop:
        alerting.look(shop, clock.now())
        locale: Locale = shop.project.policy.locale
        with reading(shop.engine) as connection:
            found = store.standing(connection)
        typer.echo(alerts_told(shop.project))
        if not found:
            typer.echo(say("alert_none_standing", locale))
            return
        zone = shop.project.policy.zone
        print_tables(
            [
                [
                    {
                        say("alert_kind", locale): word(AlertKind, each.kind, locale),
                        say("alert_of", locale): each.subject,
                        say("alert_since", locale): local(each.since, zone),
                        say("alert_said", locale): each.said,
                    }
                    for each in found
                ]
            ]
        )


def send_alerts(folder: Path) -> None:
    """Look, and tell people at once what nobody was told yet. Needs no Prefect."""
    with opened(folder) as shop:
        alerts = shop.project.settings.alerts
        if alerts is None or not alerts.ways:
            raise ConfigError.at(
                "config/settings.yaml", 'nobody is to be told: write "alerts:" with "to:" first'
            )
        address = alerts.address()
        alerting.look(shop, clock.now())
        with reading(shop.engine) as connection:
            untold = store.untold(connection)
        failed = [
            why
            for each, over in untold
            if (why := _tell(shop, each, address, over=over)) is not None
        ]
        typer.echo(say("alert_sent", shop.project.policy.locale, n=len(untold) - len(failed)))
        if failed:
            raise PipelineError(f"{len(failed)} alerts did not go through: {failed[0]}")


def _tell(shop: Shop, alert: Alert, address: str | None, *, over: bool) -> str | None:
    """Tell it by every way there is; why that failed, if it failed by all."""
    went, why = False, ""
    now = clock.now()
    try:
        went = bool(alerting.mail(shop, alert, now, over=over))
    except PipelineError as error:
        why = str(error)
    if address is not None:
        said = alerting.posted(alert, shop.project.policy.locale, over=over)
        try:
            httpx.post(address, json=said, timeout=_PATIENCE).raise_for_status()
            went = True
        except httpx.HTTPError as error:
            # The address may hold a token, and the error names it.
            why = why or f"the webhook: {type(error).__name__}"
    if not went:
        return why
    with writing(shop.engine) as connection:
        store.note_told(connection, alert.id, now, over=over)
    return None

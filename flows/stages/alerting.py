"""Alerts: what needs a person is noticed once, told once, and told once more when it is over."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import Connection

from flows.alert_settings import AlertSettings
from flows.config import Project
from flows.crons import read_cron
from flows.errors import ConfigError, DeliveryError, Fault, MessageError
from flows.messages.explain import TemplateError
from flows.messages.library import Library
from flows.messages.notice import Colleague, notice
from flows.messages.sample import AT
from flows.outgoing import Outgoing
from flows.reporting.figures import count
from flows.reporting.standing import local, named, reason, sentence
from flows.reporting.words import say, word
from flows.stages.delivering import letterhead
from flows.stages.letters import hand_over
from flows.stages.shop import Shop
from flows.stages.ways import Ways
from flows.store import alerting as store
from flows.store import halts, runs, tasks
from flows.store.alerting import Alert
from flows.store.session import reading, writing
from segments.names import AlertKind, HaltCause, Locale, NoticeKind, Outcome, Purpose

STAGE = {"daily": "plan"}
"""The stage by which the store knows that a flow ran, where it is called otherwise."""

OF_RUNS = (AlertKind.RUN_FAILED, AlertKind.RUN_CRASHED)
"""What only those know who see runs end: a later one that ends well is the end of it."""

_LONGEST = 400


@dataclass(frozen=True)
class Cause:
    """Something that needs a person, of what, and how it is told."""

    kind: AlertKind
    subject: str
    said: str


def look(shop: Shop, now: datetime, effects: pd.DataFrame | None = None) -> None:
    """Note what needs a person and what does no more, as far as the store knows it.

    Comparisons are looked at where what they brought (`effects`) is at hand.
    """
    alerts = shop.project.settings.alerts
    if alerts is None or not alerts.ways:
        return
    looked_at = set(alerts.kinds) - set(OF_RUNS)
    if effects is None:
        looked_at.discard(AlertKind.SAMPLE_RATIO)
    with reading(shop.engine) as connection:
        found = {
            (cause.kind, cause.subject): cause
            for cause in causes(shop, connection, alerts, now, effects)
            if cause.kind in looked_at
        }
        before = {(each.kind, each.subject): each for each in store.standing(connection, looked_at)}
    if found.keys() == before.keys():
        return
    with writing(shop.engine) as connection:
        for what in found.keys() - before.keys():
            cause = found[what]
            store.begin(connection, cause.kind, cause.subject, cause.said, now)
        for what in before.keys() - found.keys():
            store.end(connection, before[what].id, now)


def begin(shop: Shop, cause: Cause, now: datetime) -> None:
    """Note what a server noticed, and told whoever is told without a mail."""
    with writing(shop.engine) as connection:
        begun = store.begin(connection, cause.kind, cause.subject, cause.said[:_LONGEST], now)
        if begun is not None:
            store.note_told(connection, begun.id, now, over=False)


def went_well(shop: Shop, deployment: str, now: datetime) -> None:
    """A run of this deployment ended well: whatever was the matter with its runs is over."""
    with reading(shop.engine) as connection:
        kinds = (*OF_RUNS, AlertKind.RUN_MISSING)
        mine = [each for each in store.standing(connection, kinds) if each.subject == deployment]
    if mine:
        with writing(shop.engine) as connection:
            for each in mine:
                store.end(connection, each.id, now)


def causes(
    shop: Shop,
    connection: Connection,
    alerts: AlertSettings,
    now: datetime,
    effects: pd.DataFrame | None = None,
) -> list[Cause]:
    """All that needs a person at this moment, as far as the store knows it."""
    return [
        *_stopped(shop, connection, now),
        *_stale(shop, connection, now),
        *_overdue(shop, connection, alerts, now),
        *_slow(shop, connection, alerts, now),
        *_missing(shop, connection, alerts, now),
        *_ratios(shop, effects),
    ]


def mail(shop: Shop, alert: Alert, now: datetime, *, over: bool) -> int:
    """Mail an alert to everybody in settings.yaml; how many got it.

    Raises `DeliveryError` after all were tried, if somebody's could not be handed over.
    """
    project = shop.project
    alerts = project.settings.alerts
    if alerts is None or not alerts.to:
        return 0
    library = Library.open(project.templates)
    name = project.settings.way_of(Purpose.SERVICE)
    failed = []
    most_failures = project.policy.sending.provider_errors
    with Ways(project.settings, project.folder, most_failures=most_failures) as ways:
        for number, address in enumerate(alerts.to):
            made = _letter(project, library, alert, address, number, now, over=over)
            receipt = hand_over(ways, name, made, now)
            if receipt.outcome != Outcome.ACCEPTED:
                failed.append(receipt.detail or str(receipt.outcome))
    if len(failed) < len(alerts.to):
        with writing(shop.engine) as connection:
            store.note_mailed(connection, alert.id, now)
    if failed:
        raise DeliveryError(f"{len(failed)} of {len(alerts.to)} alerts did not go: {failed[0]}")
    return len(alerts.to)


def faults(project: Project) -> list[Fault]:
    """What is wrong with the templates of alerts, where any are mailed; tried with one of each."""
    alerts = project.settings.alerts
    if alerts is None or not alerts.to:
        return []
    alert = Alert(1, AlertKind.RUN_FAILED, "subject", "text", AT, None, None, None)
    try:
        library = Library.open(project.templates)
        for over in (False, True):
            _letter(project, library, alert, alerts.to[0], 0, AT, over=over)
    except TemplateError as error:
        return [error.fault]
    except MessageError as error:
        return [Fault("config/settings.yaml", 0, str(error))]
    except ConfigError as error:
        return error.faults
    return []


def posted(alert: Alert, locale: Locale, *, over: bool) -> dict[str, Any]:
    """What a webhook is told."""
    said = say("alert_over", locale, said=alert.said) if over else alert.said
    return {
        "text": f"Stammkunde: {said}",
        "kind": alert.kind.value,
        "subject": alert.subject,
        "over": over,
    }


def _letter(
    project: Project,
    library: Library,
    alert: Alert,
    address: str,
    number: int,
    now: datetime,
    *,
    over: bool,
) -> Outgoing:
    locale = project.policy.locale
    said: dict[str, Any] = {
        "what": word(AlertKind, alert.kind, locale),
        "subject": alert.subject,
        "said": alert.said,
        "since": alert.since.isoformat(),
        "over": over,
    }
    # Each mail has a number of its own, so that mail programs show every one.
    to = Colleague(f"alert-{alert.id}-{number}-{over}", project.senders.name, address)
    return notice(library, NoticeKind.ALERT, to, said, letterhead(project), now)


def _stopped(shop: Shop, connection: Connection, now: datetime) -> list[Cause]:
    """What stands still, unless somebody wanted it to."""
    locale = shop.project.policy.locale
    still = halts.open_halts(connection, now)
    found = [*still.journeys.values(), *still.outlets.values()]
    return [
        Cause(
            AlertKind.BREAKER_OPEN,
            each.journey or str(each.outlet),
            sentence(f"{named(each.journey, each.outlet, locale)}: {reason(each, locale)}"),
        )
        for each in found
        if each.cause != HaltCause.HAND
    ]


def _stale(shop: Shop, connection: Connection, now: datetime) -> list[Cause]:
    limit = shop.project.sources.max_age
    newest = runs.newest_order(connection, now)
    if newest is None or now - newest <= timedelta(days=limit.days):
        return []
    day = newest.astimezone(ZoneInfo(shop.project.policy.zone)).date()
    said = say("alert_source_stale", shop.project.policy.locale, day=day, limit=limit)
    return [Cause(AlertKind.SOURCE_STALE, "orders", said)]


def _overdue(
    shop: Shop, connection: Connection, alerts: AlertSettings, now: datetime
) -> list[Cause]:
    policy = shop.project.policy
    found = tasks.listed(connection, now, due_until=now)
    limit = now - timedelta(days=alerts.overdue_after.days)
    number = sum(1 for ends in tasks.deadlines(found, policy.zone) if ends <= limit)
    if not number:
        return []
    parts = {"n": count(number, policy.locale), "limit": alerts.overdue_after}
    return [
        Cause(AlertKind.TASKS_OVERDUE, "tasks", say("alert_tasks_overdue", policy.locale, **parts))
    ]


def _slow(shop: Shop, connection: Connection, alerts: AlertSettings, now: datetime) -> list[Cause]:
    policy = shop.project.policy
    since = store.waits_since(connection)
    dropped = [_changed(file) for file in (_inbox(shop)).glob("*.jsonl")]
    oldest = min([at for at in (since, *dropped) if at is not None], default=None)
    if oldest is None or now - oldest <= timedelta(days=alerts.unsubscribe_within.days):
        return []
    said = say("alert_unsubscribe_slow", policy.locale, since=local(oldest, policy.zone))
    return [Cause(AlertKind.UNSUBSCRIBE_SLOW, "respond", said)]


def _inbox(shop: Shop) -> Path:
    return shop.project.folder / shop.project.settings.inbox


def _changed(file: Path) -> datetime | None:
    """When a file was dropped; None if it has been taken in meanwhile."""
    with suppress(OSError):
        return datetime.fromtimestamp(file.stat().st_mtime, ZoneInfo("UTC"))
    return None


def _missing(
    shop: Shop, connection: Connection, alerts: AlertSettings, now: datetime
) -> list[Cause]:
    """Deployments whose schedule wanted a run that nobody has seen."""
    project = shop.project
    zone = project.deployments.zone or project.policy.zone
    first = store.first_run(connection)
    if first is None:
        return []
    ran = store.went_well(connection)
    by = now - timedelta(days=alerts.missing_after.days)
    found = []
    for each in project.deployments.deployments:
        if not each.starts or each.cron is None:
            continue
        last = ran.get(STAGE.get(each.runs, each.runs))
        wanted = next(read_cron(each.cron).moments(zone, last or first, by), None)
        if wanted is not None:
            locale = project.policy.locale
            parts = {
                "subject": project.deployments.called(each.name),
                "at": local(wanted, project.policy.zone),
                "last": local(last, project.policy.zone) if last else say("alert_never", locale),
            }
            said = say("alert_run_missing", locale, **parts)
            found.append(Cause(AlertKind.RUN_MISSING, parts["subject"], said))
    return found


def _ratios(shop: Shop, effects: pd.DataFrame | None) -> list[Cause]:
    if effects is None or effects.empty:
        return []
    titles: Mapping[str, str] = {
        name: program.journey.title for name, program in shop.project.journeys.items()
    }
    journeys = sorted(set(effects.loc[effects["ratio_alarm"].astype(bool), "journey"]))
    locale = shop.project.policy.locale
    return [
        Cause(
            AlertKind.SAMPLE_RATIO,
            name,
            say("alert_sample_ratio", locale, journey=titles.get(name, name)),
        )
        for name in journeys
    ]

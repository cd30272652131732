"""What a Prefect server does when something needs a person: it calls a webhook, and has mail go."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.blocks.webhook import Webhook
from prefect.client.orchestration import PrefectClient
from prefect.events.actions import CallWebhook, RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from flows import clock
from flows.alert_settings import AlertSettings
from flows.alerted import told_of
from flows.automations import automate
from flows.crons import read_cron
from flows.entries import ALERT, Entry
from flows.reporting.words import say
from flows.reporting.words_alerts import DE, EN
from segments.names import AlertKind, Locale

BLOCK = "stammkunde-alerts"
_OURS = "stammkunde: alert"
_EVENTS = "stammkunde."
_OVER = ".over"
_LOOK_AHEAD = timedelta(days=70)
_ENDED = "prefect.flow-run.*"
_SAID = "{{ event.payload.said }}"


async def register_alerts(
    client: PrefectClient, entries: Sequence[Entry], made: Mapping[str, UUID], folder: Path
) -> None:
    """Have the server tell what settings.yaml wants told, and nothing else any more."""
    alerts, locale = told_of(folder)
    wanted: list[AutomationCore] = []
    if alerts is not None and alerts.ways:
        hook = await _block(client, alerts.address())
        mailer = next((entry.name for entry in entries if entry.runs == ALERT), ALERT)
        ids = {name: made[name] for name in made if name != mailer}
        wanted = automations(alerts, locale, entries, ids, made.get(mailer), hook)
    for each in wanted:
        await automate(client, each)
    names = {each.name for each in wanted}
    for kept in await client.read_automations():
        if kept.name.startswith(_OURS) and kept.name not in names:
            await client.delete_automation(kept.id)
    if not wanted or alerts is None or alerts.webhook is None:
        await _forget_block(client)


def automations(
    alerts: AlertSettings,
    locale: Locale,
    entries: Sequence[Entry],
    deployments: Mapping[str, UUID],
    mailer: UUID | None,
    hook: UUID | None,
) -> list[AutomationCore]:
    """One for each way something is noticed."""
    found = []
    names = [f"{_EVENTS}{kind.value.replace('_', '-')}" for kind in alerts.kinds]
    events = {*names, *(name + _OVER for name in names)}
    from_event = {
        "kind": "{{ event.payload.kind }}",
        "subject": "{{ event.payload.subject }}",
        "said": _SAID,
        "over": "{% if event.payload.over %}over{% endif %}",
    }
    if hook is not None:
        parts = ("text", "kind", "subject", "over")
        told = ", ".join(f'"{each}": {{{{ event.payload.{each} | tojson }}}}' for each in parts)
        call = CallWebhook(block_document_id=hook, payload=f"{{{told}}}")
        found.append(_automation("webhook", _seen(events), [call]))
    if mailer is not None and alerts.to:
        found.append(_automation("mail", _seen(events), [_start(mailer, from_event)]))
    for kind, state in ((AlertKind.RUN_FAILED, "FAILED"), (AlertKind.RUN_CRASHED, "CRASHED")):
        if kind in alerts.kinds and deployments:
            why = "{{ flow_run.state.message or flow_run.state.name }}"
            # Straight from the server: where the project itself is broken, no flow can tell.
            actions = _actions(kind, "{{ deployment.name }}", why, locale, mailer, hook)
            trigger = _ended(state, deployments.values(), alerts.repeat_after.days)
            if actions:
                found.append(_automation(kind.value.replace("_", " "), trigger, actions))
    if AlertKind.RUN_MISSING in alerts.kinds:
        late = timedelta(days=alerts.missing_after.days)
        for entry in entries:
            if entry.enabled and entry.cron and entry.name in deployments:
                within = longest_gap(entry, clock.now()) + late
                actions = _actions(AlertKind.RUN_MISSING, entry.name, "", locale, mailer, hook)
                trigger = _silent(deployments[entry.name], within)
                if actions:
                    found.append(_automation(f"{entry.name} is missing", trigger, actions))
    described = {"description": say("does_alerts", locale)}
    return [each.model_copy(update=described) for each in found]


def longest_gap(entry: Entry, now: datetime) -> timedelta:
    """How long a schedule leaves between two starts at most."""
    starts = list(read_cron(entry.cron or "").moments(entry.zone, now, now + _LOOK_AHEAD))
    return max((after - before for before, after in pairwise(starts)), default=_LOOK_AHEAD)


def _automation(name: str, trigger: EventTrigger, actions: list[Any]) -> AutomationCore:
    return AutomationCore(
        name=f"{_OURS} {name}",
        trigger=trigger,
        actions=actions,
    )


def _seen(events: set[str]) -> EventTrigger:
    return EventTrigger(
        expect=events,
        match={"prefect.resource.id": f"{_EVENTS}*"},
        posture=Posture.Reactive,
        threshold=1,
    )


def _ended(state: str, deployments: Any, quiet_days: float) -> EventTrigger:
    """A run of these came into a state of this type, whatever it is called; once in so long."""
    return EventTrigger(
        expect={_ENDED},
        match={"prefect.resource.id": _ENDED, "prefect.state-type": state},
        match_related={
            "prefect.resource.id": [f"prefect.deployment.{each}" for each in deployments],
            "prefect.resource.role": "deployment",
        },
        for_each={"related:deployment:prefect.resource.id"},
        posture=Posture.Reactive,
        threshold=1,
        within=timedelta(days=quiet_days),
    )


def _silent(deployment: UUID, within: timedelta) -> EventTrigger:
    """After one that ended well no other did for so long: told once, until one does."""
    return EventTrigger(
        after={_ENDED},
        expect={_ENDED},
        match={"prefect.resource.id": _ENDED, "prefect.state-type": "COMPLETED"},
        match_related={
            "prefect.resource.id": f"prefect.deployment.{deployment}",
            "prefect.resource.role": "deployment",
        },
        for_each={"related:deployment:prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=within,
    )


def _actions(
    kind: AlertKind, subject: str, why: str, locale: Locale, mailer: UUID | None, hook: UUID | None
) -> list[Any]:
    words = DE if locale == Locale.DE else EN
    key = "alert_run_silent" if kind == AlertKind.RUN_MISSING else f"alert_{kind.value}"
    said = words[key].format(subject=subject, why=why)
    actions: list[Any] = []
    if hook is not None:
        # Messages of states may hold anything: the server writes them as JSON writes text.
        parts = {"kind": kind.value, "over": False}
        text = "{% set said %}" + said + "{% endset %}{% set of %}" + subject + "{% endset %}"
        text += '{"text": {{ ("Stammkunde: " ~ said) | tojson }}, "subject": {{ of | tojson }}, '
        actions.append(
            CallWebhook(block_document_id=hook, payload=text + json.dumps(parts).lstrip("{"))
        )
    if mailer is not None:
        asked = {"kind": kind.value, "subject": subject, "said": said, "over": ""}
        actions.append(_start(mailer, asked))
    return actions


def _start(mailer: UUID, parameters: dict[str, Any]) -> RunDeployment:
    return RunDeployment(source="selected", deployment_id=mailer, parameters=parameters)


async def _block(client: PrefectClient, address: str | None) -> UUID | None:
    """Where the server keeps the webhook's address, as a secret."""
    if address is None:
        return None
    block: Any = Webhook(
        url=address, headers={"Content-Type": "application/json"}, allow_private_urls=True
    )
    saved: UUID = await block.asave(BLOCK, overwrite=True, client=client)
    return saved


async def _forget_block(client: PrefectClient) -> None:
    try:
        kept = await client.read_block_document_by_name(BLOCK, Webhook.get_block_type_slug())
    except ObjectNotFound:
        return
    await client.delete_block_document(kept.id)

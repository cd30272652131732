"""`stammkunde deploy`: what starts when, registered on a Prefect server with a work pool."""

import asyncio
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from flows.config import Project, load
from flows.deployments import house_locale, load_deployments
from flows.entries import ALERT, Entry, alert_entry
from flows.errors import ConfigError, PipelineError
from flows.prefect_home import prepare
from flows.reaching import VARIABLE, needs_server, refused
from flows.reporting.words import say
from flows.settings import store_address

if TYPE_CHECKING:
    from flows.registering import Pool

KINDS = ("process", "docker", "kubernetes")

_INSTEAD = (
    "Start one, prefect server start, or correct the address; for one machine stammkunde up is "
    "enough"
)


@dataclass(frozen=True)
class Told:
    """What was registered, and which of ours were removed."""

    made: list[str]
    removed: list[str]


def entries_of(folder: Path) -> tuple[Project, list[Entry]]:
    """The project, and its deployments. Raises `ConfigError` for whatever is wrong with them."""
    project = load(folder)
    deployments, faults = load_deployments(folder)
    if faults:
        raise ConfigError(faults)
    zone = deployments.zone or project.policy.zone
    whose, locale = known_by(project, folder), project.policy.locale
    entries = [
        Entry(
            deployments.called(each.name),
            each.runs,
            each.cron,
            each.enabled,
            zone,
            each.told(zone, locale),
            whose,
            locale,
        )
        for each in deployments.deployments
    ]
    alerts = project.settings.alerts
    if alerts is not None and alerts.ways:
        # Said before anything starts, where the variable with the address is not set.
        alerts.address()
        entries.append(
            alert_entry(
                zone,
                deployments.called(ALERT),
                whose,
                say("does_alert", locale),
                locale,
            )
        )
    return project, entries


def alerts_told(project: Project) -> str:
    """Who is told what needs a person, in a line."""
    alerts, locale = project.settings.alerts, project.policy.locale
    if alerts is None or not alerts.ways:
        return say("alert_nobody", locale)
    ways = [say("alert_by_mail", locale, n=len(alerts.to))] if alerts.to else []
    ways += [say("alert_by_webhook", locale)] if alerts.webhook else []
    return say("alert_told_by", locale, ways=", ".join(ways))


def known_by(project: Project, folder: Path) -> str:
    """What tells this project from others on the same server: its name, or house and store."""
    if project.deployments.project:
        return project.deployments.project
    store = project.settings.store
    # A variable may be set only where the workers are.
    where = store_address(project.settings, folder) if "://" in store else store
    house = f"{project.senders.imprint.company} {where.rpartition('@')[2]}"
    return hashlib.blake2b(house.encode(), digest_size=4).hexdigest()


def deploy(folder: Path, pool_name: str | None, kind: str, image: str | None) -> None:
    """Register everything, and say what to start where."""
    if kind not in KINDS:
        raise ConfigError.at("--type", f'"{kind}" is no type of pool. Write {", ".join(KINDS)}')
    if kind != "process" and not image:
        raise ConfigError.at(
            "--image", f"a {kind} pool starts containers: say which image holds Stammkunde"
        )
    project, entries = entries_of(folder)
    address = os.environ.get(VARIABLE, "")
    if not address:
        raise ConfigError.at(
            VARIABLE,
            "is not set, so nobody knows which server is meant. For one machine: stammkunde up, "
            "which needs no deploy. Else start a server (prefect server start) and set "
            "PREFECT_API_URL=http://127.0.0.1:4200/api",
        )
    needs_server(address, os.environ, _INSTEAD)
    prepare(folder)
    from flows.registering import Pool

    pool = Pool(pool_name or project.deployments.pool, kind, image)
    whose = known_by(project, folder)
    told = asyncio.run(_register(entries, pool, address, folder, whose))
    typer.echo(f"Registered: {', '.join(told.made)}")
    if told.removed:
        typer.echo(f"Removed, as no file names them: {', '.join(told.removed)}")
    typer.echo(alerts_told(project))
    typer.echo(
        f"Now start a worker, in the folder with config/ and templates/:\n"
        f"  prefect worker start --pool {pool.name}"
    )


async def _register(
    entries: list[Entry], pool: "Pool", address: str, folder: Path, whose: str
) -> Told:
    import httpx
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    from flows.alert_automations import register_alerts
    from flows.automations import automate, dead_runs
    from flows.registering import register

    try:
        async with get_client() as client:
            fault = await client.api_healthcheck()
            if fault is not None:
                raise fault
            made, removed = await register(client, entries, pool, whose)
            await automate(client, dead_runs(locale=house_locale(folder)))
            await register_alerts(client, entries, made, folder)
    except PrefectHTTPStatusError as error:
        raise PipelineError(_refused(error.response, address)) from error
    except httpx.HTTPStatusError as error:
        raise PipelineError(_refused(error.response, address)) from error
    except httpx.HTTPError as error:
        raise PipelineError(
            f"the Prefect server at {address} answers no more. {_INSTEAD}. Then deploy again, "
            "which is safe to repeat"
        ) from error
    return Told(list(made), removed)


def _refused(response: "object", address: str) -> str:
    status, text = getattr(response, "status_code", 0), getattr(response, "text", "")
    return refused(status, address, text)

"""Deployments as a Prefect server keeps them: made, brought up to date, and removed again."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound

from flows import forms
from flows.entries import Entry
from flows.errors import PipelineError

OURS = "stammkunde"
"""The tag by which deployments of ours are known."""

OF_PROJECT = "project:"
"""Begins the tag by which those of one project are told from another's on the same server."""

_PAGE = 100


@dataclass(frozen=True)
class Pool:
    """A work pool, and what its workers are told for each run."""

    name: str
    kind: str
    image: str | None = None


async def register(
    client: PrefectClient, entries: Sequence[Entry], pool: Pool | None = None, whose: str = ""
) -> tuple[dict[str, UUID], list[str]]:
    """Make each deployment as its entry says, and remove ours that are in no entry any more.

    Without a pool they wait for whoever serves them, on a server for this project alone. With one
    the server may have other projects' as well, known by `whose` they are. Returns the deployments'
    ids by name, and the names of those removed.
    """
    before = await ours(client)
    if pool is not None:
        _refuse_strangers(before, entries)
    if pool is not None:
        await _needs_pool(client, pool)
    made = {entry.name: await _make(client, entry, pool) for entry in entries}
    removed = []
    for kept in before:
        if kept.id in made.values() or not (pool is None or OF_PROJECT + whose in kept.tags):
            continue
        # One that changed its pool was made anew, and is gone already.
        with suppress(ObjectNotFound):
            await client.delete_deployment(kept.id)
            removed.append(str(kept.name))
    return made, sorted(removed)


async def ours(client: PrefectClient) -> list[Any]:
    """Every deployment on the server that we made."""
    found: list[Any] = []
    wanted = DeploymentFilter(tags=DeploymentFilterTags(all_=[OURS]))
    while page := await client.read_deployments(
        deployment_filter=wanted, limit=_PAGE, offset=len(found)
    ):
        found += page
        if len(page) < _PAGE:
            break
    return found


def _refuse_strangers(kept: list[Any], entries: Sequence[Entry]) -> None:
    """Refuse to take the place of what another project has registered under the same name."""
    whose = {entry.name: OF_PROJECT + entry.project for entry in entries}
    taken = sorted(
        each.name
        for each in kept
        if each.name in whose
        and whose[each.name] not in each.tags
        and any(tag.startswith(OF_PROJECT) for tag in each.tags)
    )
    if taken:
        raise PipelineError(
            f"another project has registered {', '.join(taken)} on this Prefect server. Give this "
            'one a name of its own, such as "project: north" in config/deployments.yaml: its '
            f"deployments are then called north-{taken[0]}. If it is the same project with a new "
            "store, delete the old ones on the server's pages first"
        )


async def _make(client: PrefectClient, entry: Entry, pool: Pool | None) -> UUID:
    entrypoint = f"flows.{entry.runs}.{entry.runs}"
    schedules = []
    if entry.cron is not None:
        schedules = [
            DeploymentScheduleCreate(
                schedule=CronSchedule(cron=entry.cron, timezone=entry.zone),
                active=entry.enabled,
                slug=entry.name,
            )
        ]
    # Prefect keeps the work pool of an older deployment of this name: a worker would take its runs.
    await _forget_pool(client, entry, pool)
    return await client.create_deployment(
        flow_id=await client.create_flow_from_name(entry.runs),
        name=entry.name,
        entrypoint=entrypoint,
        pull_steps=[] if pool else None,
        schedules=schedules,
        paused=False,
        concurrency_limit=1,
        concurrency_options=ConcurrencyOptions(
            collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
            if entry.poll
            else ConcurrencyLimitStrategy.ENQUEUE
        ),
        parameters=entry.parameters,
        parameter_openapi_schema=forms.schema(entry.runs, entry.locale),
        enforce_parameter_schema=True,
        description=entry.description,
        tags=[OURS, entry.runs, OF_PROJECT + entry.project],
        work_pool_name=pool.name if pool else None,
        job_variables=_job(pool) if pool else None,
    )


def _job(pool: Pool) -> dict[str, Any]:
    """What each run of a worker's finds in its environment."""
    variables: dict[str, Any] = {
        "env": {
            "DO_NOT_TRACK": "1",
            # Sign of life every 30 s, so that a run whose machine died can be told from a long one.
            "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
            # What Stammkunde itself logs (numbers and counts) stands on the run's page as well.
            "PREFECT_LOGGING_EXTRA_LOGGERS": "flows",
        }
    }
    if pool.kind == "process":
        # The folder the worker was started in: without it each run has a new, empty one.
        variables["working_dir"] = os.curdir
    elif pool.image:
        variables["image"] = pool.image
    return variables


async def _forget_pool(client: PrefectClient, entry: Entry, pool: Pool | None) -> None:
    try:
        kept = await client.read_deployment_by_name(f"{entry.runs}/{entry.name}")
    except ObjectNotFound:
        return
    if kept.work_pool_name and (pool is None or kept.work_pool_name != pool.name):
        await client.delete_deployment(kept.id)


async def _needs_pool(client: PrefectClient, pool: Pool) -> None:
    """Make the work pool where there is none; one of another kind is refused."""
    wanted = WorkPoolFilter(name=WorkPoolFilterName(any_=[pool.name]))
    for kept in await client.read_work_pools(work_pool_filter=wanted):
        if kept.type != pool.kind:
            raise PipelineError(
                f'the work pool "{pool.name}" is of type {kept.type}, not {pool.kind}. '
                f"Say --type {kept.type}, or another --pool"
            )
        return
    template = await _template(client, pool.kind)
    try:
        await client.create_work_pool(
            WorkPoolCreate(name=pool.name, type=pool.kind, base_job_template=template)
        )
    except Exception as error:
        raise PipelineError(
            f'there is no work pool "{pool.name}", and this server does not let us make one '
            f"({error}). Make it there, then deploy again: "
            f"prefect work-pool create {pool.name} --type {pool.kind}"
        ) from error


async def _template(client: PrefectClient, kind: str) -> dict[str, Any]:
    known = await client.read_worker_metadata()
    for collection in known.values():
        if kind in collection:
            template: dict[str, Any] = collection[kind]["default_base_job_configuration"]
            return template
    raise PipelineError(
        f'this Prefect server knows no work pools of type "{kind}". Write process, docker or '
        "kubernetes"
    )

"""The process of `stammkunde up` that registers what starts when, and starts it in time.

Told on standard input what to serve. Prefect is imported here and pandas is not, so that what
always runs stays small: each run is a process of its own.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import typer
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.runner import Runner
from prefect.states import Cancelled, Crashed

from flows import clock
from flows.alert_automations import register_alerts
from flows.automations import automate, dead_runs
from flows.cli_options import project_folder
from flows.deployments import house_locale
from flows.entries import Entry, from_text
from flows.errors import FAILED, PipelineError
from flows.registering import register
from flows.reporting.words import say
from segments.names import Locale

_PATIENCE = 120.0
_LATE = timedelta(minutes=1)
_POLL = 3.0
_UNDER_WAY = [StateType.RUNNING, StateType.PENDING, StateType.CANCELLING]


@dataclass(frozen=True)
class Served:
    """A deployment that is registered, as Prefect's runner takes it."""

    id: UUID
    name: str
    storage: None = None

    async def aapply(self) -> UUID:
        """It is registered already."""
        return self.id


async def serve(entries: list[Entry], at_once: int, ready: int) -> None:
    """Register, clear away what an earlier end left behind, and start runs until cancelled.

    What is written to the file `ready` says that all is served.
    """
    async with get_client() as client:
        await _answers(client)
        made, _ = await register(client, entries)
        locale = house_locale(project_folder())
        await automate(client, dead_runs(locale=locale))
        await register_alerts(client, entries, made, project_folder())
        for deployment in made.values():
            await tidy(client, deployment, locale)
    # Paused on shutdown, schedules would stay off and what was missed would vanish.
    runner = Runner(name="stammkunde", pause_on_shutdown=False, limit=at_once, query_seconds=_POLL)
    for name, deployment in made.items():
        await runner.aadd_deployment(Served(deployment, name))  # type: ignore[arg-type]
    serving = asyncio.create_task(runner.start())
    while not runner.started and not serving.done():
        await asyncio.sleep(0.05)
    # Prefect's own handler leaves runs behind that are under way.
    for word in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(word, serving.cancel)
    # Started again, nobody reads it any more.
    with suppress(OSError):
        os.write(ready, b"ready\n")
    with suppress(asyncio.CancelledError):
        await serving


async def tidy(client: PrefectClient, deployment: UUID, locale: Locale = Locale.EN) -> None:
    """What was under way when everything ended has crashed; of late runs the newest is enough."""
    for run in await _runs(client, deployment, _UNDER_WAY):
        await _set(client, run, Crashed(message=say("run_stopped", locale)))
    kept = await client.read_deployment(deployment)
    if kept.global_concurrency_limit is not None:
        # The server forgets who held a place when it ends, and would keep it taken.
        await client.update_global_concurrency_limit(
            kept.global_concurrency_limit.name, GlobalConcurrencyLimitUpdate(active_slots=0)
        )
    waiting = await _runs(client, deployment, [StateType.SCHEDULED])
    for run in made_up_for(waiting, clock.now()):
        missed: State[None] = Cancelled(
            name=say("state_missed", locale), message=say("run_missed", locale)
        )
        await _set(client, run, missed)


def made_up_for(waiting: list[FlowRun], now: datetime) -> list[FlowRun]:
    """Late runs, all but the newest: started together they would only be in each other's way."""
    late = [
        run
        for run in waiting
        if run.auto_scheduled and run.expected_start_time and run.expected_start_time < now - _LATE
    ]
    return sorted(late, key=lambda run: run.expected_start_time or now)[:-1]


async def _runs(client: PrefectClient, deployment: UUID, states: list[StateType]) -> list[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=states)),
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=200,
    )


async def _set(client: PrefectClient, run: FlowRun, state: State) -> None:
    await client.set_flow_run_state(run.id, state, force=True)


async def _answers(client: PrefectClient) -> None:
    until = monotonic() + _PATIENCE
    while await client.api_healthcheck() is not None:
        if monotonic() > until:
            raise PipelineError("the Prefect server does not answer")
        await asyncio.sleep(0.2)


def main() -> None:
    """Read what to serve, and serve it."""
    at_once, ready = map(int, sys.argv[1:])
    try:
        asyncio.run(serve(from_text(sys.stdin.read()), at_once, ready))
    except PipelineError as error:
        typer.echo(str(error), err=True)
        sys.exit(FAILED)
    sys.stdout.flush()
    # Prefect's threads may wait for a server that is going, too.
    os._exit(0)


if __name__ == "__main__":
    main()

"""How long a run may take, and what its page says of one that was ended for that."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Failed

from flows.deployments import FILE, house_locale, load_deployments
from flows.errors import FAILED
from flows.limits import limited
from flows.reporting.words import say
from segments.names import Locale

_TELLS_WITHIN = 15.0
_DAY = 86_400.0


def timed_out(locale: Locale) -> str:
    """Name of the state of a run that took longer than it may."""
    return say("state_timed_out", locale)


@contextmanager
def run_limited(folder: Path) -> Iterator[None]:
    """Let this run take no longer than `longest:` of its deployment allows."""
    deployments, _ = load_deployments(folder)
    flow, deployment = str(runtime.flow_run.flow_name), str(runtime.deployment.name or "")
    longest = deployments.longest_of(flow, deployment)
    if longest is None:
        yield
        return
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    locale = house_locale(folder)
    told = say("limit_run", locale, longest=longest, file=FILE, name=deployment or flow)

    def farewell(said: str) -> int:
        return _end(run.id, said, locale) if run is not None else FAILED

    with limited(longest.days * _DAY, told, farewell=farewell):
        yield


def _end(run: UUID, said: str, locale: Locale) -> int:
    """Tell the server why; 0 if it knows, since it takes any other exit code for a crash."""
    known: list[bool] = []

    def tell() -> None:
        with get_client(sync_client=True) as client:
            late: State[None] = Failed(message=said, name=timed_out(locale))
            client.set_flow_run_state(run, late, force=True)
            known.append(True)

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    telling.join(_TELLS_WITHIN)
    return 0 if known and "PREFECT__FLOW_RUN_ID" in os.environ else FAILED

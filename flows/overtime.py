"""How long a run may take, and what its page says of one that was ended for that."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext
from prefect.states import Failed

from flows.deployments import FILE, load_deployments
from flows.errors import FAILED
from flows.limits import limited

TIMED_OUT = "Timed out"
"""Name of the state of a run that took longer than it may."""

_TELLS_WITHIN = 15.0
_DAY = 86_400.0


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
    told = (
        f"Ended after {longest}: {FILE} lets {deployment or flow} take no longer (longest:). "
        "Nothing is lost: the next run completes the work"
    )

    def farewell(said: str) -> int:
        return _end(run.id, said) if run is not None else FAILED

    with limited(longest.days * _DAY, told, farewell=farewell):
        yield


def _end(run: object, said: str) -> int:
    """Tell the server why; 0 if it knows, since it takes any other exit code for a crash."""
    known: list[bool] = []

    def tell() -> None:
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run, Failed(message=said, name=TIMED_OUT), force=True)  # type: ignore[arg-type]
            known.append(True)

    telling = threading.Thread(target=tell, daemon=True)
    telling.start()
    telling.join(_TELLS_WITHIN)
    return 0 if known and "PREFECT__FLOW_RUN_ID" in os.environ else FAILED

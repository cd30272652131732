"""Which tasks Prefect tries again, and when: only what may be done twice, and only what passes."""

import os
from typing import Any

from prefect.client.schemas.objects import State

from flows.passing import PAUSES, passes


def unattended() -> bool:
    """Whether nobody waits at a terminal for this run, so that it may take its time to try."""
    return "PREFECT__FLOW_RUN_ID" in os.environ


def may_pass(_task: object, _run: object, state: State[Any]) -> bool:
    """Whether trying again may help. Only for what changes nothing when it is done twice."""
    return unattended() and isinstance(state.data, Exception) and passes(state.data)


AGAIN: dict[str, Any] = {
    "retries": len(PAUSES),
    "retry_delay_seconds": list(PAUSES),
    "retry_condition_fn": may_pass,
}
"""What Prefect is told of a task that may be done twice."""

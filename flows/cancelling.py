"""Whether a run is told to end because somebody cancelled it on Prefect's pages."""

import threading

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State, StateType
from prefect.context import FlowRunContext
from prefect.states import Cancelled

from flows.reporting.words import say
from segments.names import Locale

_ANSWERS_WITHIN = 3.0


def cancelled(locale: Locale) -> State[None] | None:
    """How a run ends that somebody cancelled; nothing for one whose process is only told to end.

    Prefect tells the two apart by its own handler of signals. While messages leave, ours stands in
    its place, so that what is on its way is noted first: the run would be shown as crashed, and
    told of by an alert.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None:
        return None
    seen: list[StateType] = []

    def look() -> None:
        with get_client(sync_client=True) as client:
            if state := client.read_flow_run(run.id).state:
                seen.append(state.type)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    looking.join(_ANSWERS_WITHIN)
    if seen != [StateType.CANCELLING]:
        return None
    return Cancelled(message=say("run_cancelled", locale), name=say("state_cancelled", locale))

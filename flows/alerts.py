"""Alerts as Prefect carries them: each run looks around at its end, and says so in an event.

Automations of the server (`flows.alerting`) react to these events. They carry ids, counts and the
sentence people are told, and nobody's data.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.events import emit_event

from flows import clock
from flows.alerted import told_of
from flows.reporting.words import word
from flows.stages import alerting
from flows.stages.shop import Shop, opened
from flows.states import expected, project_here
from flows.store import alerting as store
from flows.store.alerting import Alert
from flows.store.session import reading, writing
from segments.names import AlertKind

EVENTS = "stammkunde."
OVER = ".over"

Asked = ParamSpec("Asked")
Ended = TypeVar("Ended", bound=State[Any])
_log = logging.getLogger(__name__)


def event_of(kind: AlertKind) -> str:
    """What Prefect calls it when this begins; when it is over, `OVER` stands behind."""
    return f"{EVENTS}{kind.value.replace('_', '-')}"


def watched(flow: Callable[Asked, Ended]) -> Callable[Asked, Ended]:
    """A flow that looks at its end whether something needs a person, if anybody is to be told."""

    @wraps(flow)
    def body(*args: Asked.args, **kwargs: Asked.kwargs) -> Ended:
        state = flow(*args, **kwargs)
        try:
            look_around(well=state.is_completed())
        except Exception as error:
            # The run itself is over, and has said how; what is wrong with looking is said beside.
            _log.warning("nobody looked whether something needs a person: %s", expected(error))
        return state

    return body


def look_around(*, well: bool) -> None:
    """Tell what began and what is over; `well` says how the run ended in which this happens."""
    alerts, _ = told_of(project_here())
    if alerts is None or not alerts.ways:
        return
    with opened(project_here()) as shop:
        now = clock.now()
        alerting.look(shop, now)
        if well and _any_of_runs(shop) and (name := deployment_name()):
            alerting.went_well(shop, name, now)
        with reading(shop.engine) as connection:
            untold = store.untold(connection)
        for each, over in untold:
            emit(shop, each, over=over)


def emit(shop: Shop, alert: Alert, *, over: bool) -> None:
    """Have the server tell it, by whatever way its automations know."""
    said = alerting.posted(alert, shop.project.policy.locale, over=over)
    emit_event(
        event=event_of(alert.kind) + (OVER if over else ""),
        resource={
            "prefect.resource.id": f"{EVENTS}{alert.kind.value}.{alert.subject}",
            "prefect.resource.name": word(AlertKind, alert.kind, shop.project.policy.locale),
        },
        payload={**said, "said": alert.said, "alert": alert.id},
    )
    with writing(shop.engine) as connection:
        store.note_told(connection, alert.id, clock.now(), over=over)


def deployment_name() -> str | None:
    """What the deployment of this run is called; None if it belongs to none."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or context.flow_run.deployment_id is None:
        return None
    return str(runtime.deployment.name)


def _any_of_runs(shop: Shop) -> bool:
    with reading(shop.engine) as connection:
        return bool(store.standing(connection, (*alerting.OF_RUNS, AlertKind.RUN_MISSING)))

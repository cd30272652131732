"""What a Prefect server does by itself when runs go wrong."""

from datetime import timedelta

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.reporting.words import say
from segments.names import Locale

DEAD_AFTER = timedelta(seconds=120)


def dead_runs(after: timedelta = DEAD_AFTER, locale: Locale = Locale.EN) -> AutomationCore:
    """Runs whose machine died say nothing any more: they are shown as crashed, not as running.

    `after` has to be several times as long as the time between two signs of life (30 s).
    """
    return AutomationCore(
        name="stammkunde: dead runs are shown as crashed",
        description=say("does_dead_runs", locale),
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            # Events are called like the state a run came into, and ours have names of their own.
            expect={"prefect.flow-run.*"},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=after,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=say("run_died", locale),
            )
        ],
    )


async def automate(client: PrefectClient, wanted: AutomationCore) -> None:
    """Have the server do this, once, however often it is asked."""
    kept = await client.read_automations_by_name(wanted.name)
    for doubled in kept[1:]:
        await client.delete_automation(doubled.id)
    if kept:
        await client.update_automation(kept[0].id, wanted)
    else:
        await client.create_automation(wanted)

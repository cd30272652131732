"""Lives through one run of each kind, in a process that is told the project and the server."""

import os
from pathlib import Path

from flows.prefect_home import prepare
from flows.with_prefect import final_state
from tests.ui.stage import FIRST, SECOND

KINDS = ("daily", "respond", "deliver", "suppressions", "measure", "digest", "retention")


def main() -> None:
    """Each kind of run on one day, and the next daily run."""
    prepare(Path(os.environ["STAMMKUNDE_PROJECT"]))
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    # The heartbeat ends a second after its run.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        for kind, day in [*((kind, FIRST) for kind in KINDS), ("daily", SECOND)]:
            state = final_state(kind, as_of=f"{day}T11:00")
            assert state.is_completed(), (kind, state.message)


if __name__ == "__main__":
    main()

"""Where Prefect keeps its history and how loud it is, said before Prefect is imported."""

import os
from pathlib import Path

# Prefect reads its environment once, on import.
_ALWAYS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    # Quiet in the terminal, where we report ourselves; the run's page keeps every line.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # What our rooms log (ids and counts) stands on the run's page as well.
    "PREFECT_LOGGING_EXTRA_LOGGERS": "flows",
    # A sign of life often enough to tell a run whose machine died from a long one.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}


def prepare(project: Path) -> None:
    """Keep Prefect's history under the project's `var/prefect`, quietly and without telemetry.

    To be called before anything imports Prefect. What the environment says already stays; where
    it names a server (PREFECT_API_URL), history is that server's business and no place is set.
    """
    chosen = dict(_ALWAYS)
    if not os.environ.get("PREFECT_API_URL"):
        home = project.resolve() / "var" / "prefect"
        # Prefect makes only the last folder of the path and then fails to open its database.
        home.parent.mkdir(parents=True, exist_ok=True)
        chosen["PREFECT_HOME"] = str(home)
        # Prefect then starts a server for the time of the run: 6 to 21 s on two busy cores,
        # where its own patience ends after 20.
        chosen["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] = "90"
    for name, value in chosen.items():
        os.environ.setdefault(name, value)

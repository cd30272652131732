"""Where Prefect keeps its history and how loud it is, said before Prefect is imported."""

import os
from pathlib import Path

from flows.errors import ConfigError
from flows.running import found

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


_SQLITE = b"SQLite format 3\0"


def prepare(project: Path) -> None:
    """Keep Prefect's history under the project's `var/prefect`, quietly and without telemetry.

    To be called before anything imports Prefect. What the environment says already stays; where
    it names a server (PREFECT_API_URL), history is that server's business and no place is set.
    While `stammkunde up` works in the project, its server is the one.
    """
    if not os.environ.get("PREFECT_API_URL") and (up := found(project)):
        os.environ["PREFECT_API_URL"] = up.api
    if os.environ.get("PREFECT_API_URL"):
        _choose(_ALWAYS)
    else:
        prepare_server(project)


def prepare_server(project: Path) -> None:
    """The same for a server of the project's own: its history lies in `var/prefect`."""
    home = project.resolve() / "var" / "prefect"
    if "PREFECT_API_DATABASE_CONNECTION_URL" not in os.environ:
        _refuse_unusable(Path(os.environ.get("PREFECT_HOME") or home))
    # Prefect makes only the last folder of the path and then fails to open its database.
    home.parent.mkdir(parents=True, exist_ok=True)
    # Prefect starts a server for the time of a run: 6 to 21 s on two busy cores, where its own
    # patience ends after 20.
    patience = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90"}
    _choose(_ALWAYS | patience | {"PREFECT_HOME": str(home)})


def _refuse_unusable(home: Path) -> None:
    """Say at once what Prefect would say by a trace back, or by never coming up."""
    file = home / "prefect.db"
    for place in (file, home) if home.exists() else (home.parent,):
        if place.exists() and not os.access(place, os.W_OK):
            raise ConfigError.at(
                place,
                "Prefect keeps its history of runs here, and whoever runs this may not write "
                "here. Give it to that user, or set PREFECT_HOME to another folder",
            )
    if home.exists() and not home.is_dir():
        raise ConfigError.at(
            home, "Prefect keeps its history of runs here: this is to be a folder, not a file"
        )
    if file.exists():
        with file.open("rb") as opened:
            begins = opened.read(len(_SQLITE))
        if begins and begins != _SQLITE:
            raise ConfigError.at(
                file,
                "Prefect's history of runs is no database any more. Move this file away: a new "
                "one is made, and customers, messages and journeys are not kept in it",
            )


def _choose(chosen: dict[str, str]) -> None:
    for name, value in chosen.items():
        os.environ.setdefault(name, value)


def pages(api: str) -> str:
    """Where the runs of a server are read: in the pages it opens by itself, newer ones or older."""
    older = os.environ.get("PREFECT_SERVER_UI_V2_ENABLED", "").lower() in ("false", "0", "no")
    return api.removesuffix("/api") + ("/runs" if older else "/v2/runs")

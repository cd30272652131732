"""Options that several commands share."""

import os
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated

import typer

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        help="Work as of this day (2026-11-18) or moment (2026-11-18T07:00).",
        show_default="now",
    ),
]
Plain = Annotated[
    bool,
    typer.Option(
        "--plain", help="Without Prefect: quicker, but there is no run to look at afterwards."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would be decided; write and send nothing.")
]
Json = Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")]


class Part(StrEnum):
    """What of a message one may want to see."""

    MAIL = auto()
    HEADERS = auto()
    SUBJECT = auto()
    TEXT = auto()
    HTML = auto()


def project_folder() -> Path:
    """The project's folder, as said by --project or STAMMKUNDE_PROJECT."""
    return Path(os.environ["STAMMKUNDE_PROJECT"])


def run_stage(name: str, as_of: str | None, plain: bool) -> None:
    """One stage of the day: as a run of Prefect's, or without."""
    if plain:
        from flows.plain import run_stage as run

        run(project_folder(), name, as_of)
    else:
        from flows.with_prefect import run_flow

        run_flow(project_folder(), name, as_of=as_of)

"""The command that draws: pictures."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, project_folder
from flows.reporting.subjects import Format, Subject

app = typer.Typer()


@app.command()
def pictures(
    journey: Annotated[
        str | None,
        typer.Argument(metavar="JOURNEY", help="Only this one's.", show_default="all"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where to write them.", show_default="var/pictures"),
    ] = None,
    format: Annotated[Format, typer.Option(metavar="FORMAT", help="svg or png.")] = Format.SVG,
    only: Annotated[
        Subject | None,
        typer.Option(
            metavar="SUBJECT",
            help="Only these: effects, effect (over time), funnel, quadrants, phases, not-sent.",
            show_default="all",
        ),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Draw what the journeys did and brought.

    The effect of each journey with its interval, and over time; how far customers came; the four
    fields with the moves between them; phases over time; why messages did not go. What each
    picture shows is said in words too. The same data give the same files.
    """
    from flows.pictures import write_pictures

    write_pictures(project_folder(), out, format, as_of, journey=journey, only=only)

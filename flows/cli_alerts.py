"""The command that tells what needs a person: alerts."""

from typing import Annotated

import typer

from flows.cli_options import project_folder

app = typer.Typer()


@app.command()
def alerts(
    send: Annotated[
        bool,
        typer.Option(
            "--send", help="Tell people now what they were not told yet, without Prefect."
        ),
    ] = False,
) -> None:
    """Show what needs a person, and who is told.

    Who that is stands in config/settings.yaml (alerts:). With --send it needs no Prefect: for a
    timer of the system, which tells people also while Prefect cannot.
    """
    from flows.attention import list_alerts, send_alerts

    if send:
        send_alerts(project_folder())
    else:
        list_alerts(project_folder())

"""The command that reads the lists of others: suppressions."""

from typing import Annotated

import typer

from flows.cli_options import AsOf, project_folder

app = typer.Typer()


@app.command()
def suppressions(
    everything: Annotated[
        bool, typer.Option("--all", help="Read the lists from their beginning.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Suppress whom SendGrid holds back by lists of its own.

    These are its bounces, invalid addresses, spam reports, unsubscribes and unsubscribe groups.

    Reads what came since the last time, and a day before it. Runs every hour by itself where
    config/deployments.yaml is deployed.
    """
    from flows.lists import read_lists

    read_lists(project_folder(), as_of, everything=everything)

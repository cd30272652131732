"""Commands that say how things stand and what is wrong with the set-up: status, doctor."""

from typing import Annotated

import typer

from flows.cli_options import Json, project_folder

app = typer.Typer()


@app.command()
def status(json: Json = False) -> None:
    """Say how things stand: runs, what waits, tasks.

    Last and next runs, messages that wait or are in doubt, what stands still, and what colleagues
    are to do. At once, and without changing anything.
    """
    from flows.status import show_status

    show_status(project_folder(), as_json=json)


@app.command()
def doctor(
    offline: Annotated[
        bool,
        typer.Option("--offline", help="Ask nobody outside: neither domains nor the endpoint."),
    ] = False,
    json: Json = False,
) -> None:
    """Say what is wrong with the set-up, and how to mend it.

    Versions, store, keys, the sender's domain (SPF, DKIM, DMARC), the endpoint under its public
    address, schedules on Prefect's server, data, what stands still, disk. Writes and sends
    nothing. Ends with 1 where something is broken, and with 2 where the configuration is wrong.
    """
    from flows.doctor import examine

    examine(project_folder(), offline=offline, as_json=json)

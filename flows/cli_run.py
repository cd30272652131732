"""Commands that let it run by itself: up, deploy."""

from typing import Annotated

import typer

from flows.cli_options import project_folder

app = typer.Typer()


@app.command()
def up(
    server_port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="Port of Prefect's pages.")
    ] = 4200,
    web_port: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=65535,
            metavar="PORT",
            help="Port of the web endpoint.",
            show_default="as in settings",
        ),
    ] = None,
    no_web: Annotated[
        bool, typer.Option("--no-web", help="Without the web endpoint; it may run elsewhere.")
    ] = False,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="With the demo company in demo/, which is made if missing."),
    ] = False,
) -> None:
    """Run all of it on this machine: schedules and pages.

    What starts when is in config/deployments.yaml. Ctrl-C stops all of it; started again it goes
    on where it was, and decides the days that were missed.
    """
    from flows.up import Wanted, demo_folder
    from flows.up import up as start

    folder = project_folder()
    start(Wanted(demo_folder(folder) if demo else folder, server_port, web_port, not no_web))


@app.command()
def deploy(
    pool: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Work pool; made where there is none.",
            show_default="as in deployments.yaml",
        ),
    ] = None,
    kind: Annotated[
        str, typer.Option("--type", metavar="TYPE", help="Of it: process, docker or kubernetes.")
    ] = "process",
    image: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Image that holds Stammkunde (docker, kubernetes)."),
    ] = None,
) -> None:
    """Register config/deployments.yaml on a Prefect server.

    The server is that of PREFECT_API_URL; workers on any number of machines then do the runs.
    Safe to repeat; deployments of ours that are in no file any more are removed. For a single
    machine `up` is enough.
    """
    from flows.deploying import deploy as register

    register(project_folder(), pool, kind, image)

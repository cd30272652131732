"""Commands that look and change nothing: check, show, journeys, journey, schema, ui."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, Json, Part, project_folder

app = typer.Typer()


@app.command()
def check(
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the files; do not look at the customers.")
    ] = False,
) -> None:
    """Look for everything wrong in YAML and templates.

    Names file, line and what to write instead, all at once. Then, where there is a store: how
    many customers each rule applies to, what the comparisons can show, which journeys compete, and
    what a change does to those under way. Runs nothing and changes nothing.
    """
    from flows.checking import check_project

    check_project(project_folder(), quick=quick)


@app.command()
def show(
    send: Annotated[int, typer.Argument(metavar="SEND", help="Number of the send.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it there, a mail as .eml.")
    ] = None,
    part: Annotated[
        Part, typer.Option(metavar="PART", help="That of it: mail, headers, subject, text or html.")
    ] = Part.MAIL,
    json: Annotated[
        bool, typer.Option("--json", help="As SendGrid was asked to send it, in JSON.")
    ] = False,
) -> None:
    """Print a message exactly as it was delivered.

    For a send that was not delivered, say why. Numbers stand in the table of what was not sent,
    and in the names of the mails' files.
    """
    from flows.showing import show_send

    show_send(project_folder(), send, out, part, as_json=json)


@app.command()
def schema() -> None:
    """Write what editors complete and check YAML with.

    The files go to config/schema, where the first line of each YAML file points to. To be done
    once after an upgrade.
    """
    from flows.schemas import write_schemas

    for file in write_schemas(project_folder()):
        typer.echo(file)


@app.command()
def ui(
    port: Annotated[
        int, typer.Option(min=1, max=65535, metavar="PORT", help="Port on this machine.")
    ] = 4200,
) -> None:
    """Serve the history of runs: Prefect's pages.

    On this machine only, for as long as the command runs; Ctrl-C ends it.
    """
    from flows.with_prefect import serve_pages

    serve_pages(project_folder(), port)


@app.command()
def journeys(as_of: AsOf = None, json: Json = False) -> None:
    """List all journeys with their status and figures.

    Who stands in each, what waits, what was sent, and how often the goal was met by those who
    were not held out.
    """
    from flows.looking import list_journeys

    list_journeys(project_folder(), as_of, as_json=json)


@app.command()
def journey(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the journey.")],
    as_of: AsOf = None,
    mermaid: Annotated[
        bool, typer.Option("--mermaid", help="As a Mermaid diagram, to paste into a page.")
    ] = False,
) -> None:
    """Show one journey step by step, with figures at each."""
    from flows.looking import show_journey

    show_journey(project_folder(), name, as_of, as_mermaid=mermaid)


@app.command()
def explain(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Its number.")],
    journey_name: Annotated[
        str | None,
        typer.Argument(metavar="JOURNEY", help="Only this one.", show_default="all journeys"),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="DAY",
            help="As of this day or moment; a day to come: as if nothing happens until then.",
            show_default="now",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Say why a customer gets what, and what comes next.

    The profile, every gate of every journey with its actual values, where each enrollment stands,
    what comes next and when, and everything that happened so far. Changes nothing.
    """
    from flows.explaining import explain_customer

    explain_customer(project_folder(), customer, journey_name, at, as_json=json)

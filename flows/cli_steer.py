"""Commands that steer by hand: approve, enter, lock, unlock."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, project_folder

app = typer.Typer()


@app.command()
def approve(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|JOURNEY",
            help="Number of a planning run, or name of a journey.",
            show_default="list what waits",
        ),
    ] = None,
    reject: Annotated[
        bool, typer.Option("--reject", help="Do not let them go: they are withdrawn for good.")
    ] = False,
) -> None:
    """Let the messages of a journey in review go.

    A journey with "status: review" decides like a live one, but its messages wait. Without an
    argument, lists what waits, by journey and run.
    """
    from flows.steering import approve_sends, list_waiting

    if what is None:
        list_waiting(project_folder())
    else:
        approve_sends(project_folder(), what, reject=reject)


@app.command()
def enter(
    journey: Annotated[str, typer.Argument(metavar="JOURNEY", help='One with "on: manual".')],
    customers: Annotated[
        list[str] | None, typer.Argument(metavar="CUSTOMER...", help="Their numbers.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='A list of them: a CSV with a column "customer".'),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="What this list is called. The same list twice enters nobody twice.",
            show_default="today's date",
        ),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Put customers into a journey by hand.

    They begin with the next planning run, if the journey's rules and re-entry allow.
    """
    from flows.steering import enter_by_hand

    enter_by_hand(project_folder(), journey, customers or [], csv, key, as_of)


@app.command()
def lock(
    customer: Annotated[
        str | None,
        typer.Argument(metavar="CUSTOMER", help="Its number.", show_default="list all locks"),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DAY", help="Until the end of this day (2026-11-18).")
    ] = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    as_of: AsOf = None,
) -> None:
    """Hold advertising back during a negotiation.

    What falls due meanwhile waits, and goes afterwards unless it is stale by then.
    """
    from flows.steering import list_locks, lock_customer

    if customer is None:
        list_locks(project_folder(), as_of)
    else:
        lock_customer(project_folder(), customer, until, note, as_of)


@app.command()
def unlock(
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Its number.")],
    as_of: AsOf = None,
) -> None:
    """Lift the lock on a customer: advertising may go again."""
    from flows.steering import unlock_customer

    unlock_customer(project_folder(), customer, as_of)

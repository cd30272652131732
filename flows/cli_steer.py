"""Commands that steer by hand: approve, reject, enter, lock, unlock."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, project_folder

app = typer.Typer()

What = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN|JOURNEY",
        help="Number of a planning run, or name of a journey.",
        show_default="list what waits",
    ),
]
By = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who decides.", show_default="your login")
]
DecidedWhy = Annotated[
    str | None, typer.Option("--note", metavar="TEXT", help="Why; kept with the decision.")
]


@app.command()
def approve(
    what: What = None,
    reject: Annotated[
        bool, typer.Option("--reject", help="Do not let them go: they are withdrawn for good.")
    ] = False,
    by: By = None,
    note: DecidedWhy = None,
    decided: Annotated[
        bool, typer.Option("--decided", help="List what was decided lately, and by whom.")
    ] = False,
) -> None:
    """Let the messages of a journey in review go.

    A journey with "status: review" decides like a live one, but its messages wait. Without an
    argument, lists what waits, by journey and run. A run that waits for it goes on.
    """
    from flows.steering import approve_sends, list_decisions, list_waiting

    if decided:
        list_decisions(project_folder())
    elif what is None:
        list_waiting(project_folder())
    else:
        approve_sends(project_folder(), what, reject=reject, by=by, note=note)


@app.command()
def reject(
    what: Annotated[
        str,
        typer.Argument(
            metavar="RUN|JOURNEY", help="Number of a planning run, or name of a journey."
        ),
    ],
    by: By = None,
    note: DecidedWhy = None,
) -> None:
    """Withdraw messages that wait for approval, for good.

    They stay in the contact log with the reason. A run that waits for it goes on.
    """
    from flows.steering import approve_sends

    approve_sends(project_folder(), what, reject=True, by=by, note=note)


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

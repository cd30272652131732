"""Commands around sending: stop, resume, doubts."""

from typing import Annotated

import typer

from flows.cli_options import AsOf, Json, project_folder
from flows.errors import ConfigError
from segments.names import Locale, Purpose

app = typer.Typer()

Journey = Annotated[
    str | None,
    typer.Argument(metavar="JOURNEY", help="Only this one.", show_default="everything"),
]
Outlet = Annotated[
    str | None, typer.Option(metavar="NAME", help="What goes through this way out instead.")
]


@app.command()
def stop(
    journey: Journey = None,
    outlet: Outlet = None,
    why: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why, for whoever finds it stopped.")
    ] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Stop nothing; list what stands still, and why.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Have sending stand still, at once.

    Without an argument, all of it. A delivery under way ends with the messages it has in hand.
    Nothing is lost: what is due waits for `stammkunde resume`, unless it is stale by then. To stop
    twice changes nothing.
    """
    from flows.halting import list_standing
    from flows.halting import stop as stop_sending

    if listed:
        list_standing(project_folder(), as_of)
    else:
        stop_sending(project_folder(), journey, outlet, why, as_of)


@app.command()
def resume(
    journey: Journey = None,
    outlet: Outlet = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Whatever stands still, wherever and why ever.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Let sending go on.

    Whatever had stopped it: a person, bounces, complaints, or the mail provider. Without an
    argument, ends the stop of everything; what stands still by itself stays so.
    """
    from flows.halting import resume as resume_sending

    resume_sending(project_folder(), journey, outlet, as_of, everything=everything)


@app.command()
def doubts(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="JOURNEY|SEND",
            help="Name of a journey, or number of a send.",
            show_default="all",
        ),
    ] = None,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Ask about them now, and settle what can be.")
    ] = False,
    accepted: Annotated[
        bool, typer.Option("--accepted", help="Somebody looked: this send went.")
    ] = False,
    send_again: Annotated[
        bool, typer.Option("--send-again", help="Somebody looked: it did not, and is to go again.")
    ] = False,
    json: Json = False,
    as_of: AsOf = None,
) -> None:
    """List messages of which nobody knows whether they went.

    With what is known, and what happens next and when. The way out is asked about them with every
    delivery and with --resolve. Where nothing is learnt, the journey decides: `doubt:
    at_most_once` leaves them, `at_least_once` sends them again.
    """
    from flows.doubtful import list_doubts, resolve_doubts, settle_by_hand

    if resolve + accepted + send_again > 1:
        raise ConfigError.at("doubts", "say one of --resolve, --accepted and --send-again")
    if accepted or send_again:
        settle_by_hand(project_folder(), what or "", as_of, accepted=accepted)
    elif resolve:
        if what is not None:
            raise ConfigError.at("doubts", "--resolve asks about all of them: say no name")
        resolve_doubts(project_folder(), as_of)
    else:
        list_doubts(project_folder(), what, as_of, as_json=json)


@app.command("send-test")
def send_test(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="Its folder in templates/.")],
    to: Annotated[str, typer.Option(metavar="ADDRESS", help="Who gets it: you, for instance.")],
    customer: Annotated[
        str, typer.Option("--as", metavar="CUSTOMER", help="Whose data it is written with.")
    ],
    contact: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="Of this person there.", show_default="a buyer with an address"
        ),
    ] = None,
    locale: Annotated[
        Locale | None,
        typer.Option(metavar="LANGUAGE", help="In de or en.", show_default="the person's"),
    ] = None,
    outlet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Through this way out.", show_default="its purpose's"),
    ] = None,
    purpose: Annotated[
        Purpose | None,
        typer.Option(
            metavar="PURPOSE",
            help="As service, advertising, survey or legal.",
            show_default="that of the journeys that send it",
        ),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Send one message, to try it.

    Written with a customer's data as they are now, and sent to ADDRESS only, through the way out
    it would take, even while that stands still. Its subject begins with [Test]; it is outside all
    figures, and its link to unsubscribe changes nothing.
    """
    from flows.sending_test import Wanted
    from flows.sending_test import send_test as send

    send(project_folder(), Wanted(message, to, customer, contact, locale, outlet, purpose), as_of)

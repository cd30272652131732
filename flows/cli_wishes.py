"""Commands about people's wishes: suppress, unsuppress, consent."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, Json, project_folder

app = typer.Typer()

_Contact = Annotated[
    str | None, typer.Option("--contact", metavar="KEY", help="Number of a person instead.")
]
_Customer = Annotated[
    str | None, typer.Option("--customer", metavar="KEY", help="Number of a customer instead.")
]
_Purpose = Annotated[
    str | None,
    typer.Option(
        metavar="PURPOSE",
        help="Only of advertising, survey, service or legal messages.",
        show_default="all messages",
    ),
]


@app.command()
def suppress(
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="An e-mail address.", show_default="")
    ] = None,
    contact: _Contact = None,
    customer: _Customer = None,
    purpose: _Purpose = None,
    reason: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="Why: objection, unsubscribe, spam_complaint, hard_bounce, erasure or manual; any "
            "other text is kept as a note.",
            show_default="manual",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="A list: CSV with a column email, contact or customer; purpose, reason and note "
            "besides, if you like.",
        ),
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="Show who is suppressed, and why.")] = False,
    json: Json = False,
    as_of: AsOf = None,
) -> None:
    """Do not write to an address, a person or a whole customer.

    It holds from the next message on, what is queued included. Nothing but unsuppress lifts it.
    """
    from flows.suppress import Whom, list_suppressions, suppress_by_hand

    whom = Whom(address, contact, customer)
    if show:
        list_suppressions(project_folder(), whom, as_of, as_json=json)
    else:
        suppress_by_hand(project_folder(), whom, file, purpose, reason, as_of)


@app.command()
def unsuppress(
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; it is kept.")],
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="An e-mail address.", show_default="")
    ] = None,
    contact: _Contact = None,
    customer: _Customer = None,
    purpose: _Purpose = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Who lifts it.", show_default="who is logged in"),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also what is the person's own will, noted by mistake."),
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Lift a suppression by hand.

    Who did it and why is kept with it. What a person wanted is lifted by that person: objections,
    unsubscribes, complaints and erasure are refused without --force.
    """
    from flows.suppress import Whom, lift_by_hand

    whom = Whom(address, contact, customer)
    who = by or getpass.getuser()
    lift_by_hand(project_folder(), whom, purpose, who, why, as_of, force=force)


@app.command()
def consent(
    contact: Annotated[
        str | None, typer.Argument(metavar="CONTACT", help="Number of the person.")
    ] = None,
    request: Annotated[
        str | None,
        typer.Option(
            "--request", metavar="CONTACT", help="Note that this person asks to be written to."
        ),
    ] = None,
    purpose: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PURPOSE",
            help="advertising or survey; may be said twice.",
            show_default="advertising",
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Where they asked: page, form, fair.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--text", metavar="NAME", help="Version of the wording.")
    ] = None,
    wording: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The wording itself; the mail repeats it.")
    ] = None,
    json: Json = False,
    as_of: AsOf = None,
) -> None:
    """Print the proof of a person's consents, or ask for one.

    With --request, one mail asks the person to confirm it (double opt-in). Nothing counts before,
    and nobody is reminded.
    """
    from flows.consent import request_by_hand, show_consent
    from flows.errors import ConfigError

    if (contact is None) == (request is None):
        raise ConfigError.at(
            "consent", "say whose: stammkunde consent CONTACT, or --request CONTACT"
        )
    if request is not None:
        request_by_hand(project_folder(), request, purpose or [], source, version, wording, as_of)
    elif contact is not None:
        show_consent(project_folder(), contact, as_of, as_json=json)

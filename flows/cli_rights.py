"""Commands about people's rights to their data: export, erase, retention."""

from pathlib import Path
from typing import Annotated

import typer

from flows.cli_options import AsOf, Plain, project_folder

app = typer.Typer()


@app.command()
def export(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Number of the person.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where to put both files.", show_default="var/exports/CONTACT"
        ),
    ] = None,
    as_of: AsOf = None,
) -> None:
    """Write down everything held about a person.

    What the GDPR asks for in Art. 15 and 20, as JSON and as a page to read: profile, decisions,
    messages word for word, what came back, consents with their proof, conversations, orders, who
    else has it, and how we decide.
    """
    from flows.exporting import export_contact

    export_contact(project_folder(), contact, out, as_of)


@app.command()
def erase(
    contact: Annotated[str, typer.Argument(metavar="CONTACT", help="Number of the person.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Forget a person; this cannot be undone.

    What the GDPR asks for in Art. 17. Name, address, notes, the texts of messages and every event
    that holds the address go. Orders and figures stay, and no longer lead to the person. A keyed
    hash keeps the address from coming back with the next pull.
    """
    from flows.erase import erase_contact

    erase_contact(project_folder(), contact, as_of, yes=yes, dry_run=dry_run)


@app.command()
def retention(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    as_of: AsOf = None,
    plain: Plain = False,
) -> None:
    """Delete records that are older than the policy allows.

    It stands in config/policy.yaml, under retention. Reports of the past, proofs and suppressions
    stay. Safe to repeat.
    """
    from flows.retaining import retain
    from flows.with_prefect import run_flow

    if plain or dry_run:
        retain(project_folder(), as_of, dry_run=dry_run)
    else:
        run_flow(project_folder(), "retention", as_of=as_of)

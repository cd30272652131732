"""The command line. Heavy imports happen inside the commands, so that --help answers at once."""

import os
import re
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flows import (
    cli_alerts,
    cli_care,
    cli_lists,
    cli_look,
    cli_measure,
    cli_people,
    cli_pictures,
    cli_rights,
    cli_run,
    cli_secret,
    cli_send,
    cli_steer,
    cli_wishes,
)
from flows.cli_options import AsOf, DryRun, Plain, project_folder, run_stage
from flows.errors import FAILED, WRONG, ConfigError, PipelineError, SourceError

_TYPED = (
    (r"Value error, ", ""),
    (r"Input should be a valid integer.*", "write a whole number"),
    (r"Input should be a valid number.*", "write a number"),
    (r"Input should be greater than or equal to (\S+)", r"write \1 or more"),
    (r"Input should be less than or equal to (\S+)", r"write \1 or less"),
    (r"Input should be greater than (\S+)", r"write more than \1"),
    (r"Input should be less than (\S+)", r"write less than \1"),
)
"""What pydantic says of an option, and what is said instead."""


def _ours(message: str) -> str:
    for theirs, ours in _TYPED:
        message = re.sub(theirs, ours, message)
    return message


class _Commands(TyperGroup):
    """All commands; what was mistyped is said without the words of the libraries beneath."""

    def invoke(self, ctx: Any) -> Any:
        """Carry out the command that was typed."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = _ours(error.message)
            raise


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 100, "help_option_names": ["-h", "--help"]},
    help="Stammkunde turns first-time buyers into regulars: journeys in YAML, messages in Jinja."
    "\n\nTo look around: stammkunde demo. To begin: stammkunde init DIR, then check and run in it.",
    epilog="Exit codes: 0 fine, 1 something failed in the run, 2 configuration or input is wrong.",
)


def main() -> None:
    """Entry point: what a user did wrong is told in a sentence, never as a trace back."""
    try:
        app(prog_name="stammkunde")
    except (ConfigError, SourceError) as error:
        _complain(error)
        sys.exit(WRONG)
    except PipelineError as error:
        _complain(error)
        sys.exit(FAILED)
    except OSError as error:
        if error.filename is None:
            raise
        typer.echo(f"{error.filename}  {error.strerror}", err=True)
        sys.exit(FAILED)


def _say_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"stammkunde {version('stammkunde')}")
        raise typer.Exit


@app.callback()
def project(
    folder: Annotated[
        Path,
        typer.Option(
            "--project",
            envvar="STAMMKUNDE_PROJECT",
            metavar="DIR",
            help="Folder that holds config/ and templates/.",
            show_default="the current folder",
        ),
    ] = Path(),
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_say_version, is_eager=True),
    ] = False,
) -> None:
    """Remember the project's folder, and where Prefect keeps its history."""
    os.environ["STAMMKUNDE_PROJECT"] = str(folder)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make the folder.")],
) -> None:
    """Make a folder of your own, with everything in it to change.

    Nothing that is there is overwritten. All journeys begin as drafts, which write to nobody.
    """
    from flows.initial import init as make

    made = make(folder)
    typer.echo(f"{folder}: {', '.join(made)}")
    typer.echo("Next: say in config/sources.yaml where your orders are, then: stammkunde check")


@app.command()
def demo(
    customers: Annotated[
        int, typer.Option(min=20, max=100_000, metavar="NUMBER", help="How many customers.")
    ] = 500,
    days: Annotated[
        int, typer.Option(min=1, max=720, metavar="NUMBER", help="How many days.")
    ] = 60,
    seed: Annotated[
        int, typer.Option(metavar="NUMBER", help="The same seed makes the same company.")
    ] = 7,
    folder: Annotated[
        Path,
        typer.Option("--dir", metavar="DIR", help="Where to put it; an older demo is removed."),
    ] = Path("demo"),
    locale: Annotated[
        str, typer.Option(metavar="LANGUAGE", help="Language of it all: de or en.")
    ] = "de",
    until: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Last day to live through.", show_default="yesterday"),
    ] = None,
    outlet: Annotated[
        str,
        typer.Option(
            metavar="OUTLET",
            help="folder: mails become files to look at. sendgrid-simulator: they go through a "
            "SendGrid on this machine that loses answers now and then and tells what became of "
            "each; at the end its mailboxes are held against our books (source checkout only).",
        ),
    ] = "folder",
) -> None:
    """Make up a company and live through its last days.

    A maker of office furniture with customers, orders and complaints, all invented. Mails become
    files to look at; nothing leaves this machine. 500 customers and 60 days take a minute or two.
    """
    from flows import clock
    from flows.demo_command import run_demo

    if outlet not in ("folder", "sendgrid-simulator"):
        raise ConfigError.at(
            "--outlet", f'"{outlet}" is no outlet of the demo. Write folder or sendgrid-simulator'
        )
    if locale not in ("de", "en"):
        raise ConfigError.at("--locale", f'"{locale}" is not spoken here. Write de or en')
    try:
        last = date.fromisoformat(until) if until else None
    except ValueError:
        raise ConfigError.at("--until", f'"{until}" is not a day. Write 2026-11-18') from None
    run_demo(
        folder,
        customers,
        days,
        seed,
        locale,
        last,
        clock.now(),
        simulator=outlet == "sendgrid-simulator",
    )


@app.command()
def run(as_of: AsOf = None, dry_run: DryRun = False, plain: Plain = False) -> None:
    """The whole day: pull, respond, plan, deliver and measure.

    Safe to repeat: nothing is sent twice. Only journeys with "status: live" write to anybody.
    """
    if plain:
        from flows.plain import run_day

        run_day(project_folder(), as_of, dry_run=dry_run)
    else:
        from flows.with_prefect import run_flow

        run_flow(project_folder(), "daily", as_of=as_of, dry_run=dry_run)


@app.command()
def pull(as_of: AsOf = None, plain: Plain = False) -> None:
    """Bring in the company's data, as config/sources.yaml says.

    Rows that make no sense are left out and kept with their reason. Pulling the same data again
    changes nothing.
    """
    run_stage("pull", as_of, plain)


@app.command()
def plan(as_of: AsOf = None, dry_run: DryRun = False, plain: Plain = False) -> None:
    """Decide who is due what, and queue it.

    Nothing goes out yet; that is what deliver does. With --dry-run nothing is queued either.
    """
    if dry_run:
        from flows.plain import run_day

        run_day(project_folder(), as_of, dry_run=True)
    else:
        run_stage("plan", as_of, plain)


@app.command()
def deliver(as_of: AsOf = None, plain: Plain = False) -> None:
    """Hand over what is queued, where it is still permitted.

    Nothing is handed over while the data is older than max_age in config/sources.yaml.
    """
    run_stage("deliver", as_of, plain)


@app.command()
def respond(as_of: AsOf = None, plain: Plain = False) -> None:
    """Take in what came back: bounces, wishes, replies, orders.

    Reads the files in the inbox folder; the same response twice counts once.
    """
    run_stage("respond", as_of, plain)


@app.command()
def web(
    host: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Where to listen.", show_default="as in settings"),
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65535, metavar="PORT", help="On which port.", show_default="as in settings"
        ),
    ] = None,
) -> None:
    """Serve the web endpoint: events, pages behind links.

    Takes SendGrid's events and people's answers, which respond works through, and serves the pages
    links in mails lead to: unsubscribing, preferences, scores, confirmations. Put a reverse proxy
    with HTTPS before it and write its address into config/settings.yaml (web: address).
    """
    from flows.web import serve

    serve(project_folder(), host, port)


app.add_typer(cli_look.app)
app.add_typer(cli_measure.app)
app.add_typer(cli_people.app)
app.add_typer(cli_pictures.app)
app.add_typer(cli_steer.app)
app.add_typer(cli_send.app)
app.add_typer(cli_wishes.app)
app.add_typer(cli_lists.app)
app.add_typer(cli_rights.app)
app.add_typer(cli_secret.app)
app.add_typer(cli_run.app)
app.add_typer(cli_care.app)
app.add_typer(cli_alerts.app)


def _complain(error: PipelineError) -> None:
    typer.echo(str(error), err=True)


if __name__ == "__main__":
    main()

"""The command line. Heavy imports happen inside the commands, so that --help answers at once."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from flows.errors import ConfigError, PipelineError, SourceError

FAILED, WRONG = 1, 2
"""Exit codes: something failed in the run; the configuration or the input is wrong."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Stammkunde turns first-time buyers into regulars: journeys in YAML, messages in Jinja.",
    epilog="Exit codes: 0 fine, 1 something failed in the run, 2 configuration or input is wrong.",
)

AsOf = Annotated[
    str | None,
    typer.Option(
        "--as-of",
        metavar="DAY",
        help="Work as of this day (2026-11-18) or moment (2026-11-18T07:00); now if not given.",
    ),
]
Plain = Annotated[
    bool,
    typer.Option(
        "--plain", help="Run without Prefect: quicker to start, but leaves no run to look at."
    ),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would be decided; write and send nothing.")
]


def main() -> None:
    """Entry point: what a user did wrong is told in a sentence, never as a trace back."""
    try:
        app()
    except (ConfigError, SourceError) as error:
        _complain(error)
        sys.exit(WRONG)
    except PipelineError as error:
        _complain(error)
        sys.exit(FAILED)


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
) -> None:
    """Remember the project's folder, and where Prefect keeps its history."""
    os.environ["STAMMKUNDE_PROJECT"] = str(folder)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make the folder.")],
) -> None:
    """Make a folder of your own, with configuration and templates to change."""
    from flows.initial import init as make

    made = make(folder)
    typer.echo(f"{folder}: {', '.join(made)}")
    typer.echo("Next: say in config/sources.yaml where your orders are, then: stammkunde check")


@app.command()
def demo(
    customers: Annotated[int, typer.Option(min=20, max=100_000, help="How many customers.")] = 500,
    days: Annotated[int, typer.Option(min=1, max=720, help="How many days to live through.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed makes the same company.")] = 7,
    folder: Annotated[
        Path, typer.Option("--dir", metavar="DIR", help="Where to put it; an older demo goes.")
    ] = Path("demo"),
    locale: Annotated[str, typer.Option(help="de or en.")] = "de",
    until: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Last day to live through.", show_default="yesterday"),
    ] = None,
) -> None:
    """Make up a company, live through its last days, and show what happened."""
    from flows import clock
    from flows.demo_command import run_demo

    if locale not in ("de", "en"):
        raise ConfigError.at("--locale", f'"{locale}" is not spoken here. Write de or en')
    try:
        last = date.fromisoformat(until) if until else None
    except ValueError:
        raise ConfigError.at("--until", f'"{until}" is not a day. Write 2026-11-18') from None
    run_demo(folder, customers, days, seed, locale, last, clock.now())


@app.command()
def run(as_of: AsOf = None, dry_run: DryRun = False, plain: Plain = False) -> None:
    """The whole day: data in, decisions, messages out, effects. Safe to repeat."""
    if plain:
        from flows.plain import run_day

        run_day(_folder(), as_of, dry_run=dry_run)
    else:
        _flow("daily", as_of=as_of, dry_run=dry_run)


@app.command()
def pull(as_of: AsOf = None, plain: Plain = False) -> None:
    """Bring in the company's data."""
    _stage("pull", as_of, plain)


@app.command()
def plan(as_of: AsOf = None, dry_run: DryRun = False, plain: Plain = False) -> None:
    """Decide who is due what, and queue it."""
    if dry_run:
        from flows.plain import run_day

        run_day(_folder(), as_of, dry_run=True)
    else:
        _stage("plan", as_of, plain)


@app.command()
def deliver(as_of: AsOf = None, plain: Plain = False) -> None:
    """Hand over what is queued."""
    _stage("deliver", as_of, plain)


@app.command()
def respond(as_of: AsOf = None, plain: Plain = False) -> None:
    """Take in what came back."""
    _stage("respond", as_of, plain)


@app.command()
def measure(as_of: AsOf = None, plain: Plain = False) -> None:
    """Show where journeys stand and what they brought."""
    _stage("measure", as_of, plain)


@app.command()
def check() -> None:
    """Look for everything wrong in YAML and templates, without running anything."""
    from flows.plain import check_project

    check_project(_folder())


@app.command()
def show(
    send: Annotated[int, typer.Argument(help="Number of the send.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the mail there, as .eml.")
    ] = None,
) -> None:
    """Print a message exactly as it was delivered."""
    from flows.plain import show_send

    show_send(_folder(), send, out)


@app.command()
def schema() -> None:
    """Write config/schema/*.json, with which editors complete and check the YAML."""
    from flows.config import write_schemas

    for file in write_schemas(_folder()):
        typer.echo(file)


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 4200,
) -> None:
    """Open the history of runs: Prefect's pages, on this machine only. Ctrl-C ends it."""
    from flows.prefect_home import prepare

    prepare(_folder())
    # The pages ask this address for data, whatever port the server itself was told.
    os.environ["PREFECT_SERVER_UI_API_URL"] = f"http://127.0.0.1:{port}/api"
    typer.echo(f"Runs: http://127.0.0.1:{port}/runs   Ctrl-C ends it")
    sys.stdout.flush()
    prefect = Path(sys.executable).with_name("prefect")
    arguments = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    os.execv(prefect, arguments)  # noqa: S606 - our own environment's program, no shell


def _folder() -> Path:
    return Path(os.environ["STAMMKUNDE_PROJECT"])


def _stage(name: str, as_of: str | None, plain: bool) -> None:
    if plain:
        from flows.plain import run_stage

        run_stage(_folder(), name, as_of)
    else:
        _flow(name, as_of=as_of)


def _flow(name: str, **parameters: Any) -> None:
    """Run a flow in this process; its state says how it went."""
    from flows.config import load
    from flows.prefect_home import prepare

    load(_folder())  # what is wrong with the YAML is said before Prefect takes seconds to start
    prepare(_folder())
    from importlib import import_module

    state = getattr(import_module(f"flows.{name}"), name)(**parameters, return_state=True)
    said = state.message or state.name
    typer.echo(said, err=not state.is_completed())
    if not state.is_completed():
        from flows.tasks import WRONG_INPUT

        raise typer.Exit(WRONG if state.name == WRONG_INPUT else FAILED)


def _complain(error: PipelineError) -> None:
    typer.echo(str(error), err=True)


if __name__ == "__main__":
    main()

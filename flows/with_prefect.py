"""Commands with Prefect: a flow run in this process, and the pages that show all runs."""

import os
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from flows.config import load
from flows.errors import FAILED, WRONG, ConfigError
from flows.prefect_home import pages, prepare
from flows.reaching import VARIABLE, needs_server
from flows.running import found

_WITHOUT = (
    "Start it (stammkunde up, or prefect server start), or unset PREFECT_API_URL: a server is then "
    "started for the time of this run. Or add --plain, which needs none"
)


def run_flow(folder: Path, name: str, **parameters: Any) -> None:
    """Run a flow; its state says how it went."""
    # What is wrong with the YAML is said before Prefect takes seconds to start.
    for fault in load(folder).broken:
        typer.echo(f"left out: {fault}", err=True)
    prepare(folder)
    if address := os.environ.get(VARIABLE):
        needs_server(address, os.environ, _WITHOUT)
    state = final_state(name, **parameters)
    typer.echo(state.message or state.name, err=not state.is_completed())
    if not state.is_completed():
        from flows.states import WRONG_INPUT

        raise typer.Exit(WRONG if state.name in WRONG_INPUT else FAILED)


def final_state(name: str, **parameters: Any) -> Any:
    """Run a flow in this process, under the tags one finds it by; how it ended."""
    from prefect import tags

    with tags("stammkunde", name):
        return getattr(import_module(f"flows.{name}"), name)(**parameters, return_state=True)


def serve_pages(folder: Path, port: int) -> None:
    """Become Prefect's server, on this machine only. Refuses a port somebody answers on."""
    if not (folder / "config").is_dir():
        raise ConfigError.at(folder, 'there is no folder "config" here. Say --project DIR')
    if up := found(folder):
        typer.echo(f"stammkunde up shows them already: {pages(up.api)}")
        return
    here = pages(f"http://127.0.0.1:{port}/api")
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise ConfigError.at(
                "--port",
                f"something answers on {port} already: these pages, if they are open elsewhere "
                f"({here}), or another program. Say another --port",
            )
    prepare(folder)
    # The pages ask this address for data, whatever port the server itself was told.
    os.environ["PREFECT_SERVER_UI_API_URL"] = f"http://127.0.0.1:{port}/api"
    typer.echo(f"Runs: {here}   Ctrl-C ends it")
    sys.stdout.flush()
    prefect = Path(sys.executable).with_name("prefect")
    arguments = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    os.execv(prefect, arguments)  # noqa: S606 - our own environment's program, no shell

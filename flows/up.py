"""`stammkunde up`: Prefect's server, all schedules and the web endpoint on one machine."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import typer

from flows.children import Child
from flows.deployments import house_locale
from flows.errors import ConfigError, Fault, PipelineError
from flows.prefect_home import pages, prepare_server
from flows.reporting.words import say
from flows.running import Note, end_groups, only_one
from segments.names import Locale

if TYPE_CHECKING:
    from flows.config import Project

_READY_WITHIN = 180.0
_LOOK_EVERY = 0.2
_HERE = "127.0.0.1"
_PATIENCE = {"schedules": 8.0, "web": 3.0, "server": 5.0}
"""How long each may take to end. Schedules first: runs under way tell the server that they end."""


@dataclass(frozen=True)
class Wanted:
    """What somebody asked for on the command line; no web port: as in settings.yaml."""

    folder: Path
    server_port: int
    web_port: int | None
    web: bool


@dataclass
class House:
    """What is running, and whether somebody wants it to end."""

    note: Note
    folder: Path
    locale: Locale
    children: dict[str, Child] = field(default_factory=dict)
    asked_to_end: bool = False

    @property
    def log(self) -> Path:
        """Where what it says is written."""
        return self.folder / "var" / "log"

    def say(self, key: str, *, error: bool = False, **parts: object) -> None:
        """Tell whoever started us, in the language of the house."""
        typer.echo(say(key, self.locale, **parts), err=error)

    def start(self, child: Child) -> None:
        """Start it, and note its number for whoever has to tidy up after us."""
        self.children[child.name] = child
        child.start()
        if child.process is not None:
            self.note.running.children.append(child.process.pid)
            self.note.write()

    def stop(self) -> None:
        """Stop all, those first who need the others."""
        for name, patience in _PATIENCE.items():
            if name in self.children:
                self.children[name].stop(patience)


def up(wanted: Wanted) -> None:
    """Start everything, say where it is, and keep it running until Ctrl-C or SIGTERM."""
    folder = wanted.folder.resolve()
    if not (folder / "config").is_dir():
        raise ConfigError.at(
            wanted.folder, 'there is no folder "config" here. Say --project DIR, or --demo'
        )
    api = f"http://{_HERE}:{wanted.server_port}/api"
    with only_one(folder, api) as note:
        house = House(note, folder, house_locale(folder))
        _refuse_taken(house, _HERE, wanted.server_port, "--server-port", "up_server")
        _prepare(folder, api)
        _listen_for_the_end(house)
        try:
            _begin(house, wanted, api)
            _keep(house)
        finally:
            house.stop()
        house.say("up_stopped")


def demo_folder(around: Path) -> Path:
    """The demo company's folder; where there is none, the company is made first."""
    folder = around / "demo"
    if not (folder / ".stammkunde-demo").exists():
        command = [sys.executable, "-m", "flows.cli", "demo", "--dir", str(folder)]
        # In a process of its own, which takes its memory with it.
        if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own program
            raise PipelineError("the demo company could not be made; see above")
    return folder


def _prepare(folder: Path, api: str) -> None:
    """What all children find in their environment."""
    os.environ.pop("PREFECT_API_URL", None)
    prepare_server(folder)
    os.environ["PREFECT_API_URL"] = api
    # The pages ask this address for data, whatever port the server itself was told.
    os.environ["PREFECT_SERVER_UI_API_URL"] = api
    os.environ["STAMMKUNDE_PROJECT"] = str(folder)


def _listen_for_the_end(house: House) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        house.asked_to_end = True

    for word in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(word, end)


def _begin(house: House, wanted: Wanted, api: str) -> None:
    began = time.monotonic()
    house.say("up_starting")
    port = str(wanted.server_port)
    server = [sys.executable, "-m", "prefect", "server", "start", "--host", _HERE, "--port", port]
    house.start(Child("server", server, house.log / "server.log"))
    # Reading YAML takes as long as the server takes to get up.
    from flows.deploying import alerts_told, entries_of
    from flows.entries import as_text

    project, entries = entries_of(house.folder)
    for fault in project.broken:
        house.say("up_left_out", error=True, fault=fault)
    _look_at_store(house, project)
    reading, writing = os.pipe()
    at_once = str(project.deployments.at_once)
    serving = [sys.executable, "-m", "flows.schedules", at_once, str(writing)]
    house.start(
        Child(
            "schedules",
            serving,
            house.log / "schedules.log",
            told=as_text(entries),
            pass_on=(writing,),
        )
    )
    web = project.settings.web
    web_at = (web.host, wanted.web_port or web.port)
    if wanted.web:
        if web_at[1] == wanted.server_port:
            told = say("up_same_port", house.locale, port=web_at[1])
            raise ConfigError([Fault("--web-port", 0, told)])
        _refuse_taken(house, *web_at, "--web-port", "up_endpoint")
        asked = ["--host", web_at[0], "--port", str(web_at[1])]
        command = [sys.executable, "-m", "flows.cli", "web", *asked]
        house.start(Child("web", command, house.log / "web.log"))
    if not _ready(house, reading, web_at if wanted.web else None):
        return
    house.say("up_runs", address=pages(api))
    if wanted.web:
        house.say("up_web", address=f"http://{web_at[0]}:{web_at[1]}")
    on = [entry.name for entry in entries if entry.enabled and entry.cron]
    house.say("up_on", names=", ".join(on) or say("up_nothing_on", house.locale))
    typer.echo(alerts_told(project))
    house.say("up_logs", folder=house.log)
    house.say("up_ready", seconds=time.monotonic() - began)


def _look_at_store(house: House, project: "Project") -> None:
    """Refuse a store of a newer version; one that is away now may be back for the first run."""
    # Loaded while the server gets up.
    from flows.settings import store_address
    from flows.store.looking import DamagedError, LookError
    from flows.store.place import damaged, file_of
    from flows.store.revisions import look_at

    address = store_address(project.settings, house.folder)
    try:
        look_at(address)
    except DamagedError as error:
        file = file_of(address) or house.folder
        raise ConfigError.at(file, damaged(file, error)) from error
    except LookError as error:
        house.say("up_store_away", error=True, why=error)


def _ready(house: House, schedules: int, web: tuple[str, int] | None) -> bool:
    """Wait until all answer; False if somebody wants it to end before."""
    until = time.monotonic() + _READY_WITHIN
    while not house.asked_to_end:
        for child in house.children.values():
            if child.ended:
                raise _failed(house, child, "up_does_not_start")
        told, _, _ = select.select([schedules], [], [], _LOOK_EVERY)
        if told and (web is None or _answers(*web)):
            os.close(schedules)
            return True
        if told:
            time.sleep(_LOOK_EVERY)
        if time.monotonic() > until:
            raise PipelineError(
                say("up_not_ready", house.locale, seconds=_READY_WITHIN, log=house.log)
            )
    return False


def _keep(house: House) -> None:
    """Start again what ends by itself, until somebody wants all of it to end."""
    while not house.asked_to_end:
        time.sleep(_LOOK_EVERY)
        for child in house.children.values():
            if not child.ended or child.process is None:
                continue
            if child.hopeless:
                raise _failed(house, child, "up_ends_again")
            house.say("up_again", error=True, name=child.name, log=child.log)
            end_groups([child.process.pid])
            house.start(child)


def _failed(house: House, child: Child, what: str) -> PipelineError:
    said = say(what, house.locale, name=child.name, log=child.log)
    return PipelineError(f"{said}\n{child.last_words()}".rstrip())


def _refuse_taken(house: House, host: str, port: int, option: str, whose: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            told = say(
                "up_taken",
                house.locale,
                port=port,
                why=error.strerror,
                option=option,
                whose=say(whose, house.locale),
            )
            raise ConfigError([Fault(option, 0, told)]) from None


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False

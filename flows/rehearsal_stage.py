"""Where the demo rehearses: SendGrid's simulator in a process, and our endpoint in a thread."""

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import uvicorn

from flows import simulator_process
from flows.errors import PipelineError
from flows.responses.app import Office, application
from flows.settings import secret
from flows.simulator_process import Simulator
from flows.stages.shop import Shop
from flows.store.runs import fates
from segments.names import Outcome

_KEY_VARIABLE = "STAMMKUNDE_DEMO_KEY"
_HOST = "127.0.0.1"
_STOPPED_WITHIN = 5.0
_BEHAVIOUR = {
    "bounce": 0.01,
    "blocked": 0.005,
    "dropped": 0.004,
    "deferred": 0.03,
    "spamreport": 0.0005,
    "group_unsubscribe": 0.003,
    "open": 0.5,
    "click": 0.04,
}
_FAULTS = (
    {"what": "status 500", "when": "after_accept", "share": 0.015},
    {"what": "reset", "when": "after_accept", "share": 0.01},
    {"what": "status 503", "when": "after_body", "share": 0.005},
    {"what": "reset", "when": "before_body", "share": 0.005},
    {"what": "status 429", "when": "after_body", "share": 0.005},
)
_WEBHOOK = {"duplicates": 0.05, "reordered": 0.5}
_GONE = {Outcome.ACCEPTED, Outcome.DELIVERED, Outcome.BOUNCED, Outcome.DROPPED}
_SHOWN = 5

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Balance:
    """What our store says of messages, and the mailboxes of the simulator.

    taken        messages SendGrid has accepted, whatever became of them
    held         messages its mailboxes hold
    failures     requests it made go wrong, so that doubts arose
    example      one of the sends that were delivered
    differences  where the two do not agree, a sentence each
    """

    taken: int
    delivered: int
    bounced: int
    dropped: int
    in_doubt: int
    held: int
    failures: int
    example: int | None
    differences: list[str]


@dataclass
class Stage:
    """A simulator that runs, with the clock at `now`, and the socket our endpoint is to get."""

    simulator: Simulator
    door: socket.socket
    now: datetime = field(init=False)

    @property
    def endpoint(self) -> str:
        """Where our endpoint is reached."""
        return f"http://{_HOST}:{self.door.getsockname()[1]}"

    def furnish(self, folder: Path) -> None:
        """Write the ways out and in into the settings of a project."""
        file = folder / "config" / "settings.yaml"
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^outlet: folder(  )?", "outlet: sendgrid", text)
        outlet = _OUTLET % self.simulator.address
        text = re.sub(r"(?m)^outlets:\n", lambda found: found[0] + outlet, text)
        port, key = self.door.getsockname()[1], json.dumps(self.simulator.public_key)
        file.write_text(text + _WEB % (self.endpoint, port, key), encoding="utf-8")

    @contextmanager
    def listening(self, shop: Shop) -> Iterator[None]:
        """Our endpoint, open for the simulator's events."""
        project = shop.project
        office = Office(
            shop.engine,
            project.settings.web.sendgrid_keys,
            [secret(project.folder)],
            project.senders.name,
            project.policy.locale,
            lambda: self.now,
        )
        server = uvicorn.Server(
            uvicorn.Config(application(office), lifespan="off", log_config=None, access_log=False)
        )
        serving = threading.Thread(
            target=server.run, kwargs={"sockets": [self.door]}, name="endpoint", daemon=True
        )
        serving.start()
        while not server.started and serving.is_alive():
            time.sleep(0.01)
        self.simulator.ask("PUT", "webhook", {"url": f"{self.endpoint}/events/sendgrid"} | _WEBHOOK)
        try:
            yield
        finally:
            server.should_exit = True
            serving.join(timeout=_STOPPED_WITHIN)

    def live_until(self, now: datetime) -> None:
        """Put the simulator's clock there, and have it tell of all that happened by then."""
        self.now = now
        self.simulator.ask("PUT", "clock", {"now": now.isoformat(), "running": False})
        if self.simulator.ask("POST", "flush", {})["refused"]:
            raise PipelineError("our endpoint has refused events of the simulator")

    def reached(self) -> Numbers:
        """The sends that have come to be in a mailbox."""
        return _sends(self.simulator.lines("accepted"), "copies")

    def balance(self, shop: Shop) -> Balance:
        """Hold what our store says against what the simulator has done."""
        with shop.engine.connect() as connection:
            ours = fates(connection)
        theirs = self.simulator.lines("accepted")
        counts = ours["outcome"].value_counts()
        taken = ours.loc[ours["outcome"].isin(_GONE), "send_id"].to_numpy()
        delivered = ours.loc[ours["outcome"] == Outcome.DELIVERED, "send_id"].to_numpy()
        accepted = _sends(theirs, "accepted")
        reached = _sends(theirs, "copies")
        twice = [int(row["send"]) for row in theirs if row["copies"] > 1]
        found = {
            "were accepted, and our store does not know": np.setdiff1d(accepted, taken),
            "were never accepted, and our store says so": np.setdiff1d(taken, accepted),
            "lie in a mailbox, and our store does not know": np.setdiff1d(reached, delivered),
            "lie in no mailbox, and our store says so": np.setdiff1d(delivered, reached),
            "lie in a mailbox more than once": np.array(twice),
        }
        stats = self.simulator.ask("GET", "stats")
        held = int(stats["in_mailboxes"])
        differences = [_difference(what, sends) for what, sends in found.items() if len(sends)]
        if held != len(delivered) and not differences:
            differences = [f"mailboxes hold {held} messages, our store says {len(delivered)}"]
        return Balance(
            len(taken),
            len(delivered),
            int(counts.get(Outcome.BOUNCED, 0)),
            int(counts.get(Outcome.DROPPED, 0)),
            int(counts.get(Outcome.IN_DOUBT, 0)),
            held,
            sum(int(rule["hits"]) for rule in stats["faults"]),
            int(delivered[-1]) if len(delivered) else None,
            differences,
        )


@contextmanager
def rehearsal(seed: int) -> Iterator[Stage]:
    """A simulator with a few faults, and its key where the settings of the demo say it is."""
    with simulator_process.running(seed, _BEHAVIOUR) as simulator, socket.socket() as door:
        door.bind((_HOST, 0))
        faults = [rule | {"seed": seed + number} for number, rule in enumerate(_FAULTS)]
        simulator.ask("PUT", "faults", faults)
        with _environment(simulator.key):
            yield Stage(simulator, door)


@contextmanager
def _environment(key: str) -> Iterator[None]:
    """The key where settings say it is, and no proxy between us and ourselves."""
    around = {name: os.environ.get(name, "") for name in ("NO_PROXY", "no_proxy")}
    direct = {name: f"{said},{_HOST}".lstrip(",") for name, said in around.items()}
    wanted = {_KEY_VARIABLE: key, **direct}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _sends(rows: list[dict[str, Any]], which: str) -> Numbers:
    return np.array([int(row["send"]) for row in rows if row[which]], dtype=np.int64)


def _difference(what: str, sends: Numbers) -> str:
    shown = ", ".join(map(str, sends[:_SHOWN]))
    more = ", …" if len(sends) > _SHOWN else ""
    return f"{len(sends)} messages {what} (sends {shown}{more})"


_OUTLET = f"""\
  sendgrid:
    kind: sendgrid                   # the simulator of the demo, which ended with it
    key: {_KEY_VARIABLE}
    address: %s
    asm_group: {{advertising: 1}}
"""
_WEB = f"""\
web:                                 # where it told what became of messages
  address: %s
  host: {_HOST}
  port: %s
  sendgrid_keys:
    - %s
"""

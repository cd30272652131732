"""What the processes of the tests do: they are started anew and find it here by its name."""

import os
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Parcel, Receipt
from flows.delivery.report import DeliveryReport
from flows.delivery.senders import Stopping
from flows.errors import ConfigError, DeliveryError, Fault
from flows.store.session import open_store
from segments.names import HaltCause
from tests.delivery.outlets import delivery, terms


@dataclass(frozen=True)
class Job:
    """Sends into a folder from a store, once all of `share` are there.

    `dies_after` so many messages, as if the plug were pulled.
    """

    store: str
    folder: Path
    share: int
    dies_after: int | None = None


class Told(FolderOutlet):
    """Writes down every message it hands over, so that a second copy would be seen."""

    def __init__(self, job: Job) -> None:
        super().__init__(job.folder)
        self._left = job.dies_after
        self._diary = (job.folder / f"{os.getpid()}.diary").open("a", buffering=1)

    def deliver(self, parcels: Iterable[Parcel]) -> Iterator[Receipt]:
        for receipt in super().deliver(parcels):
            self._diary.write(f"{receipt.send_id}\n")
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            yield receipt

    def close(self) -> None:
        self._diary.close()


def send(job: Job, report: DeliveryReport, stopping: Stopping) -> None:
    """Block after block, until nothing is due."""
    engine = open_store(job.store)
    with Told(job) as outlet:
        while len(handed_over(job.folder)) < job.share:
            sleep(0.05)
        delivery(engine, outlet, rules=terms(block=50), report=report, stopping=stopping).empty()
    engine.dispose()


def handed_over(folder: Path) -> list[list[int]]:
    """What each process has handed over."""
    return [
        [int(line) for line in diary.read_text().splitlines()]
        for diary in sorted(folder.glob("*.diary"))
    ]


def fail(what: str, report: DeliveryReport, _stopping: Stopping) -> None:
    """Go wrong, in one way or another, after one message was held back."""
    report.put_off = 1
    if what == "configuration":
        raise ConfigError([Fault("config/settings.yaml", 3, "the key is missing")])
    if what == "key":
        raise DeliveryError("the key is refused", HaltCause.KEY)
    raise ZeroDivisionError("Ada Example <ada@example.com>")

"""Senders on the workers of a Dask cluster: begun, watched, told to stop, and heard out.

No message passes between machines: each sender claims its own in the store, as any process does.
So it does not matter who sends, nor who dies. Dask itself loads only where it is asked for.
"""

import logging
import socket
from asyncio import CancelledError
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from threading import Event, Thread
from time import sleep
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from flows.delivery.clocks import passing
from flows.delivery.report import DeliveryReport
from flows.delivery.senders import Stopping, arrived, travelling
from flows.errors import ConfigError, PipelineError

SETTINGS = "config/settings.yaml"
ANSWERS_WITHIN = 5.0
_LOOK_EVERY = 1.0
_PAUSE = 0.05
_ALONE_AFTER = 30.0
_STOP = "stop"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Order:
    """What a worker is told: one of `share` that send for a run, as of `now` when it was `given`.

    By `began` it knows that its store is the one of the run, by `rules` that it has the same
    config/ and templates/; by `name` it asks whether it is still wanted.
    """

    folder: str
    run_id: int
    began: datetime | None
    rules: Mapping[str, str]
    now: datetime
    given: datetime
    ticking: bool
    share: int
    name: str = field(default_factory=lambda: f"deliver {uuid4().hex}")


Work = Callable[[Order, DeliveryReport, Stopping], None]
"""What a worker does with an order: it fills the report. Found by its name."""


def refuse_silence(address: str) -> None:
    """Raise `ConfigError` unless Dask is installed and its scheduler can be reached."""
    if find_spec("prefect_dask") is None:
        raise ConfigError.at(
            SETTINGS,
            '"runner: dask" needs prefect-dask, which is not installed here: '
            'pip install "stammkunde[dask]", on the workers, too',
        )
    there = urlsplit(address)
    try:
        socket.create_connection((str(there.hostname), there.port or 0), ANSWERS_WITHIN).close()
    except OSError as error:
        raise ConfigError.at(
            SETTINGS,
            f"no Dask scheduler answers at {address} ({error}). Start one (dask scheduler) and "
            "its workers (dask worker), or correct dask: below scale:",
        ) from error


def some_workers(client: Any, address: str) -> None:
    """Wait a moment for a worker; raise `ConfigError` if none comes."""
    try:
        client.wait_for_workers(1, timeout=ANSWERS_WITHIN)
    except OSError as error:
        raise ConfigError.at(
            SETTINGS,
            f"the Dask scheduler at {address} has no workers that answer ({error}). Start "
            f"some: dask worker {address}",
        ) from error


def on_workers(
    work: Work, address: str, order: Order, *, meanwhile: Callable[[], None], stopping: Stopping
) -> tuple[DeliveryReport, list[PipelineError]]:
    """Have workers of the cluster send; what they did together, and what went wrong.

    `meanwhile` is called about once a second. Where a worker dies Dask has another go on.
    """
    refuse_silence(address)
    dask = _dask()
    with dask.Client(address, timeout=ANSWERS_WITHIN, set_as_default=False) as client:
        some_workers(client, address)
        order = replace(order, share=min(order.share, sum(client.nthreads().values())))
        futures: list[Any] = []
        word = dask.Variable(order.name, client=client)
        word.set(str(passing()))
        try:
            for number in range(order.share):
                name = f"{order.name} {number}"
                futures.append(client.submit(_heard_out, work, order, key=name, pure=False))
            _watch(client, futures, word, meanwhile, stopping)
        finally:
            with suppress(OSError):
                word.set(_STOP, timeout=ANSWERS_WITHIN)
            _until_done(futures, _ALONE_AFTER)
            with suppress(OSError):
                word.delete()
        return _together(client, futures, order)


def _watch(
    client: Any,
    futures: list[Any],
    word: Any,
    meanwhile: Callable[[], None],
    stopping: Stopping,
) -> None:
    """Until all have ended: say that they are wanted, or not any more, and see who is left."""
    seen = passing()
    while not _until_done(futures, _LOOK_EVERY):
        with suppress(OSError):
            word.set(_STOP if stopping() else str(passing()), timeout=ANSWERS_WITHIN)
            if client.nthreads():
                seen = passing()
        if passing() - seen > _ALONE_AFTER:
            return
        meanwhile()


def _until_done(futures: list[Any], seconds: float) -> bool:
    end = passing() + seconds
    while not (over := all(future.done() for future in futures)) and passing() < end:
        sleep(_PAUSE)
    return over


def _together(
    client: Any, futures: list[Any], order: Order
) -> tuple[DeliveryReport, list[PipelineError]]:
    report, failed = DeliveryReport(), list[PipelineError]()
    for future in futures:
        try:
            where, done, failure = future.result(timeout=ANSWERS_WITHIN)
        except (Exception, CancelledError) as error:
            failed.append(_silent(error))
            continue
        _log.info("%s handed over %s", where, done.handed_over)
        report.add(done)
        if wrong := arrived(failure):
            failed.append(wrong)
    begun: Sequence[Any] = ()
    with suppress(OSError):
        begun = client.get_events(order.name)
    if died := len(begun) - len(futures):
        _log.warning(
            "%s senders ended before their time and others went on; what they handed over stands "
            "in the store, not in the figures of this run",
            died,
        )
    return report, failed


def _silent(error: BaseException) -> PipelineError:
    return PipelineError(
        f"a sender on the Dask cluster did not answer any more ({type(error).__name__}). What it "
        "had taken is in doubt until it is looked into; everything else waits. See whether the "
        "scheduler and its workers still run, and deliver once more"
    )


def _heard_out(work: Work, order: Order) -> tuple[str, DeliveryReport, object]:
    """The life of a sender: where it was, what it did, and what went wrong."""
    worker = _dask().get_worker()
    worker.log_event(order.name, worker.address)
    report = DeliveryReport()
    with _wanted(order.name) as stopping:
        failure = travelling(lambda: work(order, report, stopping))
    return worker.address, report, failure


@contextmanager
def _wanted(name: str) -> Iterator[Stopping]:
    """Whether to stop: told so, or nobody has said for a while that the sender is wanted."""
    dask = _dask()
    word = dask.Variable(name, client=dask.get_client())
    over, ended = Event(), Event()

    def listen() -> None:
        said, heard = "", passing()
        while not ended.wait(_LOOK_EVERY):
            with suppress(OSError):
                latest = word.get(timeout=ANSWERS_WITHIN)
                if latest != said:
                    said, heard = latest, passing()
            if said == _STOP or passing() - heard > _ALONE_AFTER:
                over.set()
                return

    ear = Thread(target=listen, daemon=True)
    ear.start()
    try:
        yield over.is_set
    finally:
        ended.set()
        ear.join()


def _dask() -> Any:
    """Loaded where somebody asks for it: it takes a while."""
    return import_module("distributed")

"""The inbox is worked through: events kept and followed up, files put away, orders attributed."""

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter

from sqlalchemy import Engine

from flows.errors import SourceError
from flows.responses import events, sendgrid_events
from flows.responses.mail_work import MailDesk, take_mail
from flows.store import inbox as kept_inbox
from flows.store.arriving import Written, written
from flows.store.attribution import attribute_orders
from flows.store.batches import Applied, applied, pending_batches
from flows.store.inbox import Event, Kept, Refused
from flows.store.session import writing
from flows.store.tasks import TaskResult, finish
from segments.names import Outcome, ResponseKind

Progress = Callable[[int, int], None]

BATCH = 2000
POSTED_AT_ONCE = 4 * 1024 * 1024
"""Bytes of batches that are applied together: some eight thousand events."""
DONE = "done"

_log = logging.getLogger(__name__)


@dataclass
class ResponseReport:
    """What came back, in counts. `waiting` events lie after `now` and keep their file in place."""

    new: Counter[ResponseKind] = field(default_factory=Counter)
    repeated: int = 0
    unknown_sends: int = 0
    waiting: int = 0
    refused: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    suppressed: int = 0
    objected: int = 0
    orders: int = 0
    tasks_done: int = 0
    mails: int = 0
    tasks: int = 0
    files: int = 0
    files_done: int = 0
    seconds: float = 0.0


def respond(
    engine: Engine,
    inbox: Path,
    *,
    now: datetime,
    run_id: int,
    desk: MailDesk | None = None,
    progress: Progress | None = None,
) -> ResponseReport:
    """Take in every `*.jsonl` of the inbox, which moves to `done/`, and what was posted to us.

    Files are to be dropped whole: written elsewhere and moved in. Taking the same events again,
    in any order, changes nothing. Mail that was posted waits for somebody with a `desk`.
    """
    started = perf_counter()
    report = ResponseReport()
    files = sorted(inbox.glob("*.jsonl"))
    for number, file in enumerate(files, start=1):
        try:
            _take(engine, file, now, run_id, report)
        except OSError as error:
            raise SourceError(
                f"{file.name} cannot be read or put away: {error.strerror}"
            ) from error
        if progress:
            progress(number, len(files))
    _take_posted(engine, now, run_id, report)
    if desk is not None:
        _take_mail(engine, desk, now, run_id, report)
    with writing(engine) as connection:
        report.orders = attribute_orders(connection, now)
    report.files = len(files)
    report.seconds = perf_counter() - started
    _log.info(
        "responses: %s new, %s repeated, %s waiting, %s refused, %s orders; %.1f s",
        sum(report.new.values()),
        report.repeated,
        report.waiting,
        report.refused,
        report.orders,
        report.seconds,
    )
    return report


def _take(engine: Engine, file: Path, now: datetime, run_id: int, report: ResponseReport) -> None:
    done = _free_name(file)
    place = f"{file.parent.name}/{DONE}/{done.name}"
    waiting = 0
    for batch in _batches(events.read(file)):
        happened = [each for each in batch if isinstance(each, Event) and each.at <= now]
        refused = [each for each in batch if isinstance(each, Refused)]
        done_tasks = [each for each in batch if isinstance(each, TaskResult) and each.at <= now]
        waiting += len(batch) - len(happened) - len(refused) - len(done_tasks)
        with writing(engine) as connection:
            kept_inbox.keep_refused(connection, run_id, place, refused)
            kept = kept_inbox.keep(connection, happened, now)
            report.tasks_done += finish(connection, done_tasks, now)
        _count(report, kept, happened, refused)
    report.waiting += waiting
    if not waiting:
        done.parent.mkdir(exist_ok=True)
        file.rename(done)
        report.files_done += 1


def _take_posted(engine: Engine, now: datetime, run_id: int, report: ResponseReport) -> None:
    """Apply the batches SendGrid posted, many at once; one with something to come stays whole."""
    for group in _posted(engine, now):
        with writing(engine) as connection:
            for number, wrong in group.refused.items():
                kept_inbox.keep_refused(connection, run_id, f"events {number}", wrong)
            kept = kept_inbox.keep(connection, group.happened, now, group.rows)
            applied(connection, group.done, now)
        report.waiting += group.waiting
        _count(
            report,
            kept,
            group.happened,
            [each for wrong in group.refused.values() for each in wrong],
        )


@dataclass
class _Group:
    """What some batches say, and up to which of them. `refused` is by batch."""

    last: int
    happened: list[Event] = field(default_factory=list)
    rows: list[Written] = field(default_factory=list)
    refused: dict[int, list[Refused]] = field(default_factory=dict)
    done: list[Applied] = field(default_factory=list)
    waiting: int = 0


def _posted(engine: Engine, now: datetime) -> Iterator[_Group]:
    """Batches in groups; one is read while the database works on the one before."""
    with _uncollected(), ThreadPoolExecutor(1) as reader:
        coming = reader.submit(_read_group, engine, 0, now)
        while (group := coming.result()) is not None:
            coming = reader.submit(_read_group, engine, group.last, now)
            yield group


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing an event is made of goes in circles; looking for some takes half as long again."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def _read_group(engine: Engine, last: int, now: datetime) -> _Group | None:
    with engine.connect() as connection:
        found = pending_batches(connection, sendgrid_events.SOURCE, last, POSTED_AT_ONCE)
    if not found:
        return None
    group = _Group(found[-1].id)
    for batch in found:
        told = list(sendgrid_events.read(batch.body, batch.received_at))
        wrong = [each for each in told if isinstance(each, Refused)]
        happened = [each for each in told if isinstance(each, Event) and each.at <= now]
        waiting = len(told) - len(wrong) - len(happened)
        group.happened += happened
        group.waiting += waiting
        if wrong:
            group.refused[batch.id] = wrong
        if not waiting:
            problem = wrong[0].reason if wrong else None
            group.done.append(Applied(batch.id, len(told), problem))
    group.rows = written(engine.dialect.name, group.happened)
    return group


def _take_mail(
    engine: Engine, desk: MailDesk, now: datetime, run_id: int, report: ResponseReport
) -> None:
    for each in take_mail(engine, desk, now, run_id):
        _count(report, each.kept, each.events, [])
        report.mails += len(each.events)
        report.tasks += each.tasks
        report.objected += each.unsubscribed
        report.refused += each.unreadable
        report.waiting += each.waiting


def _count(
    report: ResponseReport, kept: Kept, happened: list[Event], refused: list[Refused]
) -> None:
    report.new += kept.new
    report.repeated += len(happened) - kept.new.total()
    report.unknown_sends += kept.unknown_sends
    report.refused += len(refused)
    report.outcomes += kept.outcomes
    report.suppressed += kept.suppressed
    report.objected += kept.objected


def _batches(
    each: Iterator[Event | TaskResult | Refused],
) -> Iterator[list[Event | TaskResult | Refused]]:
    while batch := list(islice(each, BATCH)):
        yield batch


def _free_name(file: Path) -> Path:
    """Where the file will lie when done: under its own name, numbered if that is taken."""
    done = file.parent / DONE
    target = done / file.name
    number = 2
    while target.exists():
        target = done / f"{file.stem}-{number}{file.suffix}"
        number += 1
    return target

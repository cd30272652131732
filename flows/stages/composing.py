"""What a process needs to send, and nothing else: it is loaded by every one of them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from flows.delivery.block import Compose, Terms
from flows.delivery.clocks import standing, ticking
from flows.delivery.dispatch import Delivery
from flows.delivery.outlet import Prepared, RenderFailure
from flows.delivery.report import DeliveryReport
from flows.delivery.senders import Stopping
from flows.errors import MessageError
from flows.messages.compose import compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.stages.ways import Ways
from flows.store.facts import message_facts
from flows.store.session import open_store


def composer(templates: Path, letterhead: Letterhead, owner: str) -> Compose:
    """A function that turns sends into messages, with the templates as they are now.

    Customers nobody looks after are signed for by `owner`.
    """
    library = Library.open(templates)

    def prints_order(message: str) -> bool:
        return library.prints(message, "order")

    def compose_block(
        connection: Connection, send_ids: list[int], now: datetime
    ) -> Iterator[Prepared | RenderFailure]:
        found = message_facts(connection, send_ids, now, owner, prints_order=prints_order)
        for facts in found:
            try:
                made = compose(library, facts, letterhead, now)
            except MessageError as error:
                yield RenderFailure(facts.send_id, facts.message, str(error))
            else:
                yield Prepared(
                    made.outgoing,
                    made.message,
                    made.locale,
                    made.template_version,
                    made.sources,
                    made.context,
                )

    return compose_block


@dataclass(frozen=True)
class Job:
    """One of `share` processes that send at the same time: what it works with.

    It takes `now` for the moment it begins; time goes on from there where it is `ticking`.
    """

    store: str
    folder: Path
    templates: Path
    terms: Terms
    letterhead: Letterhead
    now: datetime
    ticking: bool
    share: int


def send(job: Job, report: DeliveryReport, stopping: Stopping) -> None:
    """The life of such a process: block after block, until nothing is due."""
    with _garbage_between_blocks():
        _send(job, report, stopping)


def _send(job: Job, report: DeliveryReport, stopping: Stopping) -> None:
    terms = job.terms
    most_failures = terms.sending.provider_errors
    engine = open_store(job.store)
    try:
        with Ways(
            terms.settings, job.folder, most_failures=most_failures, share=job.share
        ) as outlets:
            Delivery(
                engine,
                outlets,
                composer(job.templates, job.letterhead, terms.owner),
                terms,
                ticking(job.now) if job.ticking else standing(job.now),
                report,
                stopping=stopping,
                between=_let_go,
            ).empty()
    finally:
        engine.dispose()


@contextmanager
def _garbage_between_blocks() -> Iterator[None]:
    """Looking for it all the time, also in what stays anyway, takes a tenth of the time of sending.

    Never looking keeps a kilobyte a message: answers of the database hang in circles.
    """
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        # A worker of a cluster lives on.
        gc.enable()
        gc.unfreeze()


def _let_go(_at: datetime) -> None:
    gc.collect()

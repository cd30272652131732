"""Emptying the outbox: a block is claimed, handed over and noted, until nothing is due."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import sleep
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from flows.delivery import clocks
from flows.delivery.block import BLOCK_SECONDS, Block, ClosedError, Compose, Moment, Terms, take
from flows.delivery.feed import Handed, Standing, hand_over
from flows.delivery.left import count_left
from flows.delivery.noting import note, rest
from flows.delivery.outlet import Outlet
from flows.delivery.report import DeliveryReport
from flows.errors import DeliveryError, PipelineError
from flows.store import outbox
from flows.store.session import writing
from flows.store.stops import hold_back
from segments.names import Outcome, SkipReason

Value = TypeVar("Value")

_LEASE_AT_LEAST = timedelta(minutes=1)
_log = logging.getLogger(__name__)


def _nothing(*_: object) -> None:
    """Nobody wants to know."""


def _never() -> bool:
    return False


@dataclass
class Delivery:
    """A delivery under way. Safe to begin again at any time, whatever ended the one before.

    outlets   ways out by name; one that cannot be opened raises `DeliveryError`
    tick      the moment it is now
    report    filled as things happen, whatever ends them
    between   called before each block, with the moment
    stopping  once it says so, nothing more leaves
    progress  called with how many messages are out of the line
    passing   seconds that go by, whatever the moment is
    patience  seconds between tries while the database does not answer
    """

    engine: Engine
    outlets: Mapping[str, Outlet]
    compose: Compose
    terms: Terms
    tick: clocks.Tick
    report: DeliveryReport = field(default_factory=DeliveryReport)
    between: Callable[[datetime], None] = _nothing
    stopping: Callable[[], bool] = _never
    progress: Callable[[int], None] = _nothing
    passing: Callable[[], float] = clocks.passing
    patience: Sequence[float] = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
    _failed: Counter[str] = field(default_factory=Counter)
    _standings: dict[str, Standing] = field(default_factory=dict)
    _unsure: list[int] = field(default_factory=list)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.passing()

    def begin(self) -> int:
        """Take out of the queue what must not go any more. How many messages are due."""
        at = self.tick()
        with writing(self.engine) as connection:
            self.report.found_stale += outbox.stale_claims(connection, at)
            self.report.held_back += hold_back(connection, at, self.terms.live, self.terms.hold)
            return outbox.waiting(connection, at)

    def empty(self) -> None:
        """Hand over every due send that nothing speaks against, block by block."""
        size, done = self.terms.block, 0
        while not self.stopping():
            self.look_after()
            began = self.passing()
            moment = self._moment()
            self._unsure = []
            try:
                block = self._lasting(partial(self._take, moment, size))
            except ClosedError as closed:
                self._rest(closed.outlet, closed.why)
                continue
            self._count(block)
            self._hand_over(block, moment)
            if not block.found:
                break
            done += block.size
            self.progress(done)
            size = _next_size(size, block.size, self.passing() - began, self.terms.most)

    def look_after(self) -> None:
        """What is due between blocks."""
        self._patiently(lambda: self.between(self.tick()))

    def waiting(self) -> int:
        """How many messages are due and in the queue now."""
        return self._lasting(lambda connection: outbox.waiting(connection, self.tick()))

    def finish(self) -> None:
        """Tell what is left, and why."""
        self._lasting(
            lambda connection: count_left(connection, self.terms, self.tick(), self.report)
        )
        report = self.report
        report.seconds = self.passing() - self._began
        if report.left_in_queue:
            _log.warning("set aside after too many failures: %s", report.left_in_queue)
        _log.info(
            "delivered: %s; held back: %s; waiting: %s; %.1f s",
            _words(report.outcomes),
            _words(report.held_back),
            report.waiting,
            report.seconds,
        )

    def _moment(self) -> Moment:
        at = self.tick()
        lease = max(timedelta(days=self.terms.settings.lease.days), _LEASE_AT_LEAST)
        return Moment(uuid.uuid4().hex, at, at + lease, self.passing() + lease.total_seconds())

    def _take(self, moment: Moment, size: int, connection: Connection) -> Block:
        return take(connection, self.outlets, self.compose, self.terms, moment, size, self._failed)

    def _count(self, block: Block) -> None:
        report = self.report
        report.held_back += block.held_back
        report.put_off += block.put_off
        for failure in block.broken:
            report.tell(failure)
            if failure.message:
                self._failed[failure.message] += 1
        most = self.terms.settings.max_render_errors
        report.set_aside |= {message for message, n in self._failed.items() if n > most}
        for failure in block.failures:
            report.count(failure.message, Outcome.RENDER_FAILED)

    def _hand_over(self, block: Block, moment: Moment) -> None:
        """Give each outlet its parcels and note what became of them, whatever happens."""
        failure: BaseException | None = None
        for outlet, parcels in block.parcels.items():
            standing = self._standing(outlet, trying=outlet in block.trying)
            may_go = _never if failure else partial(self._may_go, moment)
            handed = hand_over(self.outlets[outlet], parcels, may_go, standing)
            failure = failure or handed.failure
            tried = standing.trying and standing.works
            self._lasting(
                partial(self._note, moment=moment, outlet=outlet, handed=handed, tried=tried)
            )
            if handed.closed:
                self._standings.pop(outlet)
            self.report.again += len(handed.again)
            for receipt in handed.receipts:
                message = block.messages[receipt.send_id]
                self.report.count(message, receipt.outcome, outlet)
                if receipt.outcome == Outcome.REJECTED:
                    self.report.tell_refused(receipt)
        if failure is not None:
            raise failure

    def _note(
        self, connection: Connection, *, moment: Moment, outlet: str, handed: Handed, tried: bool
    ) -> None:
        note(connection, self.terms, moment, outlet, handed, self.tick(), tried=tried)

    def _may_go(self, moment: Moment) -> bool:
        return self.passing() < moment.over and not self.stopping()

    def _standing(self, outlet: str, *, trying: bool) -> Standing:
        """What this process knows of an outlet; one that was resumed begins anew."""
        bears = self.terms.sending.provider_errors
        standing = self._standings.setdefault(outlet, Standing(bears))
        standing.trying, standing.works = trying, False
        return standing

    def _rest(self, outlet: str, why: DeliveryError) -> None:
        self._lasting(lambda connection: rest(connection, self.terms, outlet, why, self.tick()))

    def _lasting(self, work: Callable[[Connection], Value]) -> Value:
        """Do it in a transaction of its own."""

        def alone() -> Value:
            with outbox.side_by_side(self.engine) as connection:
                return work(connection)

        return self._patiently(alone)

    def _patiently(self, work: Callable[[], Value]) -> Value:
        """Do it, and again while the database is away for a moment. Doing it twice is harmless."""
        for pause in self.patience:
            try:
                return work()
            except OperationalError as error:
                _log.warning("the database does not answer: %s", type(error.orig).__name__)
                sleep(pause)
        try:
            return work()
        except OperationalError as error:
            raise away(error) from error


def away(error: OperationalError) -> PipelineError:
    """That the database does not answer, and what becomes of the messages."""
    return PipelineError(
        f"the database does not answer ({type(error.orig).__name__}). What was on its way is in "
        "doubt until it is looked into, and everything else waits. Deliver once more when the "
        "database is back"
    )


def _words(counts: Counter[Outcome] | Counter[SkipReason]) -> dict[str, int]:
    return {str(word): count for word, count in sorted(counts.items()) if count}


def _next_size(size: int, done: int, seconds: float, most: int) -> int:
    """So many messages as take about as long as a block should, up to twice as many as before."""
    if not done:
        return size
    fitting = int(done / max(seconds, 0.001) * BLOCK_SECONDS)
    return max(1, min(fitting, 2 * size, most))

"""Emptying the outbox: claim a block, compose it, keep it, hand it over, note the receipts."""

import logging
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter

from sqlalchemy import Connection, Engine

from flows.delivery.outlet import Outlet, Prepared, RenderFailure
from flows.errors import DeliveryError
from flows.store import outbox
from flows.store.outbox import Preparation, Result
from flows.store.session import writing
from flows.store.stops import NO_TIME, hold_back
from segments.names import Outcome, SkipReason

Compose = Callable[[Connection, list[int], datetime], Iterable[Prepared | RenderFailure]]
Progress = Callable[[int, int], None]

LEASE = timedelta(hours=1)
"""How long a claim is believed to be somebody's who is still at work."""

_log = logging.getLogger(__name__)
_FAILURES_TOLD = 20


@dataclass
class DeliveryReport:
    """What a delivery did, in counts; `failures` are the first messages that did not render."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    held_back: Counter[SkipReason] = field(default_factory=Counter)
    by_message: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    left_in_queue: dict[str, int] = field(default_factory=dict)
    found_stale: int = 0
    failures: list[RenderFailure] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def handed_over(self) -> int:
        """Messages an outlet has accepted."""
        return self.outcomes[Outcome.ACCEPTED]

    def tell(self, failure: RenderFailure) -> None:
        """Keep the failure for the reader, if there are not enough of them yet."""
        if len(self.failures) < _FAILURES_TOLD:
            self.failures.append(failure)


def deliver(
    engine: Engine,
    outlet: Outlet,
    compose: Compose,
    *,
    now: datetime,
    live: Collection[str],
    hold: timedelta = NO_TIME,
    block: int = 200,
    max_render_errors: int = 20,
    progress: Progress | None = None,
) -> DeliveryReport:
    """Hand over every due send that nothing speaks against. Safe to run again at any time.

    `live` names the journeys that may send, `hold` is how long a complaint that was settled still
    holds advertising back. A message that fails for more than `max_render_errors` people is set
    aside: its remaining sends stay queued.
    """
    started = perf_counter()
    report = DeliveryReport()
    failed: Counter[str] = Counter()
    with writing(engine) as connection:
        report.found_stale = outbox.stale_claims(connection, now - LEASE)
        report.held_back += hold_back(connection, now, live, hold)
        total = outbox.waiting(connection, now)
    done = 0
    while True:
        set_aside = {message for message, count in failed.items() if count > max_render_errors}
        request_id = uuid.uuid4().hex
        with outbox.side_by_side(engine) as connection:
            claim = outbox.claim(
                connection,
                now,
                request_id,
                block,
                live=live,
                hold=hold,
                passing_over=set_aside,
            )
        report.held_back += claim.held_back
        if not claim.send_ids:
            break
        turn = _Turn(engine, request_id, now, report)
        ready = turn.compose(compose, claim.send_ids, failed, max_render_errors)
        turn.hand_over(outlet, ready)
        done += len(claim.send_ids)
        if progress:
            progress(min(done, total), total)
    if set_aside:
        with engine.connect() as connection:
            report.left_in_queue = outbox.waiting_by_message(connection, now, set_aside)
        _log.warning("set aside after too many failures: %s", report.left_in_queue)
    report.seconds = perf_counter() - started
    _log.info(
        "delivered: %s; held back: %s; %.1f s",
        _words(report.outcomes),
        _words(report.held_back),
        report.seconds,
    )
    return report


@dataclass
class _Turn:
    """One claimed block on its way out."""

    engine: Engine
    request_id: str
    now: datetime
    report: DeliveryReport

    def compose(
        self, compose: Compose, send_ids: list[int], failed: Counter[str], most: int
    ) -> list[Prepared]:
        """Compose the block and commit what its messages are made of; return those to hand over."""
        try:
            with self.engine.connect() as connection:
                composed = {
                    _send_id(each): each for each in compose(connection, send_ids, self.now)
                }
            if strange := composed.keys() - set(send_ids):
                raise ValueError(f"composed for sends nobody asked for: {sorted(strange)}")
        except BaseException:
            self._put_back(send_ids)
            raise
        ready: list[Prepared] = []
        failures: list[RenderFailure] = []
        aside: list[int] = []
        for send_id, each in composed.items():
            if isinstance(each, RenderFailure):
                failed[each.message] += 1
                self.report.tell(each)
            if failed[each.message] > most:
                aside.append(send_id)
            elif isinstance(each, RenderFailure):
                failures.append(each)
            else:
                ready.append(each)
        missing = set(send_ids) - composed.keys()
        results = [
            Result(each.send_id, Outcome.RENDER_FAILED, detail=each.detail) for each in failures
        ]
        results += [
            Result(send_id, Outcome.RENDER_FAILED, detail="nothing was composed for this send")
            for send_id in sorted(missing)
        ]
        with outbox.side_by_side(self.engine) as connection:
            outbox.prepare(connection, [_preparation(each) for each in ready])
            outbox.record(connection, results, self.now)
            outbox.put_back(connection, aside, self.request_id)
        self.report.outcomes[Outcome.RENDER_FAILED] += len(results)
        self.report.by_message.update((each.message, Outcome.RENDER_FAILED) for each in failures)
        return ready

    def hand_over(self, outlet: Outlet, ready: Sequence[Prepared]) -> None:
        """Give the messages to the outlet and note its receipts, whatever happens in between."""
        open_ids = {each.outgoing.send_id: each.message for each in ready}
        results: list[Result] = []
        try:
            for receipt in outlet.deliver([each.outgoing for each in ready]) if ready else ():
                message = open_ids.pop(receipt.send_id)
                self.report.by_message[message, receipt.outcome] += 1
                results.append(
                    Result(receipt.send_id, receipt.outcome, receipt.provider_id, receipt.detail)
                )
        except DeliveryError:
            self._put_back(list(open_ids))
            open_ids = {}
            raise
        except Exception as error:
            results += self._in_doubt(open_ids, f"the outlet failed: {type(error).__name__}")
            open_ids = {}
            raise
        else:
            results += self._in_doubt(open_ids, "the outlet gave no receipt")
        finally:
            with outbox.side_by_side(self.engine) as connection:
                outbox.record(connection, results, self.now)
            self.report.outcomes.update(result.outcome for result in results)

    def _in_doubt(self, open_ids: dict[int, str], detail: str) -> list[Result]:
        self.report.by_message.update((message, Outcome.IN_DOUBT) for message in open_ids.values())
        return [Result(send_id, Outcome.IN_DOUBT, detail=detail) for send_id in open_ids]

    def _put_back(self, send_ids: list[int]) -> None:
        with outbox.side_by_side(self.engine) as connection:
            outbox.put_back(connection, send_ids, self.request_id)


def _send_id(each: Prepared | RenderFailure) -> int:
    return each.send_id if isinstance(each, RenderFailure) else each.outgoing.send_id


def _preparation(each: Prepared) -> Preparation:
    return Preparation(
        each.outgoing.send_id,
        each.message,
        each.locale,
        each.template_version,
        each.sources,
        each.context,
    )


def _words(counts: Counter[Outcome] | Counter[SkipReason]) -> dict[str, int]:
    return {str(word): count for word, count in sorted(counts.items()) if count}

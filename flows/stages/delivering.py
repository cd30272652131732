"""Delivering: what is queued is composed, handed over and noted, unless the data is too old."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from flows.config import Project
from flows.delivery import clocks
from flows.delivery.block import BLOCK, BLOCK_SECONDS, Terms
from flows.delivery.dispatch import Delivery, away
from flows.delivery.outlet import Outlet
from flows.delivery.quota import Limits
from flows.delivery.report import DeliveryReport
from flows.delivery.routes import reachable
from flows.delivery.senders import side_by_side, until_noted
from flows.errors import DeliveryError, PipelineError, SourceError
from flows.messages.compose import again
from flows.messages.context import Letterhead
from flows.outgoing import Outgoing
from flows.reporting.words import say
from flows.settings import secret, store_address
from flows.stages import breaking, doubting
from flows.stages.composing import Job, composer, send
from flows.stages.doubting import DoubtReport
from flows.stages.recheck import postpone, recheck
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.stages.told import told
from flows.stages.ways import Ways
from flows.store import outbox, review, runs
from flows.store.consent_mails import CONFIRMING
from flows.store.session import writing
from flows.store.turns import beside
from segments.names import HaltCause, JourneyStatus

SIDE_BY_SIDE_FROM = 2_000
"""So many messages that are due are worth the time several processes take to start."""

_log = logging.getLogger(__name__)
_COUNTING_SHARE = 20
_LOOK_EVERY = 10.0
_MINUTE = timedelta(minutes=1)
_SENDING = (JourneyStatus.LIVE, JourneyStatus.REVIEW)


class StaleSourceError(SourceError):
    """The data is too old to write to anybody on its strength."""


def deliver(
    shop: Shop, now: datetime, *, ticking: bool = False, progress: Progress = quiet
) -> DeliveryReport:
    """Hand over every send that is due. Raises `StaleSourceError` if the data is too old.

    Where it is `ticking`, time goes on from `now`; else it stays that moment. Raises
    `DeliveryError` if nothing at all could be sent because an outlet does not let us in.
    """
    try:
        refuse_stale(shop, now)
        return _deliver(shop, now, ticking=ticking, progress=progress)
    except OperationalError as error:
        raise away(error) from error


def _deliver(shop: Shop, now: datetime, *, ticking: bool, progress: Progress) -> DeliveryReport:
    most_failures = shop.project.policy.sending.provider_errors
    with (
        noted_run(shop, "deliver", now) as (_, counts),
        beside(shop.engine, "deliver") as others,
        Ways(shop.project.settings, shop.project.folder, most_failures=most_failures) as outlets,
        until_noted() as stopping,
    ):
        if others:
            counts["beside"] = others
            _log.info("others deliver from this store, too: %s; each message goes once", others)
        with writing(shop.engine) as connection:
            review.release(connection, shop.project.live)
        settled = doubting.resolve(shop, now, outlets, progress=progress)
        watch = Watch(shop)
        report = DeliveryReport()
        report.held_back += recheck(shop, now)
        watch(now)
        delivery = Delivery(
            shop.engine,
            outlets,
            composer(shop.project.templates, letterhead(shop.project), terms(shop.project).owner),
            terms(shop.project),
            clocks.ticking(now) if ticking else clocks.standing(now),
            report,
            between=watch,
            stopping=stopping,
        )
        try:
            failed = _empty(shop, delivery, ticking=ticking, progress=progress)
            breaking.look(shop, delivery.tick())
            delivery.finish()
            report.halts = breaking.told(shop, delivery.tick())
        finally:
            counts |= _counts(report, watch, settled)
        if failed and type(failed[0]) is PipelineError:
            raise PipelineError(
                "; ".join([*told(report, shop.project.policy.locale), str(failed[0])])
            )
        if failed:
            raise failed[0]
        if report.refused:
            raise DeliveryError(report.refused, HaltCause.KEY)
    return report


def _empty(
    shop: Shop, delivery: Delivery, *, ticking: bool, progress: Progress
) -> list[PipelineError]:
    """Send, in one process or in several; what went wrong in any of those."""
    due = delivery.begin()
    _open(shop, delivery.outlets, due)
    senders = _senders(shop, due)
    failed: list[PipelineError] = []
    if senders == 1:
        delivery.progress = lambda done: progress("deliver", min(done, due), due)
        delivery.empty()
    else:
        done, failed = side_by_side(
            send,
            [_job(shop, delivery, ticking=ticking, share=senders)] * senders,
            meanwhile=_Meanwhile(delivery, due, progress),
            stopping=delivery.stopping,
        )
        delivery.report.add(done)
    return failed


def _open(shop: Shop, outlets: Mapping[str, Outlet], due: int) -> None:
    """See that every way out has what settings.yaml promises before anything leaves.

    Where nothing is due, no key is needed; a folder has its page all the same.
    """
    settings = shop.project.settings
    for name in reachable(settings):
        if due or settings.outlets[name].kind == "folder":
            # One that cannot work now rests when its turn comes.
            with suppress(DeliveryError):
                outlets[name]


def _senders(shop: Shop, due: int) -> int:
    """How many processes: no more than connections to any outlet, so that none goes without."""
    if due < SIDE_BY_SIDE_FROM or shop.engine.dialect.name != "postgresql":
        return 1
    settings = shop.project.settings
    ways = [settings.outlets[name] for name in reachable(settings)]
    connections = [way.connections for way in ways if way.kind != "folder"]
    return min([settings.senders, *connections])


def _job(shop: Shop, delivery: Delivery, *, ticking: bool, share: int) -> Job:
    project = shop.project
    return Job(
        store_address(project.settings, project.folder),
        project.folder,
        project.templates,
        delivery.terms,
        letterhead(project),
        delivery.tick(),
        ticking,
        share,
    )


@dataclass
class _Meanwhile:
    """What the process that started others does while they send."""

    delivery: Delivery
    due: int
    progress: Progress
    count_from: float = 0.0

    def __call__(self) -> None:
        self.delivery.look_after()
        began = clocks.passing()
        if began < self.count_from:
            return
        done = max(self.due - self.delivery.waiting(), 0)
        self.progress("deliver", done, self.due)
        # Counting takes time where much waits; it should not take much of it.
        self.count_from = clocks.passing() + _COUNTING_SHARE * (clocks.passing() - began)


@dataclass
class Watch:
    """What is looked after between blocks: hours that end, and messages that come back."""

    shop: Shop
    postponed: int = 0
    _postponed_at: datetime | None = None
    _looked_at: float = field(default_factory=lambda: clocks.passing() - _LOOK_EVERY)

    def __call__(self, at: datetime) -> None:
        if self._postponed_at is None or at - self._postponed_at >= _MINUTE:
            self._postponed_at = at
            self.postponed += postpone(self.shop, at)
        if clocks.passing() - self._looked_at >= _LOOK_EVERY:
            self._looked_at = clocks.passing()
            breaking.look(self.shop, at)


def _counts(report: DeliveryReport, watch: Watch, settled: DoubtReport) -> dict[str, Any]:
    return {
        "outcomes": {str(word): number for word, number in report.outcomes.items()},
        "postponed": watch.postponed,
        "held_back": {str(word): number for word, number in report.held_back.items()},
        "doubts": asdict(settled),
    }


def terms(project: Project) -> Terms:
    """By which rules the messages of a project leave."""
    settings, policy = project.settings, project.policy
    warm_ups = {name: way.warm_up for name, way in settings.outlets.items() if way.warm_up}
    paces = [way.per_second for way in settings.outlets.values() if way.per_second]
    return Terms(
        settings,
        policy.sending,
        frozenset({CONFIRMING, *(p.name for p in project.running if p.journey.status in _SENDING)}),
        timedelta(days=policy.complaint_hold.days),
        Limits(warm_ups, policy.zone),
        project.owners.default,
        # A slow way out begins with a block it can do, so that a stop is heeded soon there, too.
        block=max(1, int(min([BLOCK, *(pace * BLOCK_SECONDS for pace in paces)]))),
    )


def mails(shop: Shop) -> Path:
    """Where the folder outlet puts mails."""
    settings = shop.project.settings
    folders = [way.folder for way in settings.outlets.values() if way.kind == "folder"]
    return shop.project.folder / (folders[0] if folders else "var/mails")


def refuse_stale(shop: Shop, now: datetime) -> None:
    """Stop before anybody is written to on the strength of old data."""
    limit = shop.project.sources.max_age
    with shop.engine.connect() as connection:
        newest = runs.newest_order(connection, now)
    if newest is not None and now - newest > timedelta(days=limit.days):
        locale = shop.project.policy.locale
        raise StaleSourceError(say("stale", locale, day=f"{newest:%Y-%m-%d}", limit=limit))


def letterhead(project: Project) -> Letterhead:
    """What all messages of a project share."""
    return Letterhead(
        project.senders,
        project.policy,
        project.settings.unsubscribe,
        secret(project.folder),
        project.settings.web.address,
        project.settings.web.clicks,
        project.settings.web.inbound.replies,
    )


def as_delivered(shop: Shop, send_id: int) -> tuple[outbox.SendRecord | None, Outgoing | None]:
    """A send, and its message exactly as it was handed over, from what was stored."""
    with shop.engine.connect() as connection:
        record = outbox.load_send(connection, send_id)
    if record is None or record.sources is None or record.context is None:
        return record, None
    return record, again(record.sources, record.context)

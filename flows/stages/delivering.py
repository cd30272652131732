"""Delivering: what is queued is composed, handed over and noted, unless the data is too old."""

import logging
import os
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from flows import clock
from flows.config import Project, load
from flows.delivery import clocks
from flows.delivery.block import BLOCK, BLOCK_SECONDS, Terms
from flows.delivery.dispatch import Delivery, away
from flows.delivery.outlet import Outlet
from flows.delivery.quota import Limits
from flows.delivery.report import DeliveryReport
from flows.delivery.routes import reachable
from flows.delivery.senders import Stopping, side_by_side, until_noted
from flows.errors import DeliveryError, PipelineError, SourceError
from flows.messages.compose import again
from flows.messages.context import Letterhead
from flows.outgoing import Outgoing
from flows.reporting.words import say
from flows.settings import secret, store_address
from flows.stages import breaking, doubting
from flows.stages.cluster import Order, on_workers
from flows.stages.composing import Job, composer, send
from flows.stages.doubting import DoubtReport
from flows.stages.recheck import recheck
from flows.stages.rulebook import refuse_other, sending_rules
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.stages.told import told
from flows.stages.watching import Meanwhile, Watch
from flows.stages.ways import Ways
from flows.store import outbox, review, runs
from flows.store.consent_mails import CONFIRMING
from flows.store.session import open_store, writing
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
        noted_run(shop, "deliver", now) as (run_id, counts),
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
            failed = _empty(shop, run_id, delivery, ticking=ticking, progress=progress)
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
    shop: Shop, run_id: int, delivery: Delivery, *, ticking: bool, progress: Progress
) -> list[PipelineError]:
    """Send, in one process or in several, here or elsewhere; what went wrong in any of those."""
    due = delivery.begin()
    _open(shop, delivery.outlets, due)
    senders = _senders(shop, due)
    failed: list[PipelineError] = []
    if senders == 1:
        delivery.progress = lambda done: progress("deliver", min(done, due), due)
        delivery.empty()
        return failed
    meanwhile = Meanwhile(delivery, due, progress)
    if shop.project.settings.scale.runner == "dask":
        done, failed = on_workers(
            send_afar,
            str(shop.project.settings.scale.dask),
            _order(shop, run_id, delivery.tick(), ticking=ticking, share=senders),
            meanwhile=meanwhile,
            stopping=delivery.stopping,
        )
    else:
        job = _job(shop.project, delivery.tick(), ticking=ticking, share=senders)
        done, failed = side_by_side(
            send, [job] * senders, meanwhile=meanwhile, stopping=delivery.stopping
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


def _job(project: Project, now: datetime, *, ticking: bool, share: int) -> Job:
    return Job(
        store_address(project.settings, project.folder),
        project.folder,
        project.templates,
        terms(project),
        letterhead(project),
        now,
        ticking,
        share,
    )


def _order(shop: Shop, run_id: int, now: datetime, *, ticking: bool, share: int) -> Order:
    folder, rules = shop.project.folder.resolve(), sending_rules(shop.project)
    with shop.engine.connect() as connection:
        began = runs.began(connection, run_id)
    return Order(str(folder), run_id, began, rules, now, clock.now(), ticking, share)


def send_afar(order: Order, report: DeliveryReport, stopping: Stopping) -> None:
    """What a worker of the cluster does, with the project and the store as that machine has them.

    Raises `ConfigError` if its rules are others than those of the machine that told it to, and
    `PipelineError` if its store is another one.
    """
    project = load(Path(os.environ.get("STAMMKUNDE_PROJECT") or order.folder))
    refuse_other(project.folder, sending_rules(project), order.rules)
    engine = open_store(store_address(project.settings, project.folder))
    with closing(engine.connect()) as connection:
        began = runs.began(connection, order.run_id)
    engine.dispose()
    # Runs are numbered in each store; that this one began at that very moment is no accident.
    if began is None or began != order.began:
        raise PipelineError(
            "a worker of the Dask cluster works with another store than the one where the run "
            "began: give it the same STAMMKUNDE_STORE and the same config/settings.yaml"
        )
    # It may begin much later, in the place of one that died.
    late = max(clock.now() - order.given, timedelta(0)) if order.ticking else timedelta(0)
    job = _job(project, order.now + late, ticking=order.ticking, share=order.share)
    send(job, report, stopping)


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

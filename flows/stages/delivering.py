"""Delivering: what is queued is composed, handed over and noted, unless the data is too old."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from flows.config import Project
from flows.delivery.dispatch import Compose, DeliveryReport
from flows.delivery.dispatch import deliver as empty_outbox
from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Prepared, RenderFailure
from flows.errors import MessageError, SourceError
from flows.messages.compose import again, compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.outgoing import Outgoing
from flows.settings import secret
from flows.stages.recheck import postpone, recheck
from flows.stages.shop import Progress, Shop, noted_run, quiet
from flows.store import outbox, review, runs
from flows.store.facts import message_facts
from flows.store.session import writing
from segments.names import JourneyStatus


class StaleSourceError(SourceError):
    """The data is too old to write to anybody on its strength."""


def deliver(shop: Shop, now: datetime, *, progress: Progress = quiet) -> DeliveryReport:
    """Hand over every send that is due. Raises `StaleSourceError` if the data is too old."""
    project = shop.project
    refuse_stale(shop, now)
    status = {program.name: program.journey.status for program in project.running}
    live = {name for name, word in status.items() if word == JourneyStatus.LIVE}
    reviewed = {name for name, word in status.items() if word == JourneyStatus.REVIEW}
    with noted_run(shop, "deliver", now) as (_, counts), FolderOutlet(mails(shop)) as outlet:
        with writing(shop.engine) as connection:
            review.release(connection, live)
        left = recheck(shop, now)
        postponed = postpone(shop, now)
        report = empty_outbox(
            shop.engine,
            outlet,
            composer(shop),
            now=now,
            live=live | reviewed,
            hold=timedelta(days=project.policy.complaint_hold.days),
            max_render_errors=project.settings.max_render_errors,
            progress=lambda done, of: progress("deliver", done, of),
        )
        report.held_back += left
        counts |= {
            "outcomes": {str(word): number for word, number in report.outcomes.items()},
            "postponed": postponed,
            "held_back": {str(word): number for word, number in report.held_back.items()},
        }
    return report


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
        raise StaleSourceError(
            f"nothing is sent: the newest order is of {newest:%Y-%m-%d}, and config/sources.yaml "
            f"says max_age: {limit}. Bring newer data, or raise max_age"
        )


def letterhead(project: Project) -> Letterhead:
    """What all messages of a project share."""
    settings = project.settings
    return Letterhead(
        project.senders,
        project.policy,
        settings.unsubscribe,
        secret(project.folder),
        settings.web.address,
    )


def composer(shop: Shop) -> Compose:
    """A function that turns sends into messages, with the templates as they are now."""
    project = shop.project
    library = Library.open(project.templates)
    ours = letterhead(project)

    def compose_block(
        connection: Connection, send_ids: list[int], now: datetime
    ) -> Iterator[Prepared | RenderFailure]:
        for facts in message_facts(connection, send_ids, now, project.owners.default):
            try:
                made = compose(library, facts, ours, now)
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


def as_delivered(shop: Shop, send_id: int) -> tuple[outbox.SendRecord | None, Outgoing | None]:
    """A send, and its message exactly as it was handed over, from what was stored."""
    with shop.engine.connect() as connection:
        record = outbox.load_send(connection, send_id)
    if record is None or record.sources is None or record.context is None:
        return record, None
    return record, again(record.sources, record.context)

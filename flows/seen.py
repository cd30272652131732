"""What the store and Prefect's server say of a project at a glance, or why they say nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.glance import Glance, server_of
from flows.health.asking import NoAnswerError
from flows.health.server import RefusedError, Registered, Server
from flows.health.work import STAGE
from flows.reaching import is_address
from flows.reporting.words import say
from flows.store import health
from flows.store.health import Batches, Doubts, Queue, RunNote, Standing, Still, Tasks
from flows.store.looking import DamagedError, LookError, ask_all, looking
from flows.store.place import file_of
from flows.store.revisions import known, newest, revision_seen

_LATELY = timedelta(days=7)
_REACH = 0.5
"""Seconds until a server that cannot be reached is given up: whoever looks waits for a second."""


@dataclass(frozen=True)
class StoreSeen:
    """What the store says; `problem` is why it says nothing."""

    problem: str | None = None
    runs: Mapping[str, RunNote] = field(default_factory=dict)
    queue: Queue = field(default_factory=Queue)
    doubts: Doubts = field(default_factory=Doubts)
    still: list[Still] = field(default_factory=list)
    tasks: Tasks = field(default_factory=lambda: Tasks(0, 0, ()))
    newest_order: datetime | None = None
    batches: Batches = field(default_factory=Batches)
    alerts: list[Standing] = field(default_factory=list)


@dataclass(frozen=True)
class ServerSeen:
    """What Prefect's server says; `problem` is why it says nothing."""

    api: str | None = None
    problem: str | None = None
    deployments: Mapping[str, Registered] = field(default_factory=dict)


def look_into_store(seen: Glance, now: datetime) -> StoreSeen:
    """What the store knows. One that is not there, or of another version, is told as such."""
    address = seen.address
    file = file_of(address)
    if file is not None and not file.exists():
        return StoreSeen(say("status_no_store", seen.locale))
    try:
        with looking(address) as look:
            at = revision_seen(look)
            if at is None:
                return StoreSeen(say("status_no_store", seen.locale))
            if at not in known():
                return StoreSeen(say("status_newer_store", seen.locale, store=at, ours=newest()))
            if at != newest():
                return StoreSeen(say("status_older_store", seen.locale, store=at, ours=newest()))
            kinds = dict.fromkeys(STAGE.get(entry.runs, entry.runs) for entry in seen.entries)
            answers = ask_all(
                look,
                health.runs(tuple(kinds)),
                health.queue(now),
                health.doubts(),
                health.standing_still(now),
                health.tasks(now),
                health.newest_order(now),
                health.batches(now - _LATELY),
                health.alerts(),
            )
            return StoreSeen(None, *answers)
    except DamagedError as error:
        return StoreSeen(say("status_store_damaged", seen.locale, why=error))
    except LookError as error:
        return StoreSeen(say("status_store_away", seen.locale, why=error))


def ask_server(seen: Glance, environment: Mapping[str, str], now: datetime) -> ServerSeen:
    """What Prefect's server knows of our deployments, if there is one that answers."""
    api = server_of(seen.folder, environment)
    if api is None:
        return ServerSeen(None, say("status_no_server", seen.locale))
    if not is_address(api):
        return ServerSeen(None, say("status_server_no_address", seen.locale, api=api))
    try:
        found = Server(api, environment, reach=_REACH).deployments(now, ahead=False)
    except NoAnswerError as error:
        return ServerSeen(api, say("status_server_away", seen.locale, api=api, why=error))
    except RefusedError as error:
        return ServerSeen(
            api, say("status_server_refuses", seen.locale, api=api, status=error.status)
        )
    return ServerSeen(api, None, found)

"""Whether what ought to start by itself is registered, and did start when it was due."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from flows.crons import read_cron
from flows.entries import ALERT, Entry
from flows.health.finding import Area, Finding, broken, fine, look
from flows.health.server import PoolSeen, Registered, ServerFacts

_AREA = Area.SCHEDULES
_SLOW = timedelta(minutes=5)
"""So late a run may begin: others are before it, and a process takes its time to start."""
_BACK = (timedelta(days=1), timedelta(days=8), timedelta(days=32), timedelta(days=366))
_AHEAD = timedelta(days=366 * 2)


def next_start(cron: str, zone: str, now: datetime) -> datetime | None:
    """When it starts next."""
    return next(read_cron(cron).moments(zone, now, now + _AHEAD), None)


def last_due(cron: str, zone: str, now: datetime) -> datetime | None:
    """When it was to start the last time."""
    for far in _BACK:
        moments = list(read_cron(cron).moments(zone, now - far, now))
        if moments:
            return moments[-1]
    return None


def first_missed(cron: str, zone: str, after: datetime, now: datetime) -> datetime | None:
    """The first time it was to start after something; None if there was none up to now."""
    return next(read_cron(cron).moments(zone, after, now), None)


def schedules(
    entries: Sequence[Entry], server: ServerFacts, now: datetime, *, up: bool
) -> list[Finding]:
    """Every deployment of config/deployments.yaml against what the server knows of it."""
    whose = {entry.project for entry in entries}
    # Other projects on the same server are not our business.
    ours = {
        name: kept
        for name, kept in server.deployments.items()
        if kept.whose is None or kept.whose in whose
    }
    missing = [entry.name for entry in entries if entry.name not in ours]
    found: list[Finding] = []
    if missing:
        found.append(broken(_AREA, "not_registered", names=", ".join(missing)))
    for entry in entries:
        registered = ours.get(entry.name)
        if registered is not None:
            found += _one(entry, registered, server.pools.get(registered.pool or ""), now, up)
    strange = sorted(ours.keys() - {entry.name for entry in entries})
    if strange:
        found.append(look(_AREA, "registered_unknown", names=", ".join(strange)))
    return found


def pools(server: ServerFacts) -> list[Finding]:
    """Whether there are the work pools runs wait in, and workers that look into them."""
    found: list[Finding] = []
    for name, pool in server.pools.items():
        if pool is None:
            found.append(broken(_AREA, "pool_missing", pool=name))
        elif pool.paused:
            found.append(broken(_AREA, "pool_paused", pool=name))
        elif not pool.workers:
            found.append(broken(_AREA, "pool_without_workers", pool=name))
        else:
            found.append(fine(_AREA, "pool_fine", pool=name, n=pool.workers))
    return found


def automations(server: ServerFacts, wanted: Iterable[str]) -> list[Finding]:
    """Whether the server does by itself what `up` and `deploy` have it do, by how it begins."""
    missing = sorted(
        each for each in wanted if not any(name.startswith(each) for name in server.automations)
    )
    if missing:
        return [look(_AREA, "automations_missing", names=", ".join(missing))]
    return [fine(_AREA, "automations_fine")]


def _one(
    entry: Entry, kept: Registered, pool: PoolSeen | None, now: datetime, up: bool
) -> list[Finding]:
    name = entry.name
    if entry.runs == ALERT:
        # Automations start it.
        return []
    starts = entry.enabled and entry.cron is not None
    active = any(on for _, _, on in kept.crons) and not kept.paused
    if not starts:
        if active:
            return [look(_AREA, "on_though_off", name=name)]
        return [fine(_AREA, "by_hand_only" if entry.cron is None else "switched_off", name=name)]
    if not active:
        return [broken(_AREA, "paused_there", name=name)]
    if (entry.cron, entry.zone, True) not in kept.crons:
        return [look(_AREA, "other_time_there", name=name)]
    if kept.pool is None and not up and not kept.ready:
        return [broken(_AREA, "nobody_serves", name=name)]
    if kept.pool is not None and (pool is None or pool.paused or not pool.workers):
        # Told of the pool, once for all that wait in it.
        return []
    return [_started(entry, kept, now)]


def _started(entry: Entry, kept: Registered, now: datetime) -> Finding:
    """Whether it produced a run when it was due, and how that went."""
    due = last_due(entry.cron or "", entry.zone, now - _SLOW)
    last = kept.last
    parts = {"name": entry.name, "due": due}
    known = kept.since is not None and due is not None and kept.since < due
    if (
        known
        and due is not None
        and (last is None or last.expected_at is None or last.expected_at < due)
    ):
        return broken(_AREA, "never_fires" if last is None else "did_not_fire", **parts)
    if kept.ahead is None and kept.since is not None and now - kept.since > _SLOW:
        return broken(_AREA, "no_run_ahead", **parts)
    if last is None:
        return fine(_AREA, "not_due_yet", name=entry.name, next=kept.ahead)
    if last.state == "SCHEDULED" and last.expected_at and now - last.expected_at > _SLOW:
        return broken(_AREA, "late", name=entry.name, due=last.expected_at)
    if last.state in ("FAILED", "CRASHED"):
        return look(
            _AREA,
            "last_went_wrong",
            name=entry.name,
            at=last.began_at or last.expected_at,
            state=last.name,
            said=last.message,
        )
    return fine(_AREA, "fires", name=entry.name, at=last.expected_at, next=kept.ahead)

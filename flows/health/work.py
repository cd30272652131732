"""Whether the work gets done: each flow's last success, data, and what stands still or waits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.entries import Entry
from flows.health.finding import Area, Finding, broken, fine, look, skipped
from flows.health.schedules import first_missed
from flows.store.health import Batches, Doubts, Queue, RunNote, Standing, Still
from segments.names import HaltCause

if TYPE_CHECKING:
    from flows.alert_settings import AlertSettings

STAGE = {"daily": "plan"}
"""The stage by which the store knows that a flow went well, where it is called otherwise."""

_BY_HAND = {"daily": "run"}
_LONGEST = 200
_PATIENCE = timedelta(hours=1)
_TOO_LONG = timedelta(hours=26)
_POLLED = timedelta(hours=3)
_POLLED_LONG_AGO = timedelta(days=2)
_STALE_SOON = 0.75
_WAITED = timedelta(hours=1)
_DOUBT = timedelta(days=1)
_BY_ITSELF = (HaltCause.PROVIDER, HaltCause.HAND)
"""A rest that ends by itself, and what somebody wanted: nobody has to mend anything."""


def flows(entries: Sequence[Entry], notes: Mapping[str, RunNote], now: datetime) -> list[Finding]:
    """When each flow last went well, and whether it should have since."""
    found = []
    for entry in entries:
        if not entry.enabled or entry.cron is None:
            continue
        found.append(_flow(entry, notes.get(STAGE.get(entry.runs, entry.runs)), now))
    return found


def source(newest: datetime | None, max_age: timedelta, now: datetime) -> list[Finding]:
    """Whether the company's data is new enough to write to anybody on its strength."""
    area = Area.DATA
    if newest is None:
        return [look(area, "no_orders")]
    parts = {"at": newest, "limit": f"{max_age / timedelta(days=1):g}"}
    if now - newest > max_age:
        return [broken(area, "source_stale", **parts)]
    if now - newest > max_age * _STALE_SOON:
        return [look(area, "source_stale_soon", **parts)]
    return [fine(area, "source_fine", **parts)]


def lists(outlets: Sequence[str], polls: Mapping[str, datetime], now: datetime) -> list[Finding]:
    """When the lists of SendGrid were last read: the net for what its webhook lost."""
    found: list[Finding] = []
    for outlet in outlets:
        read = [at for name, at in polls.items() if name.startswith(f"{outlet} ")]
        if not read:
            found.append(look(Area.SENDING, "lists_never", outlet=outlet))
            continue
        parts = {"outlet": outlet, "at": min(read)}
        age = now - min(read)
        if age > _POLLED_LONG_AGO:
            found.append(broken(Area.SENDING, "lists_long_ago", **parts))
        elif age > _POLLED:
            found.append(look(Area.SENDING, "lists_long_ago", **parts))
        else:
            found.append(fine(Area.SENDING, "lists_fine", **parts))
    return found


def waiting(queue: Queue, doubts: Doubts, batches: Batches, now: datetime) -> list[Finding]:
    """Messages taken by processes that are gone, doubts that grow old, events that pile up."""
    area, found = Area.SENDING, []
    if queue.abandoned:
        found.append(look(area, "abandoned", n=queue.abandoned))
    if doubts.since is not None and now - doubts.since > _DOUBT:
        found.append(look(area, "doubts_old", n=doubts.open, since=doubts.since))
    if batches.since is not None and now - batches.since > _WAITED:
        found.append(look(area, "events_wait", n=batches.waiting, since=batches.since))
    if batches.odd:
        found.append(look(area, "events_odd", n=batches.odd))
    return found or [fine(area, "nothing_hangs", n=queue.due)]


def halts(still: Sequence[Still]) -> list[Finding]:
    """What stands still, and whether somebody has to do something about it."""
    area, found = Area.SENDING, []
    for each in still:
        what: dict[str, object]
        if each.journey is not None:
            what = {"what": each.journey, "command": f"stammkunde resume {each.journey}"}
        elif each.outlet is not None:
            what = {"what": each.outlet, "command": f"stammkunde resume --outlet {each.outlet}"}
        else:
            what = {"what": None, "command": "stammkunde resume"}
        parts = {**what, "since": each.since, "cause": each.cause, "why": each.why}
        if each.cause in _BY_ITSELF:
            found.append(look(area, "halted", **parts))
        else:
            found.append(broken(area, "halted", **parts))
    return found or [fine(area, "nothing_halted")]


def alerts(
    wanted: "AlertSettings | None", standing: Sequence[Standing], now: datetime, *, posting: bool
) -> list[Finding]:
    """What needs a person by itself, whether anybody hears of it, and what nobody was told."""
    area = Area.SENDING
    found = [look(area, "alert_stands", said=each.said, since=each.since) for each in standing]
    if wanted is None or not wanted.ways:
        return [*found, look(area, "nobody_told") if posting else fine(area, "nobody_told_yet")]
    untold = [each for each in standing if each.told_at is None and now - each.since > _WAITED]
    if untold:
        return [*found, broken(area, "alerts_untold", n=len(untold), since=untold[0].since)]
    return [*found, fine(area, "alerts_fine")]


def without_server(entries: Sequence[Entry]) -> list[Finding]:
    """Nobody starts anything by itself where no server is meant."""
    if any(entry.enabled and entry.cron for entry in entries):
        return [look(Area.SERVER, "no_server")]
    return [skipped(Area.SERVER, "nothing_scheduled")]


def reason(failed: str) -> str:
    """Why a stage failed, as its note has it: the sentence without the kind of error before it."""
    line = failed.partition("\n")[0]
    kind, colon, said = line.partition(": ")
    told = said if colon and kind.isidentifier() and said else line
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1].rstrip()}…"


def _flow(entry: Entry, note: RunNote | None, now: datetime) -> Finding:
    area, hand = Area.DATA, _BY_HAND.get(entry.runs, entry.runs)
    if note is None or note.went_well is None:
        why = note.failed if note else None
        if why is not None:
            return broken(area, "flow_only_failed", name=entry.name, why=reason(why), command=hand)
        return look(area, "flow_never", name=entry.name, runs=entry.runs, command=hand)
    missed = first_missed(entry.cron or "", entry.zone, note.went_well, now)
    parts: dict[str, object] = {
        "name": entry.name,
        "runs": entry.runs,
        "at": note.went_well,
        "due": missed,
    }
    if missed is None or now - missed <= _PATIENCE:
        return fine(area, "flow_fine", **parts)
    parts |= {"command": hand, "why": reason(note.failed or "")}
    key = "flow_overdue" if note.failed is None else "flow_fails"
    return (broken if now - missed > _TOO_LONG else look)(area, key, **parts)

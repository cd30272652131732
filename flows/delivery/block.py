"""The next block of messages: chosen, composed, packed and claimed in one transaction."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.delivery.outlet import Outlet, Parcel, Prepared, RenderFailure
from flows.delivery.quota import Limits
from flows.delivery.routes import routes
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from flows.settings import Settings
from flows.store import halts, outbox
from flows.store.outbox import Claimed
from segments.names import SkipReason
from segments.policy import SendingPolicy

Compose = Callable[[Connection, list[int], datetime], Iterable[Prepared | RenderFailure]]

BLOCK, MOST = 200, 1_000
"""How many messages are taken first, and how many at the most."""

BLOCK_SECONDS = 2.0
"""How long a block should take, so that a stop is heeded soon."""

TRIED_WITH = 10
"""So many messages try an outlet out after it has rested."""

_NOT_COMPOSED = "nothing was composed for this send"


@dataclass(frozen=True)
class Terms:
    """By which rules messages leave.

    live   journeys that may send
    hold   how long a complaint that was settled still holds advertising back
    limits what outlets take on a day
    owner  who gets a task when an outlet has to rest
    block  how many messages are taken first, and `most` how many at the most
    """

    settings: Settings
    sending: SendingPolicy
    live: Collection[str]
    hold: timedelta
    limits: Limits
    owner: str
    block: int = BLOCK
    most: int = MOST


@dataclass(frozen=True)
class Block:
    """Messages of ours to hand over, by outlet, and what happened to others in line before them.

    `found` counts all that were in line; without any, there is nothing more to do. `failures` were
    taken out of the queue, and `broken` are all that did not render. Outlets in `trying` have to
    show whether they work again.
    """

    found: int = 0
    parcels: Mapping[str, list[Parcel]] = field(default_factory=dict)
    messages: Mapping[int, str] = field(default_factory=dict)
    failures: Sequence[RenderFailure] = ()
    broken: Sequence[RenderFailure] = ()
    held_back: Counter[SkipReason] = field(default_factory=Counter)
    put_off: int = 0
    trying: Collection[str] = ()

    @property
    def size(self) -> int:
        """How many are out of the line."""
        return len(self.messages) + len(self.failures) + self.put_off


class ClosedError(Exception):
    """An outlet cannot even pack, and why; nothing of the block may be claimed."""

    def __init__(self, outlet: str, why: DeliveryError) -> None:
        super().__init__(outlet)
        self.outlet = outlet
        self.why = why


@dataclass(frozen=True)
class Moment:
    """When a block is taken, by which number, and until when it is believed to be on its way.

    over  the same end, as `clocks.passing` counts
    """

    claim_id: str
    at: datetime
    lease_until: datetime
    over: float


def take(
    connection: Connection,
    outlets: Mapping[str, Outlet],
    compose: Compose,
    terms: Terms,
    moment: Moment,
    size: int,
    failed: Counter[str],
) -> Block:
    """Claim up to `size` messages, the most important first, as they will be handed over.

    `failed` says for how many people each message has failed. Raises `ClosedError` where an outlet
    cannot pack; whatever is raised, the transaction must not be committed.
    """
    settings, at = terms.settings, moment.at
    halted = halts.open_halts(connection, at)
    if halted.everything:
        return Block()
    line = outbox.foremost(
        connection,
        at,
        size,
        live=terms.live,
        hold=terms.hold,
        ways=routes(settings, halted.outlets).ways,
        passing_over=[name for name, n in failed.items() if n > settings.max_render_errors],
        resting=halted.journeys,
    )
    sends = _few(line.sends, halted.trying)
    free = terms.limits.allow(connection, sends, at)
    beyond = sends.keys() - free.keys()
    outbox.put_off(connection, beyond, terms.limits.next_day(at))
    made = _composed(connection, compose, list(free), at)
    ready, failures, broken = _sorted_out(made, failed, settings.max_render_errors)
    parcels = _packed(outlets, ready, free, at)
    outbox.fail(connection, {each.send_id: each.detail for each in failures})
    claimed = list(_claimed(ready, parcels))
    outbox.claim(connection, claimed, moment.claim_id, at, moment.lease_until)
    left = free.keys() - {each.send_id for each in claimed}
    terms.limits.give_back(connection, {send_id: free[send_id] for send_id in left}, at)
    return Block(
        found=len(line.sends),
        parcels=parcels,
        messages={each.send_id: each.message for each in claimed},
        failures=failures,
        broken=broken,
        held_back=line.held_back,
        put_off=len(beyond),
        trying=halted.trying,
    )


def _few(sends: Mapping[int, str], trying: Collection[str]) -> dict[int, str]:
    """No more than a few through outlets that are being tried."""
    counts: Counter[str] = Counter()
    chosen = {}
    for send_id, outlet in sends.items():
        counts[outlet] += 1
        if outlet not in trying or counts[outlet] <= TRIED_WITH:
            chosen[send_id] = outlet
    return chosen


def _composed(
    connection: Connection, compose: Compose, send_ids: list[int], at: datetime
) -> list[Prepared | RenderFailure]:
    made = {_send_id(each): each for each in compose(connection, send_ids, at)} if send_ids else {}
    if strange := made.keys() - set(send_ids):
        raise ValueError(f"composed for sends nobody asked for: {sorted(strange)}")
    return [made.get(n) or RenderFailure(n, "", _NOT_COMPOSED) for n in send_ids]


def _sorted_out(
    made: Iterable[Prepared | RenderFailure], failed: Counter[str], most: int
) -> tuple[list[Prepared], list[RenderFailure], list[RenderFailure]]:
    """Those to hand over, those to take out, and all that fail.

    From the person on for whom a message fails once too often, it stays where it is.
    """
    failed = Counter(failed)
    ready: list[Prepared] = []
    failures: list[RenderFailure] = []
    broken: list[RenderFailure] = []
    for each in made:
        if isinstance(each, RenderFailure):
            failed[each.message] += bool(each.message)
            broken.append(each)
        if failed[each.message] > most:
            continue
        if isinstance(each, RenderFailure):
            failures.append(each)
        else:
            ready.append(each)
    return ready, failures, broken


def _packed(
    outlets: Mapping[str, Outlet],
    ready: Iterable[Prepared],
    ways: Mapping[int, str],
    at: datetime,
) -> dict[str, list[Parcel]]:
    mails: dict[str, list[Outgoing]] = {}
    for each in ready:
        mails.setdefault(ways[each.outgoing.send_id], []).append(each.outgoing)
    parcels = {}
    for outlet, theirs in mails.items():
        try:
            parcels[outlet] = outlets[outlet].pack(theirs, at)
        except DeliveryError as error:
            raise ClosedError(outlet, error) from error
    return parcels


def _claimed(
    ready: Iterable[Prepared], parcels: Mapping[str, Iterable[Parcel]]
) -> Iterator[Claimed]:
    made = {each.outgoing.send_id: each for each in ready}
    for outlet, theirs in parcels.items():
        for parcel in theirs:
            for mail in parcel.messages:
                each = made.pop(mail.send_id)
                yield Claimed(
                    mail.send_id,
                    each.message,
                    each.locale,
                    each.template_version,
                    each.sources,
                    each.context,
                    outlet,
                    parcel.request_id,
                    parcel.batch_id,
                    parcel.send_at,
                )
    if made:
        raise ValueError(f"in no parcel: {sorted(made)}")


def _send_id(each: Prepared | RenderFailure) -> int:
    return each.send_id if isinstance(each, RenderFailure) else each.outgoing.send_id

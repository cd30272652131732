"""What became of a block, written down in one transaction."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from flows.delivery.block import Moment, Terms
from flows.delivery.feed import Handed
from flows.delivery.outlet import Receipt
from flows.errors import DeliveryError
from flows.store import halts, inbox, outbox
from flows.store.inbox import Event
from flows.store.outbox import Result
from segments.names import HaltCause, ResponseKind

_SOON = timedelta(minutes=1)
_DAY = timedelta(days=1)
_BY_THEMSELVES = set(HaltCause) - {HaltCause.HAND}


def note(
    connection: Connection,
    terms: Terms,
    moment: Moment,
    outlet: str,
    handed: Handed,
    now: datetime,
    *,
    tried: bool,
) -> None:
    """Write down receipts, put back what did not leave, and have the outlet rest if it must.

    `tried` says that the outlet has shown that it works again.
    """
    results = [
        Result(each.send_id, each.outcome, each.provider_id, each.detail)
        for each in handed.receipts
    ]
    outbox.record(connection, results, now, claim_id=moment.claim_id)
    if bounced := [_bounce(each, now) for each in handed.receipts if each.hard]:
        inbox.keep(connection, bounced, now)
    outbox.put_back(connection, handed.back, moment.claim_id)
    # Where the outlet rests from now on, its fallback may take them at once.
    soon = None if handed.closed else now + _SOON
    later = {each.send_id: now + each.later if each.later else soon for each in handed.again}
    for when in set(later.values()):
        group = [send_id for send_id, its in later.items() if its == when]
        outbox.put_back(connection, group, moment.claim_id, not_before=when)
    left = dict.fromkeys([*handed.back, *later], outlet)
    terms.limits.give_back(connection, left, moment.at)
    if handed.closed:
        rest(connection, terms, outlet, handed.closed, now)
    elif tried and outlet not in halts.open_halts(connection, now).outlets:
        halts.resume(connection, outlet=outlet, now=now, causes=_BY_THEMSELVES)


def rest(
    connection: Connection, terms: Terms, outlet: str, why: DeliveryError, now: datetime
) -> None:
    """Let an outlet rest, and ask somebody to look after it: for a while, or until resumed."""
    until = None
    if why.cause == HaltCause.PROVIDER:
        until = now + max(timedelta(days=terms.sending.try_again_after.days), _SOON)
    fresh = halts.halt(
        connection, outlet=outlet, cause=why.cause, why=str(why), now=now, until=until
    )
    if fresh:
        about = f"{outlet}: {why}"
        halts.task(connection, about=about, owner=terms.owner, due_at=now + _DAY)


def _bounce(receipt: Receipt, now: datetime) -> Event:
    """There is no such mailbox, which is known at once where others hear of it later."""
    key = f"receipt:{receipt.send_id}"
    return Event(key, receipt.send_id, ResponseKind.BOUNCE, now, {"hard": True})

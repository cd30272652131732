"""What stops a send before it is taken: the law, the customer and the journey, asked once more."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    String,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
)

from flows.store.grounds import ground, in_force, settled
from flows.store.machine import move
from flows.store.models import (
    Base,
    Complaint,
    Contact,
    Enrollment,
    Permission,
    Purchase,
    SalesLock,
    Suppression,
)
from flows.store.sets import Numbers, among, one_of
from flows.store.suppressing import standing
from flows.store.types import Utc
from segments.names import (
    Basis,
    EnrollmentStatus,
    OrderKind,
    Outcome,
    PermissionKind,
    Purpose,
    SkipReason,
)

_send = Base.metadata.tables["send"]
NO_TIME = timedelta(0)


def hold_back(
    connection: Connection, now: datetime, live: Collection[str], hold: timedelta = NO_TIME
) -> Counter[SkipReason]:
    """Take out of the queue what must not go (any more); the first reason that applies counts.

    `live` names the journeys that may send; `hold` is how long a complaint that was settled still
    holds advertising and surveys back.
    """
    counts: Counter[SkipReason] = Counter()
    for reason, condition in _stops(now, sorted(live), now - hold):
        stopped = connection.execute(_held(reason).where(condition)).rowcount
        if stopped:
            counts[reason] = stopped
    return counts


def speaking_against(
    connection: Connection,
    send_ids: Collection[int],
    now: datetime,
    live: Collection[str],
    hold: timedelta = NO_TIME,
) -> dict[int, SkipReason]:
    """Why some of these sends must not go, by the same stops as `hold_back`."""
    values = {"ids": send_ids, "now": now, "live": sorted(live), "held_since": now - hold}
    rows = connection.execute(_asked_of(connection.dialect.name), values)
    return {send_id: SkipReason(reason) for send_id, reason in rows if reason}


def hold_back_these(
    connection: Connection, reasons: Mapping[int, SkipReason]
) -> Counter[SkipReason]:
    """Take these sends out of the queue, each for its reason."""
    for reason in sorted(set(reasons.values())):
        ids = [send_id for send_id, why in reasons.items() if why == reason]
        connection.execute(_held(reason).where(among(connection, _send.c.id, ids)))
    return Counter(reasons.values())


@cache
def _asked_of(dialect: str) -> Select[tuple[int, str | None]]:
    """Putting the question together takes as long as answering it for hundreds of sends."""
    now = bindparam("now", type_=Utc())
    live = bindparam("live", expanding=True, type_=String())
    stops = _stops(now, live, bindparam("held_since", type_=Utc()))
    reason = case(*((condition, literal(str(reason))) for reason, condition in stops))
    these = one_of(dialect, _send.c.id, bindparam("ids", type_=Numbers()))
    return select(_send.c.id, reason).where(these)


def _held(reason: SkipReason) -> Update:
    outcome = Outcome.EXPIRED if reason == SkipReason.EXPIRED else Outcome.CANCELLED
    return move(outcome).values(reason=reason)


def _stops(
    now: Any, live: Any, held_since: Any
) -> Iterator[tuple[SkipReason, ColumnElement[bool]]]:
    """What may speak against a send, the first that applies counts; of values or of parameters."""
    of_interest = _send.c.purpose.in_([Purpose.ADVERTISING, Purpose.SURVEY])
    yield SkipReason.JOURNEY_NOT_LIVE, _send.c.journey.not_in(live)
    yield SkipReason.EXPIRED, _send.c.valid_until < now
    yield (
        SkipReason.EXITED,
        exists().where(
            Enrollment.id == _send.c.enrollment_id, Enrollment.status == EnrollmentStatus.EXITED
        ),
    )
    yield (
        SkipReason.GOAL_REACHED,
        exists().where(Enrollment.id == _send.c.enrollment_id, Enrollment.goal_at <= now),
    )
    yield SkipReason.ORDER_RETURNED, _order_returned(now)
    yield SkipReason.NO_CONTACT, _send.c.contact_id.is_(None)
    yield (
        SkipReason.NO_ADDRESS,
        exists().where(Contact.id == _send.c.contact_id, func.coalesce(Contact.email, "") == ""),
    )
    yield SkipReason.SUPPRESSED, _suppressed(now)
    yield (
        SkipReason.OBJECTED,
        and_(
            of_interest,
            exists().where(
                Permission.contact_id == _send.c.contact_id,
                Permission.kind == PermissionKind.OBJECTION,
                in_force(now),
            ),
        ),
    )
    yield (
        SkipReason.NO_PERMISSION,
        and_(
            of_interest,
            or_(
                and_(_send.c.basis == Basis.CONSENT, ~_consented(now)),
                and_(_send.c.basis == Basis.EXISTING_CUSTOMER, _basis_gone(now)),
            ),
        ),
    )
    yield (
        SkipReason.COMPLAINT_OPEN,
        and_(
            of_interest,
            exists().where(
                Complaint.customer_id == _send.c.customer_id,
                Complaint.opened_at <= now,
                _not_yet(Complaint.closed_at, now),
            ),
        ),
    )
    yield (
        SkipReason.COMPLAINT_HOLD,
        and_(
            of_interest,
            exists().where(
                Complaint.customer_id == _send.c.customer_id,
                Complaint.opened_at <= now,
                Complaint.closed_at <= now,
                Complaint.closed_at > held_since,
            ),
        ),
    )
    yield (
        SkipReason.SALES_LOCK,
        and_(
            _send.c.purpose == Purpose.ADVERTISING,
            exists().where(
                SalesLock.customer_id == _send.c.customer_id,
                SalesLock.since <= now,
                SalesLock.until > now,
            ),
        ),
    )


def _suppressed(now: datetime) -> ColumnElement[bool]:
    """Address, person or customer must not get this.

    A survey is advertising, but for those who agreed to it.
    """
    as_advertising = and_(
        _send.c.purpose == Purpose.SURVEY,
        Suppression.purpose == Purpose.ADVERTISING,
        ~_agreed(now, Permission.purpose == Purpose.SURVEY),
    )
    covers = or_(
        Suppression.purpose.is_(None), Suppression.purpose == _send.c.purpose, as_advertising
    )
    # Each by an index of its own; a send without contact is stopped for that.
    return or_(
        exists().where(
            Contact.id == _send.c.contact_id,
            Suppression.email.in_([Contact.email, func.lower(Contact.email)]),
            covers,
            standing(now),
        ),
        exists().where(Suppression.contact_id == _send.c.contact_id, covers, standing(now)),
        exists().where(Suppression.customer_id == _send.c.customer_id, covers, standing(now)),
    )


def _consented(now: datetime) -> ColumnElement[bool]:
    """A consent that covers this purpose is still in force."""
    covers = or_(
        Permission.purpose == _send.c.purpose,
        and_(_send.c.purpose == Purpose.SURVEY, Permission.purpose == Purpose.ADVERTISING),
    )
    return _agreed(now, covers)


def _agreed(now: datetime, covers: ColumnElement[bool]) -> ColumnElement[bool]:
    consents = and_(
        Permission.contact_id == _send.c.contact_id,
        Permission.kind == PermissionKind.CONSENT,
        covers,
    )
    # Said, because this may stand in a question within the question about the send.
    theirs = exists().where(consents).correlate(_send)
    confirmed = theirs.where(in_force(now), settled(now))
    asked = theirs.where(in_force(now))
    withdrawn = theirs.where(Permission.ended_at <= now)
    # As when it was decided: a consent never confirmed helps nobody who withdrew one.
    return or_(confirmed, and_(asked, ~withdrawn))


def _basis_gone(now: datetime) -> ColumnElement[bool]:
    """No purchase makes the contact an existing customer any more, or one no longer does since."""
    theirs = Permission.contact_id == _send.c.contact_id
    bought = Purchase.id == Permission.purchase_id
    void_since = or_(
        Permission.ended_at.between(_send.c.decided_at, now),
        Purchase.cancelled_at.between(_send.c.decided_at, now),
    )
    existing = Permission.kind == PermissionKind.EXISTING_CUSTOMER
    # Which goods it was about is not known here, so that any of them lost stops it.
    return or_(
        ~exists().where(theirs, bought, ground(now)),
        exists().where(theirs, bought, existing, void_since),
    )


def _order_returned(now: datetime) -> ColumnElement[bool]:
    credit = Base.metadata.tables["purchase"].alias("credit")
    given_back = (
        select(func.coalesce(func.sum(credit.c.total), 0))
        .where(
            credit.c.credit_of_id == Purchase.id,
            credit.c.kind == OrderKind.CREDIT,
            credit.c.ordered_at <= now,
            _not_yet(credit.c.cancelled_at, now),
        )
        .correlate(Purchase)
        .scalar_subquery()
    )
    return exists().where(
        Enrollment.id == _send.c.enrollment_id,
        Purchase.id == Enrollment.purchase_id,
        or_(
            Purchase.cancelled_at <= now,
            and_(Purchase.total > 0, Purchase.total + given_back <= 0),
        ),
    )


def _not_yet(moment: Any, now: datetime) -> ColumnElement[bool]:
    return or_(moment.is_(None), moment > now)

"""The one mail about a consent that was asked for: queued for whoever got none, and lapsing."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, select

from flows.store.consents import Asked
from flows.store.models import Base, Contact, Enrollment, Send
from segments.names import (
    Arm,
    Basis,
    ConsentStage,
    EnrollmentStatus,
    LeaveReason,
    Outcome,
    PermissionKind,
    Purpose,
)

CONFIRMING = "confirm_consent"
"""Journey, and message, of the mail that asks for confirmation; no YAML speaks of it."""

_STEP = "confirm"
_permission = Base.metadata.tables["permission"]
_step = Base.metadata.tables["consent_step"]


def queue_mails(
    connection: Connection,
    now: datetime,
    within: timedelta,
    run_id: int,
    *,
    noted_only: bool = False,
) -> int:
    """One mail to whoever asked and got none yet; how many mails. There are no reminders.

    What was asked longer ago than `within` is no longer mailed about. What one person asked for
    at one moment makes one mail. With `noted_only` what sources say is left alone.
    """
    mailed = exists().where(
        _step.c.permission_id == _permission.c.id, _step.c.kind == ConsentStage.MAILED
    )
    noted = exists().where(
        _step.c.permission_id == _permission.c.id, _step.c.kind == ConsentStage.REQUESTED
    )
    rows = connection.execute(
        select(_permission, Contact.customer_id)
        .join(Contact, Contact.id == _permission.c.contact_id)
        .where(
            _waiting(now),
            _permission.c.requested_at > now - within,
            func.coalesce(Contact.email, "") != "",
            ~mailed,
            *((noted,) if noted_only else ()),
        )
        .order_by(_permission.c.id)
    ).all()
    requests: dict[tuple[int, datetime], list[Any]] = {}
    for row in rows:
        requests.setdefault((row.contact_id, row.requested_at), []).append(row)
    for theirs in requests.values():
        _mail(connection, theirs, now, now + within, run_id)
    return len(requests)


def lapse(connection: Connection, now: datetime) -> int:
    """Note requests whose mail was not answered in time; how many."""
    over = connection.execute(
        select(_step.c.permission_id, _step.c.contact_id, _step.c.purpose, Send.valid_until)
        .join(Send, Send.id == _step.c.send_id)
        .join(_permission, _permission.c.id == _step.c.permission_id)
        .where(
            _step.c.kind == ConsentStage.MAILED,
            Send.valid_until < now,
            _permission.c.confirmed_at.is_(None),
            ~_has(ConsentStage.EXPIRED),
        )
    ).all()
    if over:
        connection.execute(
            insert(_step),
            [
                {
                    "permission_id": row.permission_id,
                    "contact_id": row.contact_id,
                    "kind": ConsentStage.EXPIRED,
                    "purpose": row.purpose,
                    "at": row.valid_until,
                }
                for row in over
            ],
        )
    return len(over)


def confirmable(connection: Connection, send_ids: Collection[int]) -> dict[int, Asked]:
    """What the mails of these sends ask to confirm."""
    rows = connection.execute(
        select(_step, _permission.c.requested_at)
        .join(_permission, _permission.c.id == _step.c.permission_id)
        .where(_step.c.send_id.in_(send_ids), _step.c.kind == ConsentStage.MAILED)
        .order_by(_step.c.permission_id)
    ).all()
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.send_id, []).append(row)
    return {
        send_id: Asked(
            theirs[0].permission_id,
            theirs[0].contact_id,
            tuple(Purpose(row.purpose) for row in theirs),
            theirs[0].requested_at,
            None,
            theirs[0].source,
            theirs[0].text_version,
            theirs[0].wording,
        )
        for send_id, theirs in found.items()
    }


def _waiting(now: datetime) -> Any:
    """A consent that was asked for and neither confirmed nor taken back."""
    return and_(
        _permission.c.kind == PermissionKind.CONSENT,
        _permission.c.at <= now,
        _permission.c.requested_at <= now,
        _permission.c.confirmed_at.is_(None),
        _permission.c.ended_at.is_(None),
    )


def _has(stage: ConsentStage) -> Any:
    other = _step.alias()
    return exists().where(other.c.permission_id == _step.c.permission_id, other.c.kind == stage)


def _mail(
    connection: Connection, rows: Sequence[Any], now: datetime, until: datetime, run_id: int
) -> None:
    """One send for what one person asked for, and the steps that lead to it."""
    first = rows[0]
    enrollment = connection.execute(
        insert(Enrollment)
        .values(
            customer_id=first.customer_id,
            journey=CONFIRMING,
            version="1",
            entry_key=f"consent {first.id}",
            arm=Arm.TREATED,
            status=EnrollmentStatus.FINISHED,
            reason=LeaveReason.COMPLETED,
            node=_STEP,
            arrived_at=now,
            due_at=now,
            anchor_at=first.requested_at,
            entered_at=now,
            left_at=now,
            run_id=run_id,
        )
        .returning(Enrollment.id)
    ).scalar_one()
    send = connection.execute(
        insert(Send)
        .values(
            enrollment_id=enrollment,
            customer_id=first.customer_id,
            contact_id=first.contact_id,
            journey=CONFIRMING,
            version="1",
            step=_STEP,
            message=CONFIRMING,
            purpose=Purpose.LEGAL,
            basis=Basis.CONTRACT,
            priority=100,
            outcome=Outcome.QUEUED,
            due_at=now,
            not_before=now,
            valid_until=until,
            decided_at=now,
            run_id=run_id,
        )
        .returning(Send.id)
    ).scalar_one()
    known = {
        row.permission_id: row
        for row in connection.execute(
            select(_step).where(
                _step.c.permission_id.in_([row.id for row in rows]),
                _step.c.kind == ConsentStage.REQUESTED,
            )
        )
    }
    steps = []
    for row in rows:
        step = {
            "permission_id": row.id,
            "contact_id": row.contact_id,
            "purpose": row.purpose,
            "source": row.source,
            "text_version": row.text_version,
            "wording": known[row.id].wording if row.id in known else None,
            "noted_by": None,
            "send_id": None,
        }
        if row.id not in known:
            noted = {"kind": ConsentStage.REQUESTED, "at": row.requested_at, "noted_by": "source"}
            steps.append(step | noted)
        steps.append(step | {"kind": ConsentStage.MAILED, "at": now, "send_id": send})
    connection.execute(insert(_step), steps)

"""Consent by double opt-in: asked for, mailed about once, confirmed or lapsed, and proved."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from flows.store.models import Base, Contact, Send
from flows.store.suppressing import lift_own
from segments.names import (
    ConsentStage,
    PermissionKind,
    Purpose,
)

_permission = Base.metadata.tables["permission"]
_step = Base.metadata.tables["consent_step"]


class Confirmation(StrEnum):
    """What came of a click on the button that confirms."""

    CONFIRMED = auto()
    ALREADY = auto()
    EXPIRED = auto()
    UNKNOWN = auto()


@dataclass(frozen=True)
class Asked:
    """A consent that was asked for: by its number in the link of the mail, and what it is to."""

    request: int
    contact_id: int
    purposes: tuple[Purpose, ...]
    requested_at: datetime
    state: Confirmation | None
    """What a click would come to, if not to a confirmation."""

    source: str | None = None
    text_version: str | None = None
    wording: str | None = None


def request_consent(
    connection: Connection,
    contact_id: int,
    purposes: Collection[Purpose],
    at: datetime,
    within: timedelta,
    *,
    source: str,
    text_version: str | None = None,
    wording: str | None = None,
    noted_by: str | None = None,
) -> list[int]:
    """Note that somebody asks to be written to; their numbers. Nothing counts until confirmed.

    Purposes agreed to already are left out, and those asked for less than `within` ago: whoever
    got the mail is not reminded.
    """
    given = set(
        connection.scalars(
            select(_permission.c.purpose).where(
                _permission.c.contact_id == contact_id,
                _permission.c.kind == PermissionKind.CONSENT,
                _permission.c.at <= at,
                or_(_permission.c.ended_at.is_(None), _permission.c.ended_at > at),
                or_(
                    _permission.c.confirmed_at.is_not(None),
                    _permission.c.requested_at.is_(None),
                    _permission.c.requested_at > at - within,
                ),
            )
        )
    )
    made = []
    for purpose in sorted(set(purposes) - given):
        row = {
            "contact_id": contact_id,
            "kind": PermissionKind.CONSENT,
            "purpose": purpose,
            "at": at,
            "requested_at": at,
            "source": source,
            "text_version": text_version,
        }
        number = connection.execute(
            insert(_permission).values(row).returning(_permission.c.id)
        ).scalar_one()
        connection.execute(
            insert(_step).values(
                permission_id=number,
                contact_id=contact_id,
                kind=ConsentStage.REQUESTED,
                purpose=purpose,
                at=at,
                source=source,
                text_version=text_version,
                wording=wording,
                noted_by=noted_by,
            )
        )
        made.append(int(number))
    return made


def asked(connection: Connection, request: int, at: datetime) -> Asked | None:
    """What the link with this number is about; nothing if there is no such request (any more)."""
    rows = _together(connection, request)
    row = next((each for each in rows if each.id == request), None)
    if row is None:
        return None
    purposes = tuple(Purpose(each.purpose) for each in rows)
    return Asked(
        request,
        row.contact_id,
        purposes,
        row.requested_at,
        _state(row, at),
        row.source,
        row.text_version,
        row.wording,
    )


def confirm(connection: Connection, request: int, at: datetime, *, via: str = "") -> Confirmation:
    """The person followed the link of the mail and clicked: the consent counts from now on.

    All that was asked for in that mail is confirmed at once. An objection, or a wish to get no
    more, from before the request has been taken back by it. Safe to repeat.
    """
    rows = _together(connection, request)
    row = next((each for each in rows if each.id == request), None)
    if row is None:
        return Confirmation.UNKNOWN
    if state := _state(row, at):
        return state
    ids = [each.id for each in rows if each.confirmed_at is None and each.ended_at is None]
    connection.execute(
        update(_permission)
        .where(_permission.c.id.in_(ids), _permission.c.confirmed_at.is_(None))
        .values(confirmed_at=at, proof=f"double opt-in: mail of send {row.send_id}")
    )
    connection.execute(
        insert(_step),
        [
            {
                "permission_id": each.id,
                "contact_id": each.contact_id,
                "kind": ConsentStage.CONFIRMED,
                "purpose": each.purpose,
                "at": at,
                "source": via or None,
                "text_version": each.text_version,
                "wording": each.wording,
                "send_id": each.send_id,
            }
            for each in rows
            if each.id in ids
        ],
    )
    _take_back(connection, row, [each.purpose for each in rows if each.id in ids], at)
    return Confirmation.CONFIRMED


def _together(connection: Connection, request: int) -> Sequence[Any]:
    """All that was asked for in the same mail as this."""
    of_mail = select(_step.c.send_id).where(
        _step.c.permission_id == request, _step.c.kind == ConsentStage.MAILED
    )
    return connection.execute(
        select(_permission, _step.c.send_id, _step.c.wording, Send.valid_until)
        .join(_step, _step.c.permission_id == _permission.c.id)
        .join(Send, Send.id == _step.c.send_id)
        .where(_step.c.kind == ConsentStage.MAILED, _step.c.send_id == of_mail.scalar_subquery())
        .order_by(_permission.c.id)
    ).all()


def _state(row: Any, at: datetime) -> Confirmation | None:
    if row.confirmed_at is not None:
        return Confirmation.ALREADY
    if row.ended_at is not None:
        return Confirmation.UNKNOWN
    return Confirmation.EXPIRED if at > row.valid_until else None


def _take_back(connection: Connection, row: Any, purposes: Collection[str], at: datetime) -> None:
    connection.execute(
        update(_permission)
        .where(
            _permission.c.contact_id == row.contact_id,
            _permission.c.kind == PermissionKind.OBJECTION,
            _permission.c.at <= row.requested_at,
            _permission.c.ended_at.is_(None),
        )
        .values(ended_at=at)
    )
    email = connection.scalar(select(Contact.email).where(Contact.id == row.contact_id))
    lift_own(connection, row.contact_id, email, purposes, row.requested_at, at)

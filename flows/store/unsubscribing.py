"""Somebody clicked "unsubscribe": the address is barred, and the objection kept."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base, Contact
from segments.names import PermissionKind, Purpose, SuppressionReason

_suppression = Base.metadata.tables["suppression"]
_permission = Base.metadata.tables["permission"]


def unsubscribe(connection: Connection, contact_id: int, at: datetime, source: str) -> bool:
    """Bar the contact's address from advertising and keep the objection; whether that was new.

    Repeating it changes nothing. A contact that is not there (any more) is nobody to write to.
    """
    row = connection.execute(
        select(Contact.id, Contact.email).where(Contact.id == contact_id)
    ).one_or_none()
    if row is None:
        return False
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    barred = 0
    if row.email:
        barred = connection.execute(
            insert(_suppression)
            .values(
                email=row.email.strip().lower()[:320],
                purpose=Purpose.ADVERTISING,
                reason=SuppressionReason.UNSUBSCRIBE,
                at=at,
                source=source,
            )
            .on_conflict_do_nothing(index_elements=["email", "reason"])
        ).rowcount
    known = connection.execute(
        select(_permission.c.id).where(
            _permission.c.contact_id == contact_id,
            _permission.c.kind == PermissionKind.OBJECTION,
            _permission.c.purpose == Purpose.ADVERTISING,
            _permission.c.ended_at.is_(None),
            _permission.c.at <= at,
        )
    ).first()
    if known is None:
        connection.execute(
            insert(_permission)
            .values(
                contact_id=contact_id,
                kind=PermissionKind.OBJECTION,
                purpose=Purpose.ADVERTISING,
                at=at,
                proof=source,
            )
            .on_conflict_do_nothing(index_elements=["contact_id", "kind", "purpose", "at"])
        )
    return known is None or bool(barred)

"""Somebody clicked "unsubscribe": the address is barred, and the objection kept."""

from datetime import datetime

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base, Contact
from flows.store.suppressing import suppress
from segments.names import PermissionKind, Purpose, SuppressionReason

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
    barred = bool(row.email) and suppress(
        connection,
        email=row.email,
        purpose=Purpose.ADVERTISING,
        reason=SuppressionReason.UNSUBSCRIBE,
        source=source,
        at=at,
    )
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
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
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
    return known is None or barred

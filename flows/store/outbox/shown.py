"""A send with all that is needed to show its message again."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from flows.store.models import Base

_send = Base.metadata.tables["send"]
_versions = Base.metadata.tables["template_version"]


@dataclass(frozen=True)
class SendRecord:
    """A send with all that is needed to show its message again."""

    id: int
    customer_id: int
    contact_id: int | None
    journey: str
    version: str
    step: str
    message: str
    purpose: str
    basis: str | None
    outcome: str
    reason: str | None
    due_at: datetime
    decided_at: datetime
    outlet: str | None
    claimed_at: datetime | None
    lease_until: datetime | None
    request_id: str | None
    batch_id: str | None
    send_at: datetime | None
    handed_over_at: datetime | None
    locale: str | None
    template_version: str | None
    sources: bytes | None
    context: str | None
    provider_id: str | None
    detail: str | None


def load_send(connection: Connection, send_id: int) -> SendRecord | None:
    """One send with its template sources and context, or nothing."""
    columns = [
        _versions.c.sources if name == "sources" else _send.c[name]
        for name in SendRecord.__dataclass_fields__
    ]
    statement = (
        select(*columns)
        .outerjoin_from(_send, _versions, _send.c.template_version == _versions.c.version)
        .where(_send.c.id == send_id)
    )
    row = connection.execute(statement).mappings().one_or_none()
    return None if row is None else SendRecord(**row)

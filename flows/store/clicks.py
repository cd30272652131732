"""Links of messages that were followed over our own redirect."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from flows.store.facts import tracked
from flows.store.inbox import Event, keep
from flows.store.models import Response, Send, TemplateVersion
from segments.names import ResponseKind

MACHINE = "link scanner"
"""What a link followed by a program is kept as: it is no click of anybody's."""


@dataclass(frozen=True)
class Handed:
    """A message as it was handed over."""

    send_id: int
    sources: bytes | None
    context: str | None
    handed_over_at: datetime | None


def handed(connection: Connection, send_id: int) -> Handed | None:
    """The message of this number, where it was written."""
    row = connection.execute(
        select(TemplateVersion.sources, Send.context, Send.handed_over_at)
        .outerjoin(TemplateVersion, TemplateVersion.version == Send.template_version)
        .where(Send.id == send_id)
    ).one_or_none()
    return None if row is None else Handed(send_id, *row)


def keep_click(
    connection: Connection, send_id: int, place: int, address: str, at: datetime, *, machine: bool
) -> bool:
    """Note that a link was followed, once by people and once by programs; whether that was new.

    Nothing is kept of whoever does not permit it (any more).
    """
    permitted = select(Send.id).where(Send.id == send_id, tracked(at))
    if connection.execute(permitted).first() is None:
        return False
    key = f"click:{send_id}:{place}:program" if machine else f"click:{send_id}:{place}"
    known = select(Response.id).where(Response.key == key)
    if connection.execute(known).first() is not None:
        return False
    kind = ResponseKind.UNKNOWN if machine else ResponseKind.CLICK
    detail = {"url": address[:2000], **({"kind": MACHINE} if machine else {})}
    keep(connection, [Event(key, send_id, kind, at, detail)], at)
    return True

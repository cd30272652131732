"""Mails to colleagues: each noted before it is handed over, so that none goes twice."""

from datetime import date, datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base
from segments.names import NoticeKind, Outcome

_notice = Base.metadata.tables["notice"]


def claim(
    connection: Connection, kind: NoticeKind, owner: str, day: date, at: datetime, outlet: str
) -> int | None:
    """Note a mail that is about to go: its number, or None if that day's went already."""
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    return connection.execute(
        insert(_notice)
        .values(kind=kind, owner=owner, day=day, at=at, outcome=Outcome.CLAIMED, outlet=outlet)
        .on_conflict_do_nothing(index_elements=["kind", "owner", "day"])
        .returning(_notice.c.id)
    ).scalar_one_or_none()


def settle(
    connection: Connection,
    notice: int,
    outcome: Outcome,
    provider_id: str | None,
    detail: str | None,
) -> None:
    """Note what became of it."""
    connection.execute(
        update(_notice)
        .where(_notice.c.id == notice)
        .values(outcome=outcome, provider_id=provider_id, detail=detail)
    )


def give_back(connection: Connection, notice: int) -> None:
    """It did not leave and may be tried again on the same day."""
    connection.execute(delete(_notice).where(_notice.c.id == notice))


def latest(connection: Connection, kind: NoticeKind, before: date) -> dict[str, datetime]:
    """When everybody got their last one of the days before."""
    statement = (
        select(_notice.c.owner, func.max(_notice.c.at).label("at"))
        .where(_notice.c.kind == kind, _notice.c.day < before)
        .group_by(_notice.c.owner)
    )
    return {row.owner: row.at for row in connection.execute(statement)}

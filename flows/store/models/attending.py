"""What needs a person: approvals, runs that wait for them, and alerts."""

from typing import Any

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, Id, UtcTime
from flows.store.types import Word
from segments import names


class Approval(Base):
    """One decision about the messages of a journey that one planning run had queued."""

    __tablename__ = "approval"
    __table_args__ = (Index(None, "journey", "run_id"),)
    id: Mapped[Id]
    journey: Mapped[str] = mapped_column(String(60))
    run_id: Mapped[int] = mapped_column(BigInt)
    decision: Mapped[str] = mapped_column(Word(names.Review))
    messages: Mapped[int]
    decided_at: Mapped[UtcTime]
    decided_by: Mapped[str] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(Text)


class Pause(Base):
    """A run of Prefect's that stands still until somebody decides, or until its time is over.

    `asked` is what its form asks for, by journey; `released_at` when it was made to go on, and
    `answered_at` when it did.
    """

    __tablename__ = "pause"
    id: Mapped[Id]
    flow_run: Mapped[str] = mapped_column(String(40), unique=True)
    asked: Mapped[dict[str, Any]]
    asked_at: Mapped[UtcTime]
    until: Mapped[UtcTime]
    released_at: Mapped[UtcTime | None]
    answered_at: Mapped[UtcTime | None]


class Alert(Base):
    """Something that needs a person, from when it was seen until it was over.

    `subject` says of what: a deployment, a journey, a way out. `said` is the sentence people were
    told; `told_at` when it was handed to whatever tells them, `mailed_at` when a mail went, and
    `over_told_at` when they were told that it is over.
    """

    __tablename__ = "alert"
    __table_args__ = (
        Index(
            "uq_alert_standing",
            "kind",
            "subject",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Word(names.AlertKind))
    subject: Mapped[str] = mapped_column(String(120))
    said: Mapped[str] = mapped_column(Text)
    since: Mapped[UtcTime]
    told_at: Mapped[UtcTime | None]
    mailed_at: Mapped[UtcTime | None]
    ended_at: Mapped[UtcTime | None]
    over_told_at: Mapped[UtcTime | None]

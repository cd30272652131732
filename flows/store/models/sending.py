"""What sending keeps beside the sends: halts, doubts, quotas, and events as they came."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, Id, UtcTime
from flows.store.types import Word
from segments import names


class Halt(Base):
    """Sending stands still: of everything, of a journey, or through an outlet.

    It holds until `ended_at`, or until `until` where that is given.
    """

    __tablename__ = "halt"
    __table_args__ = (Index(None, "ended_at"),)
    id: Mapped[Id]
    journey: Mapped[str | None] = mapped_column(String(60))
    outlet: Mapped[str | None] = mapped_column(String(60))
    cause: Mapped[str] = mapped_column(Word(names.HaltCause))
    why: Mapped[str] = mapped_column(Text)
    since: Mapped[UtcTime]
    until: Mapped[UtcTime | None]
    ended_at: Mapped[UtcTime | None]


class Doubt(Base):
    """A send nobody knows the fate of, what is known about it, and how it was settled."""

    __tablename__ = "doubt"
    __table_args__ = (
        Index(
            "uq_doubt_open",
            "send_id",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )
    id: Mapped[Id]
    send_id: Mapped[int] = mapped_column(BigInt, ForeignKey("send.id"))
    since: Mapped[UtcTime]
    why: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[UtcTime | None]
    known: Mapped[str | None] = mapped_column(Text)
    settled_at: Mapped[UtcTime | None]
    settled_as: Mapped[str | None] = mapped_column(Word(names.Outcome))


class Quota(Base):
    """How many messages an outlet took on a day: in all (domain "") and to one domain."""

    __tablename__ = "quota"
    outlet: Mapped[str] = mapped_column(String(60), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    domain: Mapped[str] = mapped_column(String(255), primary_key=True)
    taken: Mapped[int]


class EventBatch(Base):
    """A batch of events as a provider posted it, byte for byte, until it is applied."""

    __tablename__ = "event_batch"
    __table_args__ = (Index(None, "applied_at", "id"),)
    id: Mapped[Id]
    source: Mapped[str] = mapped_column(String(60))
    received_at: Mapped[UtcTime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    applied_at: Mapped[UtcTime | None]
    events: Mapped[int | None]
    problem: Mapped[str | None] = mapped_column(Text)

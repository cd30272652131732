"""What colleagues are asked to do, what became of it, and the mails that tell them."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, Id, UtcTime
from flows.store.types import Word
from segments import names


class Task(Base):
    """A measure assigned to a colleague; about a customer, or about sending itself.

    `note` is what was said when it was done, or why it was cancelled; `changed_at` when it last
    went to somebody else or was closed, empty for one that is as it was made.
    """

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step"),
        Index(None, "status", "owner"),
        Index(None, "customer_id"),
    )
    id: Mapped[Id]
    enrollment_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("enrollment.id"))
    customer_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("customer.id"))
    owner: Mapped[str | None] = mapped_column(String(120))
    step: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(Word(names.TaskKind))
    about: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[UtcTime]
    escalate_at: Mapped[UtcTime | None]
    escalated_at: Mapped[UtcTime | None]
    done_at: Mapped[UtcTime | None]
    status: Mapped[str] = mapped_column(Word(names.TaskStatus))
    outcome: Mapped[str | None] = mapped_column(Word(names.TaskOutcome))
    note: Mapped[str | None] = mapped_column(Text)
    changed_at: Mapped[UtcTime | None]
    run_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("run.id"))


class Notice(Base):
    """A mail to a colleague; it is no message of a journey and counts in no figure of one.

    Written before it is handed over, so that a day's digest goes once at most.
    """

    __tablename__ = "notice"
    __table_args__ = (UniqueConstraint("kind", "owner", "day"),)
    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Word(names.NoticeKind))
    owner: Mapped[str] = mapped_column(String(120))
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[UtcTime]
    outcome: Mapped[str] = mapped_column(Word(names.Outcome))
    outlet: Mapped[str] = mapped_column(String(60))
    provider_id: Mapped[str | None] = mapped_column(String(200))
    detail: Mapped[str | None] = mapped_column(Text)

"""The proof of each consent: when it was asked for, mailed about, and confirmed."""

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, ContactId, Id, UtcTime
from flows.store.types import Word
from segments import names


class ConsentStep(Base):
    """One step of a consent by double opt-in; written once, never changed.

    `permission_id` is the consent, whose number its link carries. `wording` is what was agreed to.
    """

    __tablename__ = "consent_step"
    __table_args__ = (Index(None, "permission_id", "kind", unique=True), Index(None, "send_id"))
    id: Mapped[Id]
    permission_id: Mapped[int] = mapped_column(BigInt)
    contact_id: Mapped[ContactId] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(Word(names.ConsentStage))
    purpose: Mapped[str] = mapped_column(Word(names.Purpose))
    at: Mapped[UtcTime]
    source: Mapped[str | None] = mapped_column(Text)
    text_version: Mapped[str | None] = mapped_column(Text)
    wording: Mapped[str | None] = mapped_column(Text)
    noted_by: Mapped[str | None] = mapped_column(String(120))
    send_id: Mapped[int | None] = mapped_column(BigInt)

"""What people told us on our pages: how they want to be written to, and what they answered."""

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, Id, UtcTime
from flows.store.types import Word
from segments import names


class Preference(Base):
    """How a contact wants to be written to; stronger than what the company's data say.

    `apart_days` are the fewest days between two advertising messages, `locale` is the language.
    What may be written to them at all stands in `permission` and `suppression`.
    """

    __tablename__ = "preference"
    contact_id: Mapped[int] = mapped_column(BigInt, ForeignKey("contact.id"), primary_key=True)
    apart_days: Mapped[int | None]
    locale: Mapped[str | None] = mapped_column(Word(names.Locale))
    at: Mapped[UtcTime]


class SurveyAnswer(Base):
    """What somebody answered beside the score; the latest word on each question counts."""

    __tablename__ = "survey_answer"
    __table_args__ = (UniqueConstraint("send_id", "question"),)
    id: Mapped[Id]
    send_id: Mapped[int] = mapped_column(BigInt, ForeignKey("send.id"))
    question: Mapped[str] = mapped_column(String(60))
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[UtcTime]

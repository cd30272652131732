"""Who must not be written to: an address, a person or a whole customer, and since when."""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, Id, UtcTime
from flows.store.types import Word
from segments import names

_SCOPES = ("email", "email_hash", "contact_id", "customer_id")


def key_of(row: dict[str, Any]) -> str:
    """Names what is barred, from what and why: there is one that stands of each."""
    scope = next(name for name in _SCOPES if row.get(name) is not None)
    return f"{scope}:{row[scope]}:{row.get('purpose') or 'all'}:{row['reason']}"


def _key(context: Any) -> str:
    return key_of(context.get_current_parameters())


class Suppression(Base):
    """Whoever it names must not be written to; `purpose` empty means: for nothing at all.

    It names an address, the keyed hash of an erased one, a contact or a customer. Nothing is ever
    deleted: `ended_at` says when somebody lifted it.
    """

    __tablename__ = "suppression"
    __table_args__ = (
        Index(
            "uq_suppression_standing",
            "key",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "key", "ended_at"),
    )
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(400), default=_key)
    email: Mapped[str | None] = mapped_column(String(320), index=True)
    email_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    contact_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("contact.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("customer.id"), index=True)
    purpose: Mapped[str | None] = mapped_column(Word(names.Purpose))
    reason: Mapped[str] = mapped_column(Word(names.SuppressionReason))
    at: Mapped[UtcTime]
    source: Mapped[str] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[UtcTime | None]
    ended_by: Mapped[str | None] = mapped_column(String(120))
    ended_why: Mapped[str | None] = mapped_column(Text)

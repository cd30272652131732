"""What measuring keeps: terms that applied, and what was known before it was corrected."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, CustomerId, Id, Money, PurchaseId, UtcTime
from flows.store.types import Word
from segments import names


class Terms(Base):
    """What policy.yaml says of costs, judging and the house's share of holdout, from a day on."""

    __tablename__ = "terms"
    id: Mapped[Id]
    since: Mapped[UtcTime]
    costs: Mapped[dict[str, Any]]
    measure: Mapped[dict[str, Any]]
    holdout: Mapped[float]


class PurchaseCorrection(Base):
    """An order that was changed after it was known, twice: as it was (1), and as it became (-1).

    Whoever asks what was known before `corrected_at` adds both to the order of today: what came in
    afterwards cancels out.
    """

    __tablename__ = "purchase_correction"
    __table_args__ = (Index(None, "customer_id", "ordered_at"),)
    id: Mapped[Id]
    purchase_id: Mapped[PurchaseId]
    sign: Mapped[int]
    corrected_at: Mapped[UtcTime]
    seen_at: Mapped[UtcTime | None]
    customer_id: Mapped[CustomerId]
    ordered_at: Mapped[UtcTime]
    kind: Mapped[str] = mapped_column(Word(names.OrderKind))
    cancelled_at: Mapped[UtcTime | None]
    total: Mapped[Money]
    list_total: Mapped[Money | None]
    cost: Mapped[Money | None]


class ComplaintCorrection(Base):
    """A complaint told to be of another day or customer than before: as it was (1), and as it
    became (-1), like a `PurchaseCorrection`."""

    __tablename__ = "complaint_correction"
    id: Mapped[Id]
    complaint_id: Mapped[int] = mapped_column(BigInt, ForeignKey("complaint.id"))
    sign: Mapped[int]
    corrected_at: Mapped[UtcTime]
    seen_at: Mapped[UtcTime | None]
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    opened_at: Mapped[UtcTime]

"""How customers moved in the matrix of today's revenue and potential."""

from typing import Annotated

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, CustomerId, Id, UtcTime
from flows.store.types import Word
from segments import names

# Not checked, as in `PhaseChange`: a plan makes its run in the same breath.
OfRun = Annotated[int, mapped_column(BigInt)]


class QuadrantChange(Base):
    """A customer moved from one field of the matrix to another; being seen first is no move."""

    __tablename__ = "quadrant_change"
    __table_args__ = (UniqueConstraint("customer_id", "at"),)
    id: Mapped[Id]
    customer_id: Mapped[CustomerId]
    at: Mapped[UtcTime]
    before: Mapped[str | None] = mapped_column(Word(names.Quadrant))
    after: Mapped[str | None] = mapped_column(Word(names.Quadrant))
    run_id: Mapped[OfRun]

"""What the processes that share one planning run know of one another."""

from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import Base, BigInt, RunId


class Part(Base):
    """Customers a run has decided, written in the very transaction that decided them."""

    __tablename__ = "part"
    run_id: Mapped[RunId] = mapped_column(primary_key=True)
    first_customer: Mapped[int] = mapped_column(BigInt, primary_key=True)
    last_customer: Mapped[int] = mapped_column(BigInt)
    counts: Mapped[dict[str, Any]]
    left_out: Mapped[dict[str, Any]]

"""What all tables share: column types by meaning, and names of constraints."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Integer,
    MetaData,
    String,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column

from flows.store.types import Utc

BigInt = BigInteger().with_variant(Integer(), "sqlite")

Id = Annotated[int, mapped_column(BigInt, primary_key=True)]
Key = Annotated[str, mapped_column(String(120))]
Name = Annotated[str, mapped_column(String(200))]
Money = Annotated[int, mapped_column(BigInteger)]
UtcTime = Annotated[datetime, mapped_column(Utc)]
CustomerId = Annotated[int, mapped_column(BigInt, ForeignKey("customer.id"))]
ContactId = Annotated[int, mapped_column(BigInt, ForeignKey("contact.id"))]
PurchaseId = Annotated[int, mapped_column(BigInt, ForeignKey("purchase.id"))]
EnrollmentId = Annotated[int, mapped_column(BigInt, ForeignKey("enrollment.id"))]
RunId = Annotated[int, mapped_column(BigInt, ForeignKey("run.id"))]


class Base(DeclarativeBase):
    """Parent of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {dict[str, Any]: JSON}

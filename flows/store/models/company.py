"""The company as its own data tell: customers, people, products, purchases, complaints."""

from sqlalchemy import (
    Float,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import (
    Base,
    BigInt,
    ContactId,
    CustomerId,
    Id,
    Key,
    Money,
    Name,
    PurchaseId,
    UtcTime,
)
from flows.store.types import Word
from segments import names


class Owner(Base):
    """Our colleague responsible for customers, as written in owners.yaml."""

    __tablename__ = "owner"
    key: Mapped[Key] = mapped_column(primary_key=True)
    name: Mapped[Name]
    position: Mapped[str | None] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(320))
    phone: Mapped[str | None] = mapped_column(String(60))


class Customer(Base):
    """The company or household that buys."""

    __tablename__ = "customer"
    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    name: Mapped[str | None] = mapped_column(String(300))
    country: Mapped[str | None] = mapped_column(String(60))
    locale: Mapped[str | None] = mapped_column(Word(names.Locale))
    industry: Mapped[str | None] = mapped_column(String(200))
    owner: Mapped[str | None] = mapped_column(String(120))
    since: Mapped[UtcTime | None]
    state: Mapped[str | None] = mapped_column(String(60))
    contract_end: Mapped[UtcTime | None]
    phase: Mapped[str | None] = mapped_column(Word(names.Phase))
    phase_since: Mapped[UtcTime | None]
    quadrant: Mapped[str | None] = mapped_column(Word(names.Quadrant))


class Contact(Base):
    """A person at a customer."""

    __tablename__ = "contact"
    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    email: Mapped[str | None] = mapped_column(String(320), index=True)
    salutation: Mapped[str | None] = mapped_column(Word(names.Salutation))
    title: Mapped[str | None] = mapped_column(String(60))
    first_name: Mapped[str | None] = mapped_column(String(200))
    last_name: Mapped[str | None] = mapped_column(String(200))
    role: Mapped[str | None] = mapped_column(Word(names.Role))
    locale: Mapped[str | None] = mapped_column(Word(names.Locale))
    zone: Mapped[str | None] = mapped_column(String(60))


class SalesLock(Base):
    """A negotiation is under way: no advertising to this customer until it ends."""

    __tablename__ = "sales_lock"
    __table_args__ = (UniqueConstraint("customer_id", "source"),)
    id: Mapped[Id]
    customer_id: Mapped[CustomerId]
    since: Mapped[UtcTime]
    until: Mapped[UtcTime]
    source: Mapped[str] = mapped_column(String(60))
    note: Mapped[str | None] = mapped_column(Text)


class Product(Base):
    """An article."""

    __tablename__ = "product"
    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    name: Mapped[str | None] = mapped_column(String(300))
    category: Mapped[str | None] = mapped_column(String(200))
    list_price: Mapped[Money | None]
    unit_cost: Mapped[Money | None]
    fact: Mapped[str | None] = mapped_column(Text)


class Purchase(Base):
    """An order, or a credit note that gives one back (its total is negative)."""

    __tablename__ = "purchase"
    __table_args__ = (Index(None, "customer_id", "ordered_at"),)
    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    customer_id: Mapped[CustomerId]
    contact_id: Mapped[ContactId | None]
    ordered_at: Mapped[UtcTime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(Word(names.OrderKind))
    credit_of: Mapped[str | None] = mapped_column(String(120))
    credit_of_id: Mapped[PurchaseId | None] = mapped_column(index=True)
    cancelled_at: Mapped[UtcTime | None]
    delivered_at: Mapped[UtcTime | None]
    currency: Mapped[str] = mapped_column(String(3))
    total: Mapped[Money]
    list_total: Mapped[Money | None]
    cost: Mapped[Money | None]
    category: Mapped[str | None] = mapped_column(String(200))
    seen_at: Mapped[UtcTime | None]


class PurchaseLine(Base):
    """One line of an order."""

    __tablename__ = "purchase_line"
    __table_args__ = (UniqueConstraint("purchase_id", "line"),)
    id: Mapped[Id]
    purchase_id: Mapped[PurchaseId]
    line: Mapped[int]
    product_id: Mapped[int | None] = mapped_column(BigInt, ForeignKey("product.id"))
    quantity: Mapped[float] = mapped_column(Float)
    amount: Mapped[Money]
    list_price: Mapped[Money | None]
    unit_cost: Mapped[Money | None]


class Complaint(Base):
    """Something went wrong, and until when."""

    __tablename__ = "complaint"
    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    customer_id: Mapped[CustomerId] = mapped_column(index=True)
    purchase_id: Mapped[PurchaseId | None]
    opened_at: Mapped[UtcTime]
    closed_at: Mapped[UtcTime | None]
    about: Mapped[str | None] = mapped_column(Text)
    seen_at: Mapped[UtcTime | None]


class Interaction(Base):
    """A call, visit, letter or meeting: the history of contacts beside our messages."""

    __tablename__ = "interaction"
    __table_args__ = (Index(None, "customer_id", "at"),)
    id: Mapped[Id]
    key: Mapped[Key] = mapped_column(unique=True)
    customer_id: Mapped[CustomerId]
    contact_id: Mapped[ContactId | None]
    at: Mapped[UtcTime]
    channel: Mapped[str] = mapped_column(Word(names.Channel))
    direction: Mapped[str | None] = mapped_column(Word(names.Direction))
    mood: Mapped[str | None] = mapped_column(Word(names.Mood))
    note: Mapped[str | None] = mapped_column(Text)


class Permission(Base):
    """What a contact said, or the law grants, about being written to, with its proof."""

    __tablename__ = "permission"
    __table_args__ = (UniqueConstraint("contact_id", "kind", "purpose", "at"),)
    id: Mapped[Id]
    contact_id: Mapped[ContactId]
    kind: Mapped[str] = mapped_column(Word(names.PermissionKind))
    purpose: Mapped[str] = mapped_column(Word(names.Purpose))
    at: Mapped[UtcTime]
    ended_at: Mapped[UtcTime | None]
    purchase_id: Mapped[PurchaseId | None]
    category: Mapped[str | None] = mapped_column(String(200))
    notice: Mapped[str | None] = mapped_column(Text)
    collected_at: Mapped[UtcTime | None]
    requested_at: Mapped[UtcTime | None]
    confirmed_at: Mapped[UtcTime | None]
    source: Mapped[str | None] = mapped_column(Text)
    text_version: Mapped[str | None] = mapped_column(Text)
    proof: Mapped[str | None] = mapped_column(Text)

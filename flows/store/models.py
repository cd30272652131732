"""The tables, typed. Money is integer minor units, time is UTC, words are stored as written."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from flows.store.types import Utc, Word
from segments import names

_BigInt = BigInteger().with_variant(Integer(), "sqlite")

Id = Annotated[int, mapped_column(_BigInt, primary_key=True)]
Key = Annotated[str, mapped_column(String(120))]
Name = Annotated[str, mapped_column(String(200))]
Money = Annotated[int, mapped_column(BigInteger)]
UtcTime = Annotated[datetime, mapped_column(Utc)]
CustomerId = Annotated[int, mapped_column(_BigInt, ForeignKey("customer.id"))]
ContactId = Annotated[int, mapped_column(_BigInt, ForeignKey("contact.id"))]
PurchaseId = Annotated[int, mapped_column(_BigInt, ForeignKey("purchase.id"))]
EnrollmentId = Annotated[int, mapped_column(_BigInt, ForeignKey("enrollment.id"))]
RunId = Annotated[int, mapped_column(_BigInt, ForeignKey("run.id"))]


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


class Run(Base):
    """One run of one stage: what it was asked and what it counted."""

    __tablename__ = "run"
    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(30))
    as_of: Mapped[UtcTime]
    started_at: Mapped[UtcTime]
    ended_at: Mapped[UtcTime | None]
    failed: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SourceState(Base):
    """How far each source table has been read."""

    __tablename__ = "source_state"
    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    watermark: Mapped[str | None] = mapped_column(String(60))
    read_at: Mapped[UtcTime]
    rows: Mapped[int]


class Reject(Base):
    """A row that did not come in, where it stands and why."""

    __tablename__ = "reject"
    __table_args__ = (UniqueConstraint("source", "place", "row", "column"),)
    id: Mapped[Id]
    run_id: Mapped[RunId]
    source: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(400))
    row: Mapped[int] = mapped_column(_BigInt)
    column: Mapped[str] = mapped_column(String(120))
    value: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


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


class PurchaseLine(Base):
    """One line of an order."""

    __tablename__ = "purchase_line"
    __table_args__ = (UniqueConstraint("purchase_id", "line"),)
    id: Mapped[Id]
    purchase_id: Mapped[PurchaseId]
    line: Mapped[int]
    product_id: Mapped[int | None] = mapped_column(_BigInt, ForeignKey("product.id"))
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
    proof: Mapped[str | None] = mapped_column(Text)


class Suppression(Base):
    """An address that must not be written to; `purpose` empty means: for nothing at all."""

    __tablename__ = "suppression"
    __table_args__ = (UniqueConstraint("email", "reason"),)
    id: Mapped[Id]
    email: Mapped[str] = mapped_column(String(320), index=True)
    purpose: Mapped[str | None] = mapped_column(Word(names.Purpose))
    reason: Mapped[str] = mapped_column(Word(names.SuppressionReason))
    at: Mapped[UtcTime]
    source: Mapped[str] = mapped_column(String(120))


class JourneyVersion(Base):
    """A journey as it was written when somebody entered it."""

    __tablename__ = "journey_version"
    __table_args__ = (UniqueConstraint("journey", "version"),)
    id: Mapped[Id]
    journey: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(16))
    spec: Mapped[dict[str, Any]]
    started_at: Mapped[UtcTime]


class Enrollment(Base):
    """One customer travelling one version of one journey for one reason."""

    __tablename__ = "enrollment"
    __table_args__ = (
        UniqueConstraint("customer_id", "journey", "entry_key"),
        Index(None, "status", "customer_id"),
    )
    id: Mapped[Id]
    customer_id: Mapped[CustomerId]
    journey: Mapped[str] = mapped_column(String(60), index=True)
    version: Mapped[str] = mapped_column(String(16))
    entry_key: Mapped[Key]
    arm: Mapped[str] = mapped_column(Word(names.Arm))
    status: Mapped[str] = mapped_column(Word(names.EnrollmentStatus))
    reason: Mapped[str | None] = mapped_column(Word(names.LeaveReason))
    node: Mapped[str] = mapped_column(String(120))
    arrived_at: Mapped[UtcTime]
    due_at: Mapped[UtcTime]
    anchor_at: Mapped[UtcTime]
    entered_at: Mapped[UtcTime]
    left_at: Mapped[UtcTime | None]
    first_touch_at: Mapped[UtcTime | None]
    goal_at: Mapped[UtcTime | None]
    purchase_id: Mapped[PurchaseId | None]
    run_id: Mapped[RunId]


class TemplateVersion(Base):
    """Everything needed to render a message again: its sources, stored once per content."""

    __tablename__ = "template_version"
    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    message: Mapped[str] = mapped_column(String(60))
    locale: Mapped[str] = mapped_column(Word(names.Locale))
    sources: Mapped[bytes] = mapped_column(LargeBinary)


class Send(Base):
    """One message owed to one contact by one step; written before any provider is called."""

    __tablename__ = "send"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "step", "contact_id", "occurrence"),
        Index(
            "uq_send_without_contact",
            "enrollment_id",
            "step",
            "occurrence",
            unique=True,
            sqlite_where=text("contact_id IS NULL"),
            postgresql_where=text("contact_id IS NULL"),
        ),
        Index(None, "outcome", "priority", "due_at", "id"),
        Index(None, "customer_id", "decided_at"),
    )
    id: Mapped[Id]
    enrollment_id: Mapped[EnrollmentId]
    customer_id: Mapped[CustomerId]
    contact_id: Mapped[ContactId | None]
    journey: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(120))
    occurrence: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(Word(names.Purpose))
    basis: Mapped[str | None] = mapped_column(Word(names.Basis))
    priority: Mapped[int]
    outcome: Mapped[str] = mapped_column(Word(names.Outcome))
    reason: Mapped[str | None] = mapped_column(Word(names.SkipReason))
    outranked_by: Mapped[str | None] = mapped_column(String(60))
    due_at: Mapped[UtcTime]
    valid_until: Mapped[UtcTime]
    decided_at: Mapped[UtcTime]
    run_id: Mapped[RunId]
    request_id: Mapped[str | None] = mapped_column(String(40), index=True)
    claimed_at: Mapped[UtcTime | None]
    handed_over_at: Mapped[UtcTime | None]
    locale: Mapped[str | None] = mapped_column(Word(names.Locale))
    template_version: Mapped[str | None] = mapped_column(ForeignKey("template_version.version"))
    context: Mapped[dict[str, Any] | None]
    provider_id: Mapped[str | None] = mapped_column(String(200))
    detail: Mapped[str | None] = mapped_column(Text)


class Response(Base):
    """What came back. `key` makes a repeated delivery of the same event harmless."""

    __tablename__ = "response"
    __table_args__ = (Index(None, "send_id"),)
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    send_id: Mapped[int | None] = mapped_column(_BigInt, ForeignKey("send.id"))
    kind: Mapped[str] = mapped_column(Word(names.ResponseKind))
    at: Mapped[UtcTime]
    purchase_id: Mapped[PurchaseId | None]
    detail: Mapped[dict[str, Any] | None]


class Task(Base):
    """A measure assigned to a colleague."""

    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("enrollment_id", "step"),)
    id: Mapped[Id]
    enrollment_id: Mapped[EnrollmentId]
    customer_id: Mapped[CustomerId]
    owner: Mapped[str | None] = mapped_column(String(120))
    step: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(Word(names.TaskKind))
    about: Mapped[str] = mapped_column(String(200))
    due_at: Mapped[UtcTime]
    status: Mapped[str] = mapped_column(Word(names.TaskStatus))
    run_id: Mapped[RunId]


class PhaseChange(Base):
    """A customer moved from one phase of the relationship to another."""

    __tablename__ = "phase_change"
    __table_args__ = (UniqueConstraint("customer_id", "at"),)
    id: Mapped[Id]
    customer_id: Mapped[CustomerId]
    at: Mapped[UtcTime]
    before: Mapped[str | None] = mapped_column(Word(names.Phase))
    after: Mapped[str] = mapped_column(Word(names.Phase))
    run_id: Mapped[RunId]


class SegmentMember(Base):
    """Who was in a segment at the last plan; only for segments that start a journey."""

    __tablename__ = "segment_member"
    segment: Mapped[str] = mapped_column(String(60), primary_key=True)
    customer_id: Mapped[CustomerId] = mapped_column(primary_key=True)


class SegmentFill(Base):
    """Segments whose members have been noted, and by which rule; a changed rule starts anew."""

    __tablename__ = "segment_fill"
    segment: Mapped[str] = mapped_column(String(60), primary_key=True)
    rule: Mapped[str] = mapped_column(Text)
    filled_at: Mapped[UtcTime]

"""The contact log: what was decided, sent and answered, and the runs that did it."""

from typing import Annotated, Any

from sqlalchemy import (
    BigInteger,
    Float,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from flows.store.models.base import (
    Base,
    BigInt,
    ContactId,
    CustomerId,
    EnrollmentId,
    Id,
    Key,
    PurchaseId,
    RunId,
    UtcTime,
)
from flows.store.types import Word
from segments import names

# A plan writes hundreds of thousands of rows, and checking a foreign key costs PostgreSQL as much
# as storing the row. These are not checked: a plan reads the customer and makes the run in the same
# breath, and a send's enrollment, which is checked, belongs to the customer; whoever claims a send
# keeps its template just before. Responses come in thousands, too: whoever writes them has asked
# which sends there are, and no send is ever deleted.
OfRun = Annotated[int, mapped_column(BigInt)]
OfCustomer = Annotated[int, mapped_column(BigInt)]
OfSend = Annotated[int, mapped_column(BigInt)]
OfTemplate = Annotated[str, mapped_column(String(32))]


class Run(Base):
    """One run of one stage: what it was asked and what it counted."""

    __tablename__ = "run"
    __table_args__ = (Index(None, "kind", "id"),)
    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(30))
    as_of: Mapped[UtcTime]
    started_at: Mapped[UtcTime]
    ended_at: Mapped[UtcTime | None]
    failed: Mapped[str | None] = mapped_column(Text)
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class SourceState(Base):
    """How far each source table has been read, and which file was kept in full."""

    __tablename__ = "source_state"
    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    watermark: Mapped[str | None] = mapped_column(String(60))
    fingerprint: Mapped[str | None] = mapped_column(String(40))
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
    row: Mapped[int] = mapped_column(BigInt)
    column: Mapped[str] = mapped_column(String(120))
    value: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


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
    marked_at: Mapped[UtcTime | None]
    flags: Mapped[str | None] = mapped_column(Text)
    purchase_id: Mapped[PurchaseId | None]
    run_id: Mapped[OfRun]
    # How the comparison began, written once: a later version of the journey changes none of it.
    outcome_seconds: Mapped[int | None] = mapped_column(BigInteger)
    drawn_share: Mapped[float | None] = mapped_column(Float)
    kept_out: Mapped[bool | None]
    phase: Mapped[str | None] = mapped_column(Word(names.Phase))
    quadrant: Mapped[str | None] = mapped_column(Word(names.Quadrant))
    variants: Mapped[str | None] = mapped_column(Text)


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
        # Only of what waits and of what is under way: every other index a send is in costs an entry
        # each time it moves on.
        Index(
            "ix_send_queued",
            "priority",
            "not_before",
            "id",
            sqlite_where=text("outcome = 'queued'"),
            postgresql_where=text("outcome = 'queued'"),
        ),
        Index(
            "ix_send_claimed",
            "lease_until",
            sqlite_where=text("outcome = 'claimed'"),
            postgresql_where=text("outcome = 'claimed'"),
        ),
        Index(None, "customer_id", "decided_at"),
        Index(
            None,
            "journey",
            "outlet",
            "outcome",
            "handed_over_at",
            sqlite_where=text("handed_over_at IS NOT NULL"),
            postgresql_where=text("handed_over_at IS NOT NULL"),
        ),
    )
    id: Mapped[Id]
    enrollment_id: Mapped[EnrollmentId]
    customer_id: Mapped[OfCustomer]
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
    why: Mapped[str | None] = mapped_column(String(200))
    review: Mapped[str | None] = mapped_column(Word(names.Review))
    due_at: Mapped[UtcTime]
    not_before: Mapped[UtcTime]
    valid_until: Mapped[UtcTime]
    decided_at: Mapped[UtcTime]
    run_id: Mapped[OfRun]
    outlet: Mapped[str | None] = mapped_column(String(60))
    claim_id: Mapped[str | None] = mapped_column(String(40))
    claimed_at: Mapped[UtcTime | None]
    lease_until: Mapped[UtcTime | None]
    request_id: Mapped[str | None] = mapped_column(String(40))
    batch_id: Mapped[str | None] = mapped_column(String(100))
    send_at: Mapped[UtcTime | None]
    handed_over_at: Mapped[UtcTime | None]
    locale: Mapped[str | None] = mapped_column(Word(names.Locale))
    template_version: Mapped[OfTemplate | None]
    context: Mapped[str | None] = mapped_column(Text)
    provider_id: Mapped[str | None] = mapped_column(String(200))
    detail: Mapped[str | None] = mapped_column(Text)


class Response(Base):
    """What came back. `key` makes a repeated delivery of the same event harmless.

    `at` is when it happened, `seen_at` when it became known (empty: at once).
    """

    __tablename__ = "response"
    __table_args__ = (
        Index(None, "send_id"),
        Index(
            "ix_response_complaint",
            "send_id",
            sqlite_where=text("kind = 'complaint'"),
            postgresql_where=text("kind = 'complaint'"),
        ),
    )
    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(200), unique=True)
    send_id: Mapped[OfSend | None]
    kind: Mapped[str] = mapped_column(Word(names.ResponseKind))
    at: Mapped[UtcTime]
    purchase_id: Mapped[PurchaseId | None]
    score: Mapped[int | None]
    detail: Mapped[dict[str, Any] | None]
    seen_at: Mapped[UtcTime | None]


class ManualEntry(Base):
    """Somebody was put into a journey by hand; `key` makes a repeated list harmless."""

    __tablename__ = "manual_entry"
    __table_args__ = (UniqueConstraint("journey", "customer_id", "key"),)
    id: Mapped[Id]
    journey: Mapped[str] = mapped_column(String(60))
    customer_id: Mapped[CustomerId]
    key: Mapped[Key]
    at: Mapped[UtcTime]


class Ledger(Base):
    """Every decision of one run about one range of customers, as one packed block."""

    __tablename__ = "ledger"
    __table_args__ = (UniqueConstraint("run_id", "first_customer"),)
    id: Mapped[Id]
    run_id: Mapped[RunId]
    decided_at: Mapped[UtcTime]
    first_customer: Mapped[int] = mapped_column(BigInt)
    last_customer: Mapped[int] = mapped_column(BigInt)
    rows: Mapped[int]
    block: Mapped[bytes] = mapped_column(LargeBinary)


class PhaseChange(Base):
    """A customer moved from one phase of the relationship to another."""

    __tablename__ = "phase_change"
    __table_args__ = (UniqueConstraint("customer_id", "at"),)
    id: Mapped[Id]
    customer_id: Mapped[CustomerId]
    at: Mapped[UtcTime]
    before: Mapped[str | None] = mapped_column(Word(names.Phase))
    after: Mapped[str] = mapped_column(Word(names.Phase))
    run_id: Mapped[OfRun]


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

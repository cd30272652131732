"""Who must not be written to: barred by events, lists and people alike, and lifted by hand."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base
from flows.store.models.suppression import key_of
from segments.names import Purpose, SuppressionReason

_suppression = Base.metadata.tables["suppression"]

_AT_ONCE = 1_000
_LONGEST = 120


@dataclass(frozen=True)
class Bar:
    """What is to be suppressed: one address, contact or customer, for a purpose or everything.

    source  where it comes from, such as "send 12", "list sendgrid bounces" or "cli"
    note    what somebody has to say about it
    """

    reason: SuppressionReason
    source: str
    at: datetime
    email: str | None = None
    email_hash: str | None = None
    contact_id: int | None = None
    customer_id: int | None = None
    purpose: Purpose | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        named = (self.email, self.email_hash, self.contact_id, self.customer_id)
        if sum(each is not None for each in named) != 1:
            raise ValueError("a suppression names an address, a contact or a customer")


def suppress(
    connection: Connection,
    *,
    reason: SuppressionReason,
    source: str,
    at: datetime,
    email: str | None = None,
    contact_id: int | None = None,
    customer_id: int | None = None,
    purpose: Purpose | None = None,
    note: str | None = None,
) -> bool:
    """Bar an address, a contact or a customer; whether that was new. Without purpose: from all.

    It holds from the next claim on. Repeating it changes nothing.
    """
    bar = Bar(
        reason,
        source,
        at,
        email=email,
        contact_id=contact_id,
        customer_id=customer_id,
        purpose=purpose,
        note=note,
    )
    return suppress_all(connection, [bar]) > 0


def suppress_all(connection: Connection, rows: Iterable[Bar]) -> int:
    """The same for many; how many of them are new.

    Any order and any repetition end the same: the earliest word counts. What somebody lifted stays
    lifted for word from before that moment.
    """
    wanted: dict[str, dict[str, Any]] = {}
    for bar in rows:
        row = _row(bar)
        known = wanted.get(row["key"])
        if known is None or (row["at"], row["source"]) < (known["at"], known["source"]):
            wanted[row["key"]] = row
    # In order, so that two who write the same ones do not wait for each other.
    keys = sorted(wanted)
    new = 0
    for start in range(0, len(keys), _AT_ONCE):
        new += _write(connection, [wanted[key] for key in keys[start : start + _AT_ONCE]])
    return new


def lift(connection: Connection, ids: Collection[int], at: datetime, *, by: str, why: str) -> int:
    """End suppressions that stand, with who did it and why; how many. The rows stay."""
    return connection.execute(
        update(_suppression)
        .where(_suppression.c.id.in_(ids), _suppression.c.ended_at.is_(None))
        .values(ended_at=at, ended_by=by[:_LONGEST], ended_why=why)
    ).rowcount


def lift_own(
    connection: Connection,
    contact_id: int,
    email: str | None,
    purposes: Collection[str],
    asked_at: datetime,
    at: datetime,
) -> int:
    """Whoever unsubscribed and asked again since has taken the first back; how many are lifted."""
    theirs = [_suppression.c.contact_id == contact_id]
    if email:
        theirs.append(_suppression.c.email == clean_address(email))
    ids = connection.scalars(
        select(_suppression.c.id).where(
            or_(*theirs),
            _suppression.c.reason == SuppressionReason.UNSUBSCRIBE,
            _suppression.c.purpose.in_(purposes),
            _suppression.c.at <= asked_at,
            _suppression.c.ended_at.is_(None),
        )
    ).all()
    return lift(connection, ids, at, by="contact", why="asked for it again and confirmed it")


def clean_address(email: str) -> str:
    """An address as it is compared."""
    return email.strip().lower()[:320]


def standing(now: Any) -> ColumnElement[bool]:
    """A suppression that holds at a moment: begun by then, and not lifted."""
    ended = _suppression.c.ended_at
    return and_(_suppression.c.at <= now, or_(ended.is_(None), ended > now))


def _row(bar: Bar) -> dict[str, Any]:
    row = asdict(bar) | {"source": bar.source[:_LONGEST]}
    if bar.email is not None:
        row["email"] = clean_address(bar.email)
    return row | {"key": key_of(row)}


def _write(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    keys = [row["key"] for row in rows]
    last = func.max(_suppression.c.ended_at, type_=_suppression.c.ended_at.type)
    over = (
        select(_suppression.c.key, last)
        .where(_suppression.c.key.in_(keys), _suppression.c.ended_at.is_not(None))
        .group_by(_suppression.c.key)
    )
    lifted = {key: ended for key, ended in connection.execute(over)}  # noqa: C416 - typed rows
    rows = [row for row in rows if not (row["key"] in lifted and row["at"] <= lifted[row["key"]])]
    if not rows:
        return 0
    there = set(
        connection.scalars(
            select(_suppression.c.key).where(
                _suppression.c.key.in_(keys), _suppression.c.ended_at.is_(None)
            )
        )
    )
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    statement = insert(_suppression)
    fresh = statement.excluded
    earlier = or_(
        fresh.at < _suppression.c.at,
        and_(fresh.at == _suppression.c.at, fresh.source < _suppression.c.source),
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            index_where=text("ended_at IS NULL"),
            set_={
                "at": fresh.at,
                "source": fresh.source,
                "note": func.coalesce(fresh.note, _suppression.c.note),
            },
            where=earlier,
        ),
        rows,
    )
    return sum(row["key"] not in there for row in rows)

"""What came in differently than it was known: both are kept, to answer for the past."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, exists, insert, literal, or_, select

from flows.store.load_stage import BEFORE, STAGES, holds, measure, note_filled
from flows.store.models import Complaint, ComplaintCorrection, Purchase, PurchaseCorrection

_FIGURES = ("customer_id", "ordered_at", "kind", "cancelled_at", "total", "list_total", "cost")
"""What of an order an effect follows from."""

_KEPT = ("purchase_id", *_FIGURES, "seen_at")


def remember_orders(connection: Connection) -> None:
    """Put aside those that staged rows are about, as they are; `note_corrections` compares."""
    staged = [
        exists().where(stage.c.order == Purchase.key)
        for stage in (STAGES["orders"], STAGES["order_lines"])
        if holds(connection, stage)
    ]
    if not staged or connection.execute(select(Purchase.id).limit(1)).first() is None:
        return
    rows = select(Purchase.id, *(getattr(Purchase, name) for name in _KEPT[1:]))
    connection.execute(insert(BEFORE).from_select(_KEPT, rows.where(or_(*staged))))
    note_filled(connection, BEFORE)
    measure(connection, BEFORE)


def note_corrections(connection: Connection, now: datetime) -> None:
    """Keep what has changed about orders, as it was and as it became: see `PurchaseCorrection`."""
    if not holds(connection, BEFORE):
        return
    differs = or_(*(getattr(Purchase, name).is_distinct_from(BEFORE.c[name]) for name in _FIGURES))
    target = PurchaseCorrection.__table__.c
    for sign, side in ((1, BEFORE.c), (-1, Purchase.__table__.c)):
        rows = (
            select(
                literal(sign, target.sign.type),
                literal(now, target.corrected_at.type),
                BEFORE.c.purchase_id,
                BEFORE.c.seen_at,
                *(side[name] for name in _FIGURES),
            )
            .select_from(BEFORE)
            .join(Purchase, Purchase.id == BEFORE.c.purchase_id)
            .where(differs)
            .order_by(BEFORE.c.purchase_id)
        )
        names = ["sign", "corrected_at", "purchase_id", "seen_at", *_FIGURES]
        connection.execute(insert(PurchaseCorrection).from_select(names, rows))


def note_moved_complaints(connection: Connection, told: Select[Any], now: datetime) -> None:
    """Keep complaints `told` to be of another day or customer, before they are written over."""
    new, known = told.subquery(), Complaint.__table__.c
    target = ComplaintCorrection.__table__.c
    differs = or_(
        known.opened_at.is_distinct_from(new.c.opened_at),
        known.customer_id.is_distinct_from(new.c.customer_id),
    )
    for sign, side in ((1, known), (-1, new.c)):
        rows = (
            select(
                literal(sign, target.sign.type),
                literal(now, target.corrected_at.type),
                known.id,
                known.seen_at,
                side.customer_id,
                side.opened_at,
            )
            .join_from(Complaint, new, known.key == new.c.key)
            .where(differs)
            .order_by(known.id)
        )
        names = ["sign", "corrected_at", "complaint_id", "seen_at", "customer_id", "opened_at"]
        connection.execute(insert(ComplaintCorrection).from_select(names, rows))

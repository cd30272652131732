"""Staged lists of whom not to write to become suppressions, which no list ever lifts."""

from datetime import datetime

from sqlalchemy import Connection, select

from flows.store.load_stage import STAGES, holds
from flows.store.load_upsert import Counts
from flows.store.models import Contact, Customer
from flows.store.suppressing import Bar, suppress_all
from segments.names import Purpose, SuppressionReason

_SOURCE = "list of sources.yaml"


def merge_suppressions(connection: Connection, now: datetime) -> Counts:
    """Bar whom the company's lists name: an address, a person, a customer, or several at once."""
    stage = STAGES["suppressions"]
    if not holds(connection, stage):
        return Counts()
    rows = connection.execute(
        select(
            stage.c.email,
            Contact.id.label("contact_id"),
            Customer.id.label("customer_id"),
            stage.c.purpose,
            stage.c.reason,
            stage.c.at,
            stage.c.note,
        )
        .outerjoin(Contact, Contact.key == stage.c.contact)
        .outerjoin(Customer, Customer.key == stage.c.customer)
        .order_by(stage.c.row)
    )
    bars = [
        Bar(
            SuppressionReason(row.reason or SuppressionReason.MANUAL),
            _SOURCE,
            row.at or now,
            **{scope: value},
            purpose=Purpose(row.purpose) if row.purpose else None,
            note=row.note,
        )
        for row in rows
        for scope in ("email", "contact_id", "customer_id")
        if (value := getattr(row, scope)) is not None
    ]
    return Counts(new=suppress_all(connection, bars))

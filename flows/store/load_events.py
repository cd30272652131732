"""Staged complaints, interactions, results of tasks and permissions go into the store."""

from datetime import datetime

from sqlalchemy import Connection, literal, select

from flows.store.load_corrections import note_moved_complaints
from flows.store.load_stage import STAGES, holds
from flows.store.load_upsert import Counts, upsert
from flows.store.models import Complaint, Contact, Customer, Interaction, Permission, Purchase
from flows.store.tasks import TaskResult, finish
from segments.names import Mood, TaskOutcome


def merge_complaints(connection: Connection, now: datetime) -> Counts:
    """Write complaints, with the order they are about where it is known."""
    stage_ = STAGES["complaints"]
    if not holds(connection, stage_):
        return Counts()
    rows = (
        select(
            stage_.c.complaint.label("key"),
            Customer.id.label("customer_id"),
            Purchase.id.label("purchase_id"),
            stage_.c.opened_at,
            stage_.c.closed_at,
            stage_.c.about,
            literal(now, stage_.c.opened_at.type).label("seen_at"),
        )
        .join(Customer, Customer.key == stage_.c.customer)
        .outerjoin(Purchase, Purchase.key == stage_.c.order)
        .order_by(stage_.c.row)
    )
    note_moved_complaints(connection, rows, now)
    return upsert(connection, Complaint, rows, ["key"], kept={"seen_at"})


def merge_interactions(connection: Connection) -> Counts:
    """Write calls, visits and letters."""
    stage_ = STAGES["interactions"]
    if not holds(connection, stage_):
        return Counts()
    rows = (
        select(
            stage_.c.interaction.label("key"),
            Customer.id.label("customer_id"),
            Contact.id.label("contact_id"),
            stage_.c.at,
            stage_.c.channel,
            stage_.c.direction,
            stage_.c.mood,
            stage_.c.note,
        )
        .join(Customer, Customer.key == stage_.c.customer)
        .outerjoin(Contact, Contact.key == stage_.c.contact)
        .order_by(stage_.c.row)
    )
    return upsert(connection, Interaction, rows, ["key"])


def merge_task_results(connection: Connection, now: datetime) -> Counts:
    """Close tasks that are open; those that are closed stay as they are."""
    stage_ = STAGES["task_results"]
    if not holds(connection, stage_):
        return Counts()
    rows = connection.execute(
        select(stage_.c.task, stage_.c.done_at, stage_.c.outcome, stage_.c.mood, stage_.c.note)
    )
    results = [
        TaskResult(
            int(row.task),
            row.done_at,
            TaskOutcome(row.outcome or TaskOutcome.REACHED),
            None if row.mood is None else Mood(row.mood),
            row.note,
        )
        for row in rows
    ]
    return Counts(finish(connection, results, now))


def merge_permissions(connection: Connection) -> Counts:
    """Write consents, objections and grounds, with the order a ground rests on where it is known.

    The same one twice is one: what was asked for and is confirmed by now stays one row.
    """
    stage_ = STAGES["permissions"]
    if not holds(connection, stage_):
        return Counts()
    rows = (
        select(
            Contact.id.label("contact_id"),
            stage_.c.kind,
            stage_.c.purpose,
            stage_.c.at,
            stage_.c.ended_at,
            Purchase.id.label("purchase_id"),
            *(stage_.c[name] for name in _OF_PERMISSIONS),
        )
        .join(Contact, Contact.key == stage_.c.contact)
        .outerjoin(Purchase, Purchase.key == stage_.c.order)
        .order_by(stage_.c.row)
    )
    # What was confirmed on our page stays so, though the company's own data do not know of it.
    return upsert(
        connection,
        Permission,
        rows,
        ["contact_id", "kind", "purpose", "at"],
        filled={"confirmed_at", "proof"},
    )


_OF_PERMISSIONS = (
    "category",
    "notice",
    "collected_at",
    "requested_at",
    "confirmed_at",
    "source",
    "text_version",
    "proof",
)

"""Everything that ever happened between us and one customer, in order of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from flows.store.models import (
    Complaint,
    Customer,
    Enrollment,
    Interaction,
    PhaseChange,
    Purchase,
    Response,
    Run,
    Send,
    Task,
)


@dataclass(frozen=True)
class Moment:
    """One thing that happened: when, what kind of thing, and its particulars by name."""

    at: datetime
    what: str
    about: dict[str, Any]


def customer_id(connection: Connection, key: str) -> int | None:
    """Our number of the customer whom the company calls so."""
    return connection.scalar(select(Customer.id).where(Customer.key == key))


def similar_keys(connection: Connection, key: str, most: int = 20) -> list[str]:
    """Customers whose number begins alike, to ask whether one of them was meant."""
    start = key[: max(len(key) - 2, 1)]
    statement = select(Customer.key).where(Customer.key.startswith(start, autoescape=True))
    return list(connection.scalars(statement.order_by(Customer.key).limit(most)))


def timeline(connection: Connection, customer: int, until: datetime) -> list[Moment]:
    """What happened up to then, the earliest first."""
    found = [
        Moment(row[column], what, _about(row, column))
        for what, column, statement in _questions(customer)
        for row in connection.execute(statement.order_by("id")).mappings()
        if row[column] is not None and row[column] <= until
    ]
    return sorted(found, key=lambda moment: moment.at)


def _about(row: Any, column: str) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if name not in ("id", column) and value is not None
    }


def _questions(customer: int) -> Iterator[tuple[str, str, Select[Any]]]:
    """What is called how, the column of its moment, and where it stands."""
    order = select(
        Purchase.id,
        Purchase.key.label("order"),
        Purchase.kind,
        Purchase.total,
        Purchase.currency,
        Purchase.category,
        Purchase.ordered_at,
        Purchase.cancelled_at,
        Purchase.delivered_at,
    ).where(Purchase.customer_id == customer)
    yield (
        "order",
        "ordered_at",
        order.with_only_columns(
            *(order.selected_columns[name] for name in ("id", "order", "kind", "total")),
            *(order.selected_columns[name] for name in ("currency", "category", "ordered_at")),
        ),
    )
    for what in ("cancelled", "delivered"):
        yield (
            what,
            f"{what}_at",
            order.with_only_columns(
                *(order.selected_columns[name] for name in ("id", "order", f"{what}_at"))
            ),
        )
    for what in ("opened", "closed"):
        yield (
            f"complaint {what}",
            f"{what}_at",
            select(
                Complaint.id, Complaint.key.label("complaint"), getattr(Complaint, f"{what}_at")
            ).where(Complaint.customer_id == customer),
        )
    yield (
        "contact",
        "at",
        select(
            Interaction.id,
            Interaction.channel,
            Interaction.direction,
            Interaction.mood,
            Interaction.at,
        ).where(Interaction.customer_id == customer),
    )
    for what, column in (("entered", Enrollment.entered_at), ("left", Enrollment.left_at)):
        about = [Enrollment.arm] if what == "entered" else [Enrollment.reason]
        yield (
            what,
            f"{what}_at",
            select(Enrollment.id, Enrollment.journey, Enrollment.entry_key, *about, column).where(
                Enrollment.customer_id == customer
            ),
        )
    decided = [Send.id, Send.id.label("send"), Send.journey, Send.message, Send.outcome]
    decided += [Send.reason, Send.why, Send.outranked_by]
    yield (
        "decided",
        "decided_at",
        select(*decided, Send.decided_at).where(Send.customer_id == customer),
    )
    yield (
        "handed over",
        "handed_over_at",
        select(Send.id, Send.id.label("send"), Send.message, Send.handed_over_at).where(
            Send.customer_id == customer
        ),
    )
    yield (
        "response",
        "at",
        select(Response.id, Response.kind, Response.score, Send.message, Response.at)
        .join(Send, Send.id == Response.send_id)
        .where(Send.customer_id == customer),
    )
    yield (
        "task",
        "as_of",
        select(Task.id, Task.kind, Task.owner, Task.about, Task.status, Task.due_at, Run.as_of)
        .join(Run, Run.id == Task.run_id)
        .where(Task.customer_id == customer),
    )
    yield (
        "task done",
        "done_at",
        select(Task.id, Task.kind, Task.owner, Task.done_at).where(Task.customer_id == customer),
    )
    yield (
        "phase",
        "at",
        select(PhaseChange.id, PhaseChange.before, PhaseChange.after, PhaseChange.at).where(
            PhaseChange.customer_id == customer
        ),
    )

"""Everything that ever happened between us and one customer, in order of time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, or_, select

from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Enrollment,
    Interaction,
    Permission,
    PhaseChange,
    Purchase,
    QuadrantChange,
    Response,
    Run,
    SalesLock,
    Send,
    Suppression,
    SurveyAnswer,
    Task,
)
from segments.names import TaskStatus


@dataclass(frozen=True)
class Moment:
    """One thing that happened: when, what kind of thing, and its particulars by name."""

    at: datetime
    what: str
    about: dict[str, Any]


@dataclass(frozen=True)
class Told:
    """One kind of thing a row tells: what it is called, the column of its moment, and the rest."""

    what: str
    at: str
    about: tuple[str, ...]


def customer_id(connection: Connection, key: str) -> int | None:
    """Our number of the customer whom the company calls so."""
    return connection.scalar(select(Customer.id).where(Customer.key == key))


def similar_keys(connection: Connection, key: str, most: int = 20) -> list[str]:
    """Customers whose number begins alike, to ask whether one of them was meant."""
    start = key[: max(len(key) - 2, 1)]
    statement = select(Customer.key).where(Customer.key.startswith(start, autoescape=True))
    return list(connection.scalars(statement.order_by(Customer.key).limit(most)))


def timeline(connection: Connection, customer: int, until: datetime) -> list[Moment]:
    """What happened up to then, the earliest first. Each table is asked once."""
    found = [
        Moment(row[told.at], told.what, _about(row, told.about))
        for question in _QUESTIONS
        for statement, kinds in question(customer)
        for row in connection.execute(statement).mappings()
        for told in kinds
        if row[told.at] is not None and row[told.at] <= until
    ]
    return sorted(found, key=lambda moment: moment.at)


def _about(row: Mapping[Any, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in names if row[name] is not None}


Question = tuple[Select[Any], tuple[Told, ...]]


def _orders(customer: int) -> Iterator[Question]:
    statement = (
        select(
            Purchase.key.label("order"),
            Purchase.kind,
            Purchase.total,
            Purchase.currency,
            Purchase.category,
            Purchase.ordered_at,
            Purchase.cancelled_at,
            Purchase.delivered_at,
        )
        .where(Purchase.customer_id == customer)
        .order_by(Purchase.id)
    )
    yield (
        statement,
        (
            Told("order", "ordered_at", ("order", "kind", "total", "currency", "category")),
            Told("cancelled", "cancelled_at", ("order",)),
            Told("delivered", "delivered_at", ("order",)),
        ),
    )


def _complaints(customer: int) -> Iterator[Question]:
    statement = (
        select(
            Complaint.key.label("complaint"),
            Complaint.about,
            Complaint.opened_at,
            Complaint.closed_at,
        )
        .where(Complaint.customer_id == customer)
        .order_by(Complaint.id)
    )
    yield (
        statement,
        (
            Told("complaint opened", "opened_at", ("complaint", "about")),
            Told("complaint closed", "closed_at", ("complaint",)),
        ),
    )


def _talks(customer: int) -> Iterator[Question]:
    statement = (
        select(
            Interaction.channel,
            Interaction.direction,
            Interaction.mood,
            Interaction.note,
            Interaction.at,
        )
        .where(Interaction.customer_id == customer)
        .order_by(Interaction.id)
    )
    yield statement, (Told("contact", "at", ("channel", "direction", "mood", "note")),)


def _enrollments(customer: int) -> Iterator[Question]:
    statement = (
        select(
            Enrollment.journey,
            Enrollment.entry_key,
            Enrollment.arm,
            Enrollment.reason,
            Enrollment.entered_at,
            Enrollment.left_at,
        )
        .where(Enrollment.customer_id == customer)
        .order_by(Enrollment.id)
    )
    yield (
        statement,
        (
            Told("entered", "entered_at", ("journey", "entry_key", "arm")),
            Told("left", "left_at", ("journey", "entry_key", "reason")),
        ),
    )


def _sends(customer: int) -> Iterator[Question]:
    statement = (
        select(
            Send.id.label("send"),
            Send.journey,
            Send.message,
            Send.outcome,
            Send.reason,
            Send.why,
            Send.outranked_by,
            Send.decided_at,
            Send.handed_over_at,
        )
        .where(Send.customer_id == customer)
        .order_by(Send.id)
    )
    decided = ("send", "journey", "message", "outcome", "reason", "why", "outranked_by")
    yield (
        statement,
        (
            Told("decided", "decided_at", decided),
            Told("handed over", "handed_over_at", ("send", "journey", "message", "outcome")),
        ),
    )


def _answers(customer: int) -> Iterator[Question]:
    yield (
        select(
            Response.kind,
            Response.detail["kind"].as_string().label("told"),
            Response.score,
            Send.id.label("send"),
            Send.message,
            Response.at,
        )
        .join(Send, Send.id == Response.send_id)
        .where(Send.customer_id == customer)
        .order_by(Response.id),
        (Told("response", "at", ("kind", "told", "score", "send", "message")),),
    )
    yield (
        select(SurveyAnswer.question, SurveyAnswer.answer, Send.message, SurveyAnswer.at)
        .join(Send, Send.id == SurveyAnswer.send_id)
        .where(Send.customer_id == customer)
        .order_by(SurveyAnswer.at, SurveyAnswer.question),
        (Told("answer", "at", ("question", "answer", "message")),),
    )


def _tasks(customer: int) -> Iterator[Question]:
    statement = (
        select(
            Task.id.label("task"),
            Task.kind,
            Task.owner,
            Task.about,
            Task.status,
            Task.due_at,
            Task.outcome,
            Task.note,
            Task.done_at,
            Task.escalated_at,
            case((Task.status == TaskStatus.CANCELLED, Task.changed_at)).label("cancelled_at"),
            Run.as_of,
        )
        .outerjoin(Run, Run.id == Task.run_id)
        .where(Task.customer_id == customer)
        .order_by(Task.id)
    )
    yield (
        statement,
        (
            Told("task", "as_of", ("task", "kind", "owner", "about", "status", "due_at")),
            Told("task done", "done_at", ("task", "kind", "owner", "outcome", "note")),
            Told("task cancelled", "cancelled_at", ("task", "kind", "owner", "note")),
            Told("task handed on", "escalated_at", ("task", "owner")),
        ),
    )


def _moves(customer: int) -> Iterator[Question]:
    for what, model in (("phase", PhaseChange), ("quadrant", QuadrantChange)):
        yield (
            select(model.before, model.after, model.at)
            .where(model.customer_id == customer)
            .order_by(model.id),
            (Told(what, "at", ("before", "after")),),
        )


def _leave(customer: int) -> Iterator[Question]:
    yield (
        select(
            Permission.kind,
            Permission.purpose,
            Contact.key.label("contact"),
            Permission.source,
            Permission.at,
            Permission.ended_at,
        )
        .join(Contact, Contact.id == Permission.contact_id)
        .where(Contact.customer_id == customer)
        .order_by(Permission.id),
        (
            Told("permission", "at", ("kind", "purpose", "contact", "source")),
            Told("permission ended", "ended_at", ("kind", "purpose", "contact")),
        ),
    )
    theirs = select(Contact.id).where(Contact.customer_id == customer)
    addresses = select(func.lower(Contact.email)).where(
        Contact.customer_id == customer, Contact.email.is_not(None)
    )
    yield (
        select(
            Suppression.reason,
            Suppression.purpose,
            Suppression.source,
            Suppression.at,
            Suppression.ended_at,
        )
        .where(
            or_(
                Suppression.customer_id == customer,
                Suppression.contact_id.in_(theirs),
                Suppression.email.in_(addresses),
            )
        )
        .order_by(Suppression.id),
        (
            Told("suppressed", "at", ("reason", "purpose", "source")),
            Told("unsuppressed", "ended_at", ("reason", "purpose")),
        ),
    )
    yield (
        select(SalesLock.since, SalesLock.until, SalesLock.note)
        .where(SalesLock.customer_id == customer)
        .order_by(SalesLock.id),
        (Told("locked", "since", ("until", "note")),),
    )


_QUESTIONS: tuple[Callable[[int], Iterator[Question]], ...] = (
    _orders,
    _complaints,
    _talks,
    _enrollments,
    _sends,
    _answers,
    _tasks,
    _moves,
    _leave,
)

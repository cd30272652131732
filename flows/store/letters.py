"""The mail a task is about: read again, and given to a customer by hand if nobody was known."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.mail_in import RECENT
from flows.store.models import Base, Contact, Customer, EventBatch, Interaction, Response, Send
from segments.names import Channel, Direction, Outcome, ResponseKind, TaskStatus

_interaction = Base.metadata.tables["interaction"]
_response = Base.metadata.tables["response"]
_task = Base.metadata.tables["task"]


@dataclass(frozen=True)
class Letter:
    """A mail that came in: what the history of contacts has of it, and how it was posted to us."""

    key: str
    at: datetime
    note: str | None
    body: bytes | None


@dataclass(frozen=True)
class Whose:
    """A customer as somebody at a desk names one: number, owner, and the contact if said."""

    customer_id: int
    contact_id: int | None
    owner: str | None


def letter_of(connection: Connection, task: int) -> Letter | None:
    """The mail this task is about; None for a task about anything else."""
    row = connection.execute(
        select(Response.key, Response.at, Response.detail, Interaction.note)
        .join(_task, _task.c.step == Response.key)
        .outerjoin(Interaction, Interaction.key == Response.key)
        .where(_task.c.id == task, Response.kind == ResponseKind.REPLY)
    ).one_or_none()
    if row is None:
        return None
    batch = (row.detail or {}).get("mail")
    body = connection.scalar(select(EventBatch.body).where(EventBatch.id == batch))
    return Letter(row.key, row.at, row.note, body)


def whose(connection: Connection, customer: str, contact: str | None) -> Whose | None:
    """The customer of this number, with one of their contacts where one is named."""
    row = connection.execute(
        select(Customer.id, Customer.owner).where(Customer.key == customer)
    ).one_or_none()
    if row is None:
        return None
    theirs = select(Contact.id).where(Contact.customer_id == row.id, Contact.key == contact)
    return Whose(row.id, None if contact is None else connection.scalar(theirs), row.owner)


def give(
    connection: Connection, task: int, letter: Letter, to: Whose, text: str, now: datetime
) -> bool:
    """Have the mail be the customer's, and the task their owner's; False if it is somebody's.

    It answers the latest message they got not long before, so that a journey that waits goes on.
    """
    owner = {} if to.owner is None else {"owner": to.owner}
    given = connection.execute(
        update(_task)
        .where(
            _task.c.id == task,
            _task.c.customer_id.is_(None),
            _task.c.status == TaskStatus.OPEN,
        )
        .values(customer_id=to.customer_id, changed_at=now, **owner)
    ).rowcount
    if not given:
        return False
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    talk = {
        "key": letter.key,
        "customer_id": to.customer_id,
        "contact_id": to.contact_id,
        "at": letter.at,
        "channel": Channel.MAIL,
        "direction": Direction.IN,
        "note": text,
    }
    statement = dialect.insert(_interaction).values(talk)
    connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]))
    mine = () if to.contact_id is None else (Send.contact_id == to.contact_id,)
    send = connection.scalar(
        select(func.max(Send.id)).where(
            Send.customer_id == to.customer_id,
            Send.outcome.in_([Outcome.ACCEPTED, Outcome.DELIVERED]),
            Send.handed_over_at.between(letter.at - RECENT, letter.at),
            *mine,
        )
    )
    if send is not None:
        # Known as theirs from now on, and not before: reports of past days stay what they were.
        connection.execute(
            update(_response)
            .where(_response.c.key == letter.key, _response.c.send_id.is_(None))
            .values(send_id=send, seen_at=now)
        )
    return True

"""Mail that came in: whom it is from, and what is written down about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Base, Contact, Customer, Send
from segments.names import Channel, Direction, Outcome, TaskKind, TaskStatus

_interaction = Base.metadata.tables["interaction"]
_task = Base.metadata.tables["task"]

RECENT = timedelta(days=30)
"""So long after a message somebody's mail is taken for an answer to it, if nothing else says so."""

_DUE = timedelta(days=1)
# Whoever leads hears of an answer nobody gave.
_ESCALATE = timedelta(days=3)
_AT_MOST = 200


@dataclass(frozen=True)
class Writer:
    """Somebody we wrote to: the customer, the contact, and the message it is about."""

    customer_id: int
    contact_id: int | None
    email: str | None
    owner: str | None
    send: int | None = None


@dataclass(frozen=True)
class MailIn:
    """A mail as the history of contacts keeps it, and what its owner is asked to do."""

    key: str
    at: datetime
    writer: Writer | None
    text: str
    about: str


def addressees(connection: Connection, sends: Collection[int]) -> dict[int, Writer]:
    """To whom these messages went, by the numbers of those that are ours."""
    statement = _writers(Send.id).where(Send.id.in_(sorted(sends)))
    statement = statement.select_from(Send).join(Customer, Customer.id == Send.customer_id)
    statement = statement.outerjoin(Contact, Contact.id == Send.contact_id)
    return {row.send: Writer(*row) for row in connection.execute(statement)}


def writers(connection: Connection, addresses: Collection[str], now: datetime) -> dict[str, Writer]:
    """Contacts by address, in small letters, with the latest message each got not long ago.

    Of several with one address it is the one we wrote to last.
    """
    wanted = sorted(addresses)
    if not wanted:
        return {}
    latest = (
        select(func.max(Send.id))
        .where(
            Send.customer_id == Contact.customer_id,
            Send.contact_id == Contact.id,
            Send.outcome.in_([Outcome.ACCEPTED, Outcome.DELIVERED]),
            Send.handed_over_at.between(now - RECENT, now),
        )
        .scalar_subquery()
    )
    statement = (
        _writers(latest)
        .select_from(Contact)
        .join(Customer, Customer.id == Contact.customer_id)
        .where(func.lower(Contact.email).in_(wanted))
    )
    found: dict[str, Writer] = {}
    rows = [Writer(*row) for row in connection.execute(statement)]
    for writer in sorted(rows, key=lambda each: (each.send or 0, each.contact_id or 0)):
        found[(writer.email or "").lower()] = writer
    return found


def write_mails(connection: Connection, mails: Sequence[MailIn], default: str, run_id: int) -> int:
    """Put mails into the history of contacts, and ask whoever looks after the customer to answer.

    To be called once for each mail. How many are asked.
    """
    if not mails:
        return 0
    rows = [
        {
            "key": mail.key,
            "customer_id": mail.writer.customer_id,
            "contact_id": mail.writer.contact_id,
            "at": mail.at,
            "channel": Channel.MAIL,
            "direction": Direction.IN,
            "note": mail.text,
        }
        for mail in mails
        if mail.writer is not None
    ]
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        statement = dialect.insert(_interaction)
        connection.execute(statement.on_conflict_do_nothing(index_elements=["key"]), rows)
    tasks = [
        {
            "customer_id": mail.writer.customer_id if mail.writer else None,
            "owner": (mail.writer.owner if mail.writer else None) or default,
            "step": mail.key,
            "kind": TaskKind.WRITE,
            "about": _short(mail.about),
            "due_at": mail.at + _DUE,
            "escalate_at": mail.at + _ESCALATE,
            "status": TaskStatus.OPEN,
            "run_id": run_id,
        }
        for mail in mails
        if mail.about
    ]
    if tasks:
        connection.execute(insert(_task), tasks)
    return len(tasks)


def _writers(send: object) -> Select[tuple[int, int | None, str | None, str | None, int | None]]:
    return select(
        Customer.id,
        Contact.id,
        Contact.email,
        Customer.owner,
        send.label("send"),  # type: ignore[attr-defined]
    )


def _short(text: str) -> str:
    return text if len(text) <= _AT_MOST else f"{text[: _AT_MOST - 1].rstrip()}…"

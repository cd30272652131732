"""What the store knows about each customer beside what they bought: one question each.

Nothing dated after `now` is seen: no complaint, settlement, conversation, suppression or send.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select
from sqlalchemy.sql.expression import Select

from flows.store import columnar
from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Interaction,
    Response,
    SalesLock,
    Send,
    Suppression,
)
from flows.store.suppressing import standing
from segments.names import ResponseKind

_MAIL_WINDOW = timedelta(days=30)
_ANSWER_WINDOW = timedelta(days=90)
_ANSWERS = (ResponseKind.REPLY, ResponseKind.CLICK, ResponseKind.NPS)

Ints = np.ndarray[Any, np.dtype[np.int64]]
Found = tuple[Ints, dict[str, Any]]
"""Whom something is known of, and what."""


def customers(connection: Connection, now: datetime, first: int, last: int) -> Found:
    """Everybody with first <= id <= last, in order of id."""
    found = columnar.read(connection, _customers(now, first, last))
    ids = found.pop("customer_id")
    order = np.argsort(ids, kind="stable")
    return ids[order], {name: values[order] for name, values in found.items()}


def known(connection: Connection, now: datetime, first: int, last: int) -> Iterator[Found]:
    """Everything else, a few columns at a time, of those there is something to say about."""
    for count in (_complaints, _mails, _reachable, _locked, _answers):
        found = columnar.read(connection, count(now, first, last), complete=("customer_id",))
        yield found.pop("customer_id"), found
    talks = columnar.read(connection, _conversations(now, first, last), complete=_DATED)
    rows = _latest(talks, np.arange(len(talks["id"])))
    yield talks["customer_id"][rows], {"last_contact_at": talks["at"][rows]}
    rows = _latest(talks, np.flatnonzero(~talks["last_mood"].isna()))
    yield talks["customer_id"][rows], {"last_mood": talks["last_mood"][rows]}
    scores = columnar.read(connection, _scores(now, first, last), complete=_DATED)
    rows = _latest(scores, np.arange(len(scores["id"])))
    yield scores["customer_id"][rows], {"last_nps": scores["last_nps"][rows]}


_DATED = ("customer_id", "at", "id")


def _latest(columns: dict[str, Any], rows: Ints) -> Ints:
    """Of these rows the latest of each customer."""
    customer, at, number = (columns[name][rows] for name in _DATED)
    order = np.lexsort((number, at, customer))
    customer = customer[order]
    last: Ints = rows[order[np.append(customer[1:] != customer[:-1], True)[: len(rows)]]]
    return last


def _within(column: Any, first: int, last: int) -> ColumnElement[bool]:
    within: ColumnElement[bool] = column.between(first, last)
    return within


def _customers(now: datetime, first: int, last: int) -> Select[Any]:
    """Who is it, and how did they stand after the run before?"""
    seen = or_(Customer.phase_since.is_(None), Customer.phase_since <= now)
    return select(
        Customer.id.label("customer_id"),
        Customer.key.label("customer_key"),
        Customer.country,
        Customer.locale,
        Customer.industry,
        Customer.owner,
        Customer.state,
        case((Customer.since <= now, Customer.since)).label("since"),
        Customer.contract_end,
        case((seen, Customer.phase)).label("phase_before"),
        case((seen, Customer.phase_since)).label("phase_since"),
        case((seen, Customer.quadrant)).label("quadrant_before"),
    ).where(_within(Customer.id, first, last))


def _complaints(now: datetime, first: int, last: int) -> Select[Any]:
    """How many complaints are not yet settled, and when was the latest of the others?"""
    settled = and_(Complaint.closed_at.is_not(None), Complaint.closed_at <= now)
    return (
        select(
            Complaint.customer_id,
            func.sum(case((settled, 0), else_=1)).label("open_complaints"),
            func.max(case((settled, Complaint.closed_at))).label("last_complaint_at"),
        )
        .where(_within(Complaint.customer_id, first, last), Complaint.opened_at <= now)
        .group_by(Complaint.customer_id)
    )


def _locked(now: datetime, first: int, last: int) -> Select[Any]:
    """With whom is a negotiation under way?"""
    return (
        select(SalesLock.customer_id, func.max(1).label("sales_lock"))
        .where(
            _within(SalesLock.customer_id, first, last),
            SalesLock.since <= now,
            SalesLock.until > now,
        )
        .group_by(SalesLock.customer_id)
    )


def _answers(now: datetime, first: int, last: int) -> Select[Any]:
    """How often did they answer in the last 90 days?"""
    return (
        select(Send.customer_id, func.count().label("responses_90d"))
        .join(Response, Response.send_id == Send.id)
        .where(
            _within(Send.customer_id, first, last),
            Response.kind.in_(_ANSWERS),
            Response.at > now - _ANSWER_WINDOW,
            Response.at <= now,
        )
        .group_by(Send.customer_id)
    )


def _scores(now: datetime, first: int, last: int) -> Select[Any]:
    """Which scores did they give?"""
    return (
        select(
            Send.customer_id,
            Response.at,
            Response.id,
            Response.score.label("last_nps"),
        )
        .join(Response, Response.send_id == Send.id)
        .where(
            _within(Send.customer_id, first, last),
            Response.score.is_not(None),
            Response.at <= now,
        )
    )


def _conversations(now: datetime, first: int, last: int) -> Select[Any]:
    """When did we speak with them, and how did they sound?"""
    return select(
        Interaction.customer_id,
        Interaction.at,
        Interaction.id,
        Interaction.mood.label("last_mood"),
    ).where(_within(Interaction.customer_id, first, last), Interaction.at <= now)


def _mails(now: datetime, first: int, last: int) -> Select[Any]:
    """How many messages were handed over in the last 30 days?"""
    return (
        select(Send.customer_id, func.count().label("emails_30d"))
        .where(
            _within(Send.customer_id, first, last),
            Send.handed_over_at > now - _MAIL_WINDOW,
            Send.handed_over_at <= now,
        )
        .group_by(Send.customer_id)
    )


def _reachable(now: datetime, first: int, last: int) -> Select[Any]:
    """How many people have an address, and are not shut off from every message?"""
    everything = and_(Suppression.purpose.is_(None), standing(now))
    shut = [
        exists().where(Suppression.email == func.lower(Contact.email), everything),
        exists().where(Suppression.contact_id == Contact.id, everything),
        exists().where(Suppression.customer_id == Contact.customer_id, everything),
    ]
    return (
        select(Contact.customer_id, func.count().label("contacts"))
        .where(
            _within(Contact.customer_id, first, last),
            Contact.email.is_not(None),
            Contact.email != "",
            *(~each for each in shut),
        )
        .group_by(Contact.customer_id)
    )

"""What lies on colleagues' desks: what their customers said lately, and what is not settled."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select

from flows.store.models import Complaint, Customer, Interaction, Response, Send
from flows.store.session import frame
from segments.names import ResponseKind

_SHOWN = 300
_TOLD = func.coalesce(Response.seen_at, Response.at)
"""What came this morning may be told of what happened days ago."""


def replies(connection: Connection, since: datetime, now: datetime) -> pd.DataFrame:
    """Answers to our messages: owner, customer, customer_name, at, text."""
    rows = connection.execute(
        _answers(Response.detail)
        .add_columns(Interaction.note)
        # A mail that was posted to us is kept there, under the same name.
        .outerjoin(Interaction, Interaction.key == Response.key)
        .where(Response.kind == ResponseKind.REPLY, _between(_TOLD, since, now))
        .order_by(Response.at, Response.id)
    )
    names = ["owner", "customer", "customer_name", "at", "detail", "note"]
    found = pd.DataFrame([tuple(row) for row in rows], columns=names)
    found["text"] = [
        " ".join(str(note or (detail or {}).get("text") or "").split())[:_SHOWN]
        for detail, note in zip(found.pop("detail"), found.pop("note"), strict=True)
    ]
    return found


def scores(connection: Connection, since: datetime, now: datetime) -> pd.DataFrame:
    """Scores given: owner, customer, customer_name, at, score."""
    return frame(
        connection,
        _answers(Response.score)
        .where(Response.score.is_not(None), _between(_TOLD, since, now))
        .order_by(Response.score, Response.at, Response.id),
    )


def complaints(connection: Connection, now: datetime) -> pd.DataFrame:
    """What is not settled, the oldest first: whose and when as above, complaint, about."""
    open_still = or_(Complaint.closed_at.is_(None), Complaint.closed_at > now)
    return frame(
        connection,
        select(
            Customer.owner,
            Customer.key.label("customer"),
            Customer.name.label("customer_name"),
            Complaint.opened_at.label("at"),
            Complaint.key.label("complaint"),
            Complaint.about,
        )
        .join(Customer, Customer.id == Complaint.customer_id)
        .where(Complaint.opened_at <= now, open_still)
        .order_by(Complaint.opened_at, Complaint.id),
    )


def _answers(what: Any) -> Select[Any]:
    return (
        select(
            Customer.owner,
            Customer.key.label("customer"),
            Customer.name.label("customer_name"),
            Response.at,
            what,
        )
        .join(Send, Send.id == Response.send_id)
        .join(Customer, Customer.id == Send.customer_id)
    )


def _between(moment: Any, since: datetime, now: datetime) -> ColumnElement[bool]:
    return and_(moment > since, moment <= now)

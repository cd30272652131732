"""What the store knows about each customer as of a moment.

Nothing dated after `now` is seen: no order, credit note, cancellation, complaint, settlement,
conversation, suppression or send.
"""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.sql.expression import Select

from flows.store.models import (
    Complaint,
    Contact,
    Customer,
    Interaction,
    Purchase,
    Response,
    SalesLock,
    Send,
    Suppression,
)
from flows.store.session import frame
from segments.customer import profile
from segments.customer.orders import order_figures
from segments.names import OrderKind, ResponseKind
from segments.policy import Policy

_MAIL_WINDOW = timedelta(days=30)
_ANSWER_WINDOW = timedelta(days=90)
_ANSWERS = (ResponseKind.REPLY, ResponseKind.CLICK, ResponseKind.NPS)
_BLOCK = 10_000
_READ = 500_000
_FETCHED = 1_000
_WHOLE = "int64"
_ARRAYS = {"ordered_at": "datetime64[us]", "category": "object"}
_UNKNOWN = np.iinfo(np.int64).min
_WORDS = [
    "customer_key",
    "country",
    "locale",
    "industry",
    "owner",
    "state",
    "phase_before",
    "quadrant_before",
    "last_mood",
]
_COUNTED = [
    "orders",
    "order_value_total",
    "discounted_orders",
    "priced_orders",
    "gaps",
    "net_revenue_12m",
    "net_revenue_total",
    "open_complaints",
    "emails_30d",
    "responses_90d",
    "sales_lock",
    "contacts",
]


def customer_figures(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """One row a customer with first <= id <= last, in order of id, also those without orders.

    customer_id, customer_key, country, locale, industry, owner, phase_before, phase_since and
    quadrant_before as stored (missing if stored for a moment after `now`); all columns of
    `segments.customer.orders.order_figures`; open_complaints, last_mood, last_contact_at,
    emails_30d, contacts.
    """
    return _complete(connection, now, first, last, _bought(connection, now, first, last))


def everybody_figures(connection: Connection, now: datetime) -> pd.DataFrame:
    """The same of all customers at once, reading every purchase in the order of the table.

    Twice as fast as shard by shard, and `profile.base` of it spares `base_figures`; takes about
    half a kilobyte of memory a purchase while it runs.
    """
    ends = connection.execute(select(func.min(Customer.id), func.max(Customer.id))).one()
    return _complete(
        connection, now, ends[0] or 1, ends[1] or 0, order_figures(_all(connection, now), now)
    )


def base_figures(connection: Connection, now: datetime, policy: Policy) -> profile.Base:
    """The figures of the whole base that every shard is measured against."""
    return profile.base(order_figures(_all(connection, now, complete=False), now), policy, now)


def _complete(
    connection: Connection, now: datetime, first: int, last: int, bought: pd.DataFrame
) -> pd.DataFrame:
    """All figures of a range of customers, those of their purchases being known."""
    statements = (
        _complaints(now, first, last),
        _conversations(now, first, last),
        _mails(now, first, last),
        _reachable(now, first, last),
        _locked(now, first, last),
        _answers(now, first, last),
        _scores(now, first, last),
    )
    parts: list[pd.DataFrame | pd.Series[Any]] = [
        bought,
        *(frame(connection, statement).set_index("customer_id") for statement in statements),
    ]
    customers = frame(connection, _customers(now, first, last)).set_index("customer_id")
    figures = customers.sort_index().join(parts, how="left")
    never_bought = figures["net_revenue_total"].isna()
    return figures.assign(
        **{name: figures[name].astype("string") for name in _WORDS},
        **{name: figures[name].fillna(0) for name in _COUNTED},
        # Who never bought anything made no margin, and that is known.
        margin_12m=figures["margin_12m"].mask(never_bought, 0),
    ).reset_index()


def _bought(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """Figures of everybody with a purchase, by id, in blocks that bound the memory.

    Purchases leave the database as rows and are summed up in numpy, because what is asked of
    them is their order in time, their credit notes and a median, and those cost SQLite twice and
    PostgreSQL three times as much.
    """
    ranges = (
        _within(Purchase.customer_id, begin, min(begin + _BLOCK - 1, last))
        for begin in range(first, max(last, first) + 1, _BLOCK)
    )
    return pd.concat(order_figures(_purchases(connection, now, mine), now) for mine in ranges)


def _all(connection: Connection, now: datetime, *, complete: bool = True) -> pd.DataFrame:
    last = connection.execute(select(func.max(Purchase.id))).scalar() or 0
    ranges = (_within(Purchase.id, first, first + _READ - 1) for first in range(1, last + 2, _READ))
    return pd.concat(_purchases(connection, now, these, complete=complete) for these in ranges)


def _purchases(
    connection: Connection, now: datetime, which: ColumnElement[bool], *, complete: bool = True
) -> pd.DataFrame:
    """Purchases as `order_figures` takes them; if not complete, list, cost and category unknown."""
    moment: ColumnElement[Any]
    if connection.dialect.name == "sqlite":
        moment = type_coerce(Purchase.ordered_at, Text())
    else:
        moment = cast(func.extract("epoch", Purchase.ordered_at) * 1_000_000, BigInteger)
    unknown = bindparam("unknown", _UNKNOWN, BigInteger())
    columns: dict[str, Any] = {
        "customer_id": Purchase.customer_id,
        "purchase_id": Purchase.id,
        "ordered_at": moment,
        "is_credit": case((Purchase.kind == OrderKind.CREDIT, 1), else_=0),
        "is_cancelled": case((Purchase.cancelled_at <= now, 1), else_=0),
        "credit_of_id": func.coalesce(Purchase.credit_of_id, 0),
        "total": Purchase.total,
    }
    if complete:
        columns |= {
            "list_total": func.coalesce(Purchase.list_total, unknown),
            "cost": func.coalesce(Purchase.cost, unknown),
            "category": Purchase.category,
        }
    wanted = select(*(column.label(name) for name, column in columns.items()))
    wanted = wanted.where(which, Purchase.ordered_at <= now)
    dtypes = [_ARRAYS.get(name, _WHOLE) for name in columns]
    table = dict(zip(columns, _columns(connection, wanted, dtypes), strict=True))
    unasked = np.full(len(table["total"]), _UNKNOWN)

    def whole(name: str) -> pd.api.extensions.ExtensionArray:
        numbers = table.get(name, unasked)
        return pd.arrays.IntegerArray(numbers, numbers == _UNKNOWN)

    return pd.DataFrame(
        {
            **{name: whole(name) for name in ("customer_id", "purchase_id", "credit_of_id")},
            **{name: whole(name) for name in ("total", "list_total", "cost")},
            **{name: table[name].astype(bool) for name in ("is_credit", "is_cancelled")},
            "ordered_at": pd.DatetimeIndex(table["ordered_at"]).tz_localize("UTC"),
            "category": table.get("category", np.full(len(unasked), None)),
        }
    )


def _columns(
    connection: Connection, statement: Select[Any], dtypes: list[str]
) -> list[np.ndarray[Any, Any]]:
    """All rows as one array a column; few at a time, past SQLAlchemy's rows: half the time."""
    blocks = [[np.array([], dtype) for dtype in dtypes]]
    with connection.execute(statement) as found:
        while rows := found.cursor.fetchmany(_FETCHED):
            columns = zip(*rows, strict=True)
            blocks.append([np.array(one, of) for one, of in zip(columns, dtypes, strict=True)])
    return [np.concatenate(parts) for parts in zip(*blocks, strict=True)]


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
    """Which score did they give last?"""
    place = func.row_number().over(
        partition_by=Send.customer_id, order_by=(Response.at.desc(), Response.id.desc())
    )
    scores = (
        select(Send.customer_id, Response.score.label("last_nps"), place.label("place"))
        .join(Response, Response.send_id == Send.id)
        .where(
            _within(Send.customer_id, first, last),
            Response.score.is_not(None),
            Response.at <= now,
        )
        .subquery("scores")
    )
    return select(scores.c.customer_id, scores.c.last_nps).where(scores.c.place == 1)


def _conversations(now: datetime, first: int, last: int) -> Select[Any]:
    """When did anybody last speak with them, and how did they sound when it was last noted?"""
    place = func.row_number().over(
        partition_by=Interaction.customer_id,
        order_by=(
            case((Interaction.mood.is_(None), 1), else_=0),
            Interaction.at.desc(),
            Interaction.id.desc(),
        ),
    )
    latest = func.max(Interaction.at).over(partition_by=Interaction.customer_id)
    talks = (
        select(
            Interaction.customer_id,
            Interaction.mood.label("last_mood"),
            latest.label("last_contact_at"),
            place.label("place"),
        )
        .where(_within(Interaction.customer_id, first, last), Interaction.at <= now)
        .subquery("talks")
    )
    return select(talks.c.customer_id, talks.c.last_mood, talks.c.last_contact_at).where(
        talks.c.place == 1
    )


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
    """How many people have an address that is not shut for every message?"""
    shut = (
        select(func.lower(Suppression.email))
        .where(Suppression.purpose.is_(None), Suppression.at <= now)
        .distinct()
    )
    return (
        select(Contact.customer_id, func.count().label("contacts"))
        .where(
            _within(Contact.customer_id, first, last),
            Contact.email.is_not(None),
            Contact.email != "",
            func.lower(Contact.email).not_in(shut),
        )
        .group_by(Contact.customer_id)
    )

"""Who may be written to, and on what ground: the contacts of a range of customers."""

from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Integer, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import ColumnElement, Select

from flows.store.models import (
    Contact,
    Customer,
    Permission,
    Product,
    Purchase,
    PurchaseLine,
    Response,
    Send,
    Suppression,
)
from flows.store.session import frame
from segments.names import Basis, OrderKind, Outcome, PermissionKind, Purpose, ResponseKind
from segments.policy import Policy
from segments.state import FRAMES

_SCOPES = (Purpose.ADVERTISING, Purpose.SURVEY)
_ARRIVED = (Outcome.ACCEPTED, Outcome.DELIVERED)
_WELCOME = (
    ResponseKind.DELIVERED,
    ResponseKind.REPLY,
    ResponseKind.CLICK,
    ResponseKind.NPS,
    ResponseKind.ORDER,
)
_FLAGS = (
    "has_address",
    "suppressed",
    "objected",
    *(f"{name}_{scope}" for name in ("suppressed", "consent", "unconfirmed") for scope in _SCOPES),
)
_TYPES = dict.fromkeys(_FLAGS, "bool") | {"customer_id": "int64"}


def read_contacts(
    connection: Connection,
    policy: Policy,
    now: datetime,
    first: int,
    last: int,
    *,
    uses: bool = False,
) -> pd.DataFrame:
    """Everybody at customers `first` to `last`, with what `segments.journey.permission` asks.

    contact_id, customer_id, role; has_address, objected; suppressed (for everything) and
    suppressed_PURPOSE; consent_PURPOSE, unconfirmed_PURPOSE (asked for only) and used_PURPOSE (its
    last use) for advertising and surveys; zone, country and state as far as they are known.
    Messages and answers count as uses of a consent where it can fall asleep, or `uses` says so.
    """
    uses = uses or policy.permission.consent_dormant_after is not None
    return frame(connection, contacts(now, first, last, uses=uses)).astype(_TYPES)


def read_grounds(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """What lets existing customers be written to without consent: `State.grounds`."""
    return frame(connection, grounds(now, first, last)).astype(FRAMES["grounds"])


def contacts(now: datetime, first: int, last: int, *, uses: bool) -> Select[tuple[Any, ...]]:
    """Who may be written to at these customers, and what did they say to it?"""
    said, barred = _said(now, first, last), _barred(now)
    flags = [
        func.coalesce(column, 0).label(name)
        for table, names in ((barred, _BARRED), (said, ("objected", *_CONSENTS)))
        for name in names
        for column in (table.c[name],)
    ]
    used: list[ColumnElement[Any]] = [said.c[f"given_{scope}"] for scope in _SCOPES]
    statement = (
        select(
            Contact.id.label("contact_id"),
            Contact.customer_id,
            Contact.role,
            case((func.coalesce(Contact.email, "") != "", 1), else_=0).label("has_address"),
            *flags,
            Contact.zone,
            Customer.country,
            Customer.state,
        )
        .join(Customer, Customer.id == Contact.customer_id)
        .outerjoin(said, said.c.contact_id == Contact.id)
        .outerjoin(barred, barred.c.email == func.lower(Contact.email))
        .where(Contact.customer_id.between(first, last))
    )
    if uses:
        written = _written(now, first, last)
        statement = statement.outerjoin(written, written.c.contact_id == Contact.id)
        used = [
            case((written.c[f"last_{scope}"] > given, written.c[f"last_{scope}"]), else_=given)
            for scope, given in zip(_SCOPES, used, strict=True)
        ]
    return statement.add_columns(
        *(at.label(f"used_{scope}") for scope, at in zip(_SCOPES, used, strict=True))
    )


def grounds(now: datetime, first: int, last: int) -> Select[tuple[int, str]]:
    """Which goods did existing customers buy whose address came with it, notice given (§ 7 (3))?

    All categories of the order where none is named. Missing any of the parts it is no ground.
    """
    category = func.coalesce(Permission.category, Product.category, Purchase.category)
    return (
        select(Permission.contact_id, category.label("category"))
        .join(Contact, Contact.id == Permission.contact_id)
        .join(Purchase, Purchase.id == Permission.purchase_id)
        .outerjoin(
            PurchaseLine,
            and_(Permission.category.is_(None), PurchaseLine.purchase_id == Purchase.id),
        )
        .outerjoin(Product, Product.id == PurchaseLine.product_id)
        .where(Contact.customer_id.between(first, last), ground(now), category.is_not(None))
        .distinct()
    )


def ground(now: datetime) -> ColumnElement[bool]:
    """A permission that makes its contact an existing customer; join it with its purchase.

    Besides the category: a sale to this very customer that stands, address and notice given with
    it, and no end so far.
    """
    customer = select(Contact.customer_id).where(Contact.id == Permission.contact_id)
    return and_(
        Permission.kind == PermissionKind.EXISTING_CUSTOMER,
        in_force(now),
        Permission.collected_at <= now,
        func.coalesce(Permission.notice, "") != "",
        Purchase.customer_id == customer.correlate(Permission).scalar_subquery(),
        Purchase.kind == OrderKind.SALE,
        Purchase.ordered_at <= now,
        or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
        # What was free gave nothing to give back.
        or_(Purchase.total <= 0, Purchase.total + _given_back(now) > 0),
    )


def in_force(now: datetime) -> ColumnElement[bool]:
    """A permission given by `now` and not ended by then."""
    return and_(Permission.at <= now, or_(Permission.ended_at.is_(None), Permission.ended_at > now))


def settled(now: datetime) -> ColumnElement[bool]:
    """A consent that was confirmed by `now`, or never waited for it: its proof is on paper."""
    return or_(
        Permission.confirmed_at <= now,
        and_(Permission.confirmed_at.is_(None), Permission.requested_at.is_(None)),
    )


def _unsettled(now: datetime) -> ColumnElement[bool]:
    return or_(
        Permission.confirmed_at > now,
        and_(Permission.confirmed_at.is_(None), Permission.requested_at.is_not(None)),
    )


def _given_back(now: datetime) -> ColumnElement[int]:
    credit = aliased(Purchase)
    total = select(func.sum(credit.total)).where(
        credit.credit_of_id == Purchase.id,
        credit.kind == OrderKind.CREDIT,
        credit.ordered_at <= now,
        or_(credit.cancelled_at.is_(None), credit.cancelled_at > now),
    )
    return func.coalesce(total.correlate(Purchase).scalar_subquery(), 0)


_CONSENTS = tuple(f"{name}_{scope}" for name in ("consent", "unconfirmed") for scope in _SCOPES)
_BARRED = ("suppressed", *(f"suppressed_{scope}" for scope in _SCOPES))


def _any(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((condition, 1), else_=0), type_=Integer)


def _said(now: datetime, first: int, last: int) -> Subquery:
    """What each contact agreed or objected to: one row for whoever said anything."""
    confirmed = case((Permission.confirmed_at <= now, Permission.confirmed_at))
    columns = [
        _any(and_(Permission.kind == PermissionKind.OBJECTION, in_force(now))).label("objected")
    ]
    for scope in _SCOPES:
        consent = and_(Permission.kind == PermissionKind.CONSENT, Permission.purpose == scope)
        asked = and_(consent, in_force(now), _unsettled(now))
        withdrawn = and_(consent, Permission.ended_at <= now)
        given = func.coalesce(confirmed, Permission.at, type_=Permission.at.type)
        columns += [
            _any(and_(consent, in_force(now), settled(now))).label(f"consent_{scope}"),
            # Whoever once withdrew has to confirm before it counts again.
            (_any(asked) * (1 - _any(withdrawn))).label(f"unconfirmed_{scope}"),
            func.max(case((and_(consent, in_force(now)), given))).label(f"given_{scope}"),
        ]
    return (
        select(Permission.contact_id, *columns)
        .join(Contact, Contact.id == Permission.contact_id)
        .where(Contact.customer_id.between(first, last), Permission.at <= now)
        .group_by(Permission.contact_id)
        .subquery("said")
    )


def _barred(now: datetime) -> Subquery:
    """What each suppressed address must not get."""
    return (
        select(
            Suppression.email,
            _any(Suppression.purpose.is_(None)).label("suppressed"),
            *(_any(Suppression.purpose == scope).label(f"suppressed_{scope}") for scope in _SCOPES),
        )
        .where(Suppression.at <= now)
        .group_by(Suppression.email)
        .subquery("barred")
    )


def _written(now: datetime, first: int, last: int) -> Subquery:
    """When each contact last got, or answered, a message that rested on consent.

    What was handed over and did not come back counts as got: not every provider reports arrival.
    """
    answered = and_(
        Response.send_id == Send.id, Response.at <= now, Response.kind.in_(list(_WELCOME))
    )
    at = case((Response.at > Send.handed_over_at, Response.at), else_=Send.handed_over_at)
    return (
        select(
            Send.contact_id,
            *(
                func.max(case((Send.purpose == scope, at))).label(f"last_{scope}")
                for scope in _SCOPES
            ),
        )
        .outerjoin(Response, answered)
        .where(
            Send.customer_id.between(first, last),
            Send.basis == Basis.CONSENT,
            Send.outcome.in_(list(_ARRIVED)),
            Send.handed_over_at <= now,
        )
        .group_by(Send.contact_id)
        .subquery("written")
    )

"""What makes a contact one who may be written to without being asked anew: consents in force, and
purchases that make an existing customer (§ 7 (3) UWG)."""

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.expression import ColumnElement, Select

from flows.store.models import Contact, Permission, Product, Purchase, PurchaseLine
from flows.store.session import frame
from segments.names import OrderKind, PermissionKind
from segments.state import FRAMES


def read_grounds(connection: Connection, now: datetime, first: int, last: int) -> pd.DataFrame:
    """What lets existing customers be written to without consent: `State.grounds`."""
    return frame(connection, _bought(now, first, last)).astype(FRAMES["grounds"])


def categories_sold(connection: Connection) -> set[str]:
    """Every category a product is in."""
    rows = connection.execute(select(Product.category).distinct()).scalars()
    return {category for category in rows if category}


def in_force(now: datetime) -> ColumnElement[bool]:
    """A permission given by `now` and not ended by then."""
    return and_(Permission.at <= now, or_(Permission.ended_at.is_(None), Permission.ended_at > now))


def settled(now: datetime) -> ColumnElement[bool]:
    """A consent that was confirmed by `now`, or never waited for it: its proof is on paper."""
    return or_(
        and_(Permission.confirmed_at.is_not(None), Permission.confirmed_at <= now),
        and_(Permission.confirmed_at.is_(None), Permission.requested_at.is_(None)),
    )


def ground(now: datetime) -> ColumnElement[bool]:
    """A permission that makes its contact an existing customer; join it with its purchase."""
    customer = select(Contact.customer_id).where(Contact.id == Permission.contact_id)
    credit = aliased(Purchase)
    back = select(func.sum(credit.total)).where(
        credit.credit_of_id == Purchase.id, _credit_note(credit, now)
    )
    return and_(
        _complete(now),
        Purchase.customer_id == customer.correlate(Permission).scalar_subquery(),
        _sold(now, back.correlate(Purchase).scalar_subquery()),
    )


def _bought(now: datetime, first: int, last: int) -> Select[tuple[int, str]]:
    """Which goods did existing customers buy? All of the order where no category is named."""
    credit = aliased(Purchase)
    back = (
        select(credit.credit_of_id, func.sum(credit.total).label("total"))
        .where(credit.customer_id.between(first, last), _credit_note(credit, now))
        .group_by(credit.credit_of_id)
        .subquery()
    )
    category = func.coalesce(Permission.category, Product.category, Purchase.category)
    theirs = select(Contact.id).where(Contact.customer_id.between(first, last))
    return (
        select(Permission.contact_id, category.label("category"))
        .join(Contact, Contact.id == Permission.contact_id)
        .join(
            Purchase,
            and_(
                Purchase.id == Permission.purchase_id,
                Purchase.customer_id == Contact.customer_id,
            ),
        )
        .outerjoin(back, back.c.credit_of_id == Purchase.id)
        .outerjoin(
            PurchaseLine,
            and_(Permission.category.is_(None), PurchaseLine.purchase_id == Purchase.id),
        )
        .outerjoin(Product, Product.id == PurchaseLine.product_id)
        .where(
            Permission.contact_id.in_(theirs),
            _complete(now),
            _sold(now, back.c.total),
            category.is_not(None),
        )
        .distinct()
    )


def _complete(now: datetime) -> ColumnElement[bool]:
    """Address and notice were exchanged, with no end so far; missing any of it it is none."""
    return and_(
        Permission.kind == PermissionKind.EXISTING_CUSTOMER,
        in_force(now),
        Permission.collected_at <= now,
        func.coalesce(Permission.notice, "") != "",
    )


def _sold(now: datetime, given_back: ColumnElement[int]) -> ColumnElement[bool]:
    """A sale that stands: not cancelled, nor given back in full."""
    return and_(
        Purchase.kind == OrderKind.SALE,
        Purchase.ordered_at <= now,
        or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
        # What was free gave nothing to give back.
        or_(Purchase.total <= 0, Purchase.total + func.coalesce(given_back, 0) > 0),
    )


def _credit_note(credit: type[Purchase], now: datetime) -> ColumnElement[bool]:
    return and_(
        credit.kind == OrderKind.CREDIT,
        credit.ordered_at <= now,
        or_(credit.cancelled_at.is_(None), credit.cancelled_at > now),
    )

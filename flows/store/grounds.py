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


def read_grounds(
    connection: Connection,
    now: datetime,
    first: int,
    last: int,
    contacts: tuple[int, int] | None = None,
) -> pd.DataFrame:
    """What lets existing customers be written to without consent: `State.grounds`.

    People of the same customers mostly have numbers close together, so that `contacts`, the lowest
    and the highest, spare the databases most of the table.
    """
    bought = _bought(now, first, last)
    if contacts is not None:
        bought = bought.where(Permission.contact_id.between(*contacts))
    return frame(connection, bought).astype(FRAMES["grounds"])


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
    return and_(
        _complete(now),
        Purchase.customer_id == customer.correlate(Permission).scalar_subquery(),
        _sold(now),
    )


def _bought(now: datetime, first: int, last: int) -> Select[tuple[int, str]]:
    """Which goods did existing customers buy? All of the order where no category is named."""
    category = func.coalesce(Permission.category, Product.category, Purchase.category)
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
        .outerjoin(
            PurchaseLine,
            and_(Permission.category.is_(None), PurchaseLine.purchase_id == Purchase.id),
        )
        .outerjoin(Product, Product.id == PurchaseLine.product_id)
        .where(
            Contact.customer_id.between(first, last),
            _complete(now),
            _sold(now),
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


def _sold(now: datetime) -> ColumnElement[bool]:
    """A sale that stands: not cancelled, nor given back in full."""
    credit = aliased(Purchase)
    back = (
        select(func.sum(credit.total))
        .where(
            credit.credit_of_id == Purchase.id,
            credit.kind == OrderKind.CREDIT,
            credit.ordered_at <= now,
            or_(credit.cancelled_at.is_(None), credit.cancelled_at > now),
        )
        .correlate(Purchase)
        .scalar_subquery()
    )
    return and_(
        Purchase.kind == OrderKind.SALE,
        Purchase.ordered_at <= now,
        or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now),
        # What was free gave nothing to give back.
        or_(Purchase.total <= 0, Purchase.total + func.coalesce(back, 0) > 0),
    )

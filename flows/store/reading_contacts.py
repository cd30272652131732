"""Who may be written to, and on what ground: the contacts of a range of customers."""

from datetime import datetime

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.sql.expression import ColumnElement, Select

from flows.store.models import Contact, Permission, Purchase, Suppression
from segments.names import OrderKind, PermissionKind, Purpose


def contacts(now: datetime, first: int, last: int) -> Select[tuple[int | str | None, ...]]:
    """Who may be written to at these customers, and on what ground?"""
    granted = (
        select(
            Permission.contact_id,
            *(
                func.max(case((condition, 1), else_=0)).label(name)
                for name, condition in _GRANTS.items()
            ),
        )
        .where(Permission.at <= now, or_(Permission.ended_at.is_(None), Permission.ended_at > now))
        .group_by(Permission.contact_id)
        .subquery()
    )
    barred = (
        select(
            Suppression.email,
            func.max(case((Suppression.purpose.is_(None), 1), else_=0)).label("suppressed"),
            *(
                func.max(case((Suppression.purpose == purpose, 1), else_=0)).label(
                    f"suppressed_{purpose}"
                )
                for purpose in (Purpose.ADVERTISING, Purpose.SURVEY)
            ),
        )
        .where(Suppression.at <= now)
        .group_by(Suppression.email)
        .subquery()
    )
    bought = exists().where(
        Purchase.customer_id == Contact.customer_id,
        Purchase.kind == OrderKind.SALE,
        Purchase.ordered_at <= now,
        _not_cancelled(now),
    )
    return (
        select(
            Contact.id.label("contact_id"),
            Contact.customer_id,
            Contact.role,
            case((func.coalesce(Contact.email, "") != "", 1), else_=0).label("has_address"),
            func.coalesce(barred.c.suppressed, 0).label("suppressed"),
            func.coalesce(barred.c.suppressed_advertising, 0).label("suppressed_advertising"),
            func.coalesce(barred.c.suppressed_survey, 0).label("suppressed_survey"),
            func.coalesce(granted.c.consent_advertising, 0).label("consent_advertising"),
            func.coalesce(granted.c.consent_survey, 0).label("consent_survey"),
            func.coalesce(granted.c.objected, 0).label("objected"),
            # The exception for existing customers rests on a sale that stood.
            case((and_(granted.c.existing_customer == 1, bought), 1), else_=0).label(
                "existing_customer"
            ),
        )
        .outerjoin(granted, granted.c.contact_id == Contact.id)
        .outerjoin(barred, barred.c.email == func.lower(Contact.email))
        .where(Contact.customer_id.between(first, last))
    )


_GRANTS: dict[str, ColumnElement[bool]] = {
    "objected": Permission.kind == PermissionKind.OBJECTION,
    "consent_advertising": and_(
        Permission.kind == PermissionKind.CONSENT, Permission.purpose == Purpose.ADVERTISING
    ),
    "consent_survey": and_(
        Permission.kind == PermissionKind.CONSENT, Permission.purpose == Purpose.SURVEY
    ),
    "existing_customer": Permission.kind == PermissionKind.EXISTING_CUSTOMER,
}


def _not_cancelled(now: datetime) -> ColumnElement[bool]:
    """A purchase that had not been cancelled by `now`."""
    return or_(Purchase.cancelled_at.is_(None), Purchase.cancelled_at > now)

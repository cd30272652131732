"""What was known of responses at a moment: what happened by then, and had been told by then."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from flows.store.models import Response


def heard(now: datetime) -> ColumnElement[bool]:
    """Responses that were known by then."""
    return and_(Response.at <= now, told(Response.seen_at, now))


def told(seen_at: Any, now: datetime) -> ColumnElement[bool]:
    """Whether what became known at `seen_at` (empty: at once) was known by then."""
    return or_(seen_at.is_(None), seen_at <= now)

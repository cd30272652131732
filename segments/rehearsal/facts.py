"""What the store would know of an example's customer as of a moment, computed by the real code."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from segments.customer.orders import UNKNOWN, Purchases, order_figures
from segments.customer.profile import Base, profiles
from segments.frames import PROFILE, Kind
from segments.operands import MINOR_UNITS
from segments.policy import Policy
from segments.rehearsal.rows import frame
from segments.rehearsal.story import CUSTOMER, Happened, Story

_MOMENT = "datetime64[us, UTC]"
_ANSWERS = timedelta(days=90)
_MAILS = timedelta(days=30)
_ORDERS: dict[str, Any] = {
    "customer_id": "int64",
    "contact_id": "Int64",
    "purchase_id": "Int64",
    "order_key": "str",
    "ordered_at": _MOMENT,
    "order_value": "Int64",
    "order_category": "str",
    "order_discounted": "boolean",
    "order_returned": "boolean",
    "categories": "str",
    "products": "str",
}
_KNOWN: dict[str, Any] = {
    "customer_key": "string",
    "country": "string",
    "locale": "string",
    "industry": "string",
    "owner": "string",
    "state": "string",
    "since": _MOMENT,
    "contract_end": _MOMENT,
    "sales_lock": "Int64",
    "open_complaints": "Int64",
    "last_complaint_at": _MOMENT,
    "last_nps": "Int64",
    "last_mood": "string",
    "last_contact_at": _MOMENT,
    "emails_30d": "Int64",
    "responses_90d": "Int64",
    "contacts": "Int64",
    "phase_before": "string",
    "phase_since": _MOMENT,
    "quadrant_before": "string",
}
_BOUGHT: dict[str, Any] = {
    "orders": "Int64",
    "order_value_total": "Int64",
    "discounted_orders": "Int64",
    "priced_orders": "Int64",
    "net_revenue_12m": "Int64",
    "net_revenue_total": "Int64",
    "margin_12m": "Int64",
    "gaps": "Int64",
    "gap_days": "Float64",
    "first_order_at": _MOMENT,
    "last_order_at": _MOMENT,
    "last_order_value": "Int64",
    "last_category": "string",
    "first_in_category": "boolean",
    "last_order_returned": "boolean",
}
_ZERO = tuple(_BOUGHT)[:8]
_CAST: dict[Kind, Any] = {
    Kind.MONEY: "Int64",
    Kind.INTEGER: "Int64",
    Kind.NUMBER: "Float64",
    Kind.FLAG: "boolean",
}


def profile(
    story: Story,
    policy: Policy,
    now: datetime,
    key: str,
    before: Mapping[str, Any],
    mails: list[datetime],
) -> pd.DataFrame:
    """The customer's profile, one row; what the example says outright stands over what follows.

    Nobody is there to compare with: without figures of its own the typical gap is unknown, and
    the value field that of a small customer.
    """
    said = story.facts(now)
    known = _known(story, now) | dict(before) | {"customer_key": key}
    known["emails_30d"] = sum(now - _MAILS < at <= now for at in mails)
    known |= {name: said[name] for name in ("country", "state", "owner", "locale") if name in said}
    figures = pd.DataFrame({"customer_id": [CUSTOMER]})
    figures = pd.concat([figures, _bought(story, now), frame([known], _KNOWN)], axis=1)
    found = profiles(figures, Base(), policy, now)
    for name, value in said.items():
        kind = PROFILE[name].kind
        dtype: Any = _MOMENT if kind == Kind.MOMENT else _CAST.get(kind, "string")
        found[name] = pd.array([_stored(story, kind, value)], dtype=dtype)
    return found


def orders(story: Story, policy: Policy, now: datetime) -> pd.DataFrame:
    """Sales young enough to start a journey."""
    since = now - timedelta(days=policy.late_data.days)
    young = [each for each in story.known("order", now) if each.at >= since]
    return frame([order(story, each, now) for each in young], _ORDERS)


def order(story: Story, each: Happened, now: datetime) -> dict[str, Any]:
    """A sale as deciding sees it."""
    told = each.told
    gone = returned(story, each, now) is not None
    back = story.later(each, told.returned, now) is not None
    categories = _names(told.category)
    return {
        "customer_id": CUSTOMER,
        "contact_id": story.person(told),
        "purchase_id": each.number,
        "order_key": each.key,
        "ordered_at": each.at,
        "order_value": 0 if back else _cents(told.order),
        "order_category": categories[0] if categories else None,
        "order_discounted": bool(told.discounted),
        "order_returned": gone,
        "categories": "\n".join(categories),
        "products": "\n".join(_names(told.product)),
    }


def returned(story: Story, each: Happened, now: datetime) -> datetime | None:
    """When a sale was cancelled or given back, if it was."""
    moments = (story.later(each, day, now) for day in (each.told.cancelled, each.told.returned))
    return min((at for at in moments if at is not None), default=None)


def next_order(story: Story, after: datetime, now: datetime) -> datetime | None:
    """The first order after a moment that was not cancelled."""
    later = [
        each.at
        for each in story.known("order", now)
        if each.at > after and story.later(each, each.told.cancelled, now) is None
    ]
    return min(later, default=None)


def complaints(story: Story, now: datetime) -> list[tuple[Happened, Happened | None]]:
    """Every complaint, with what closed it; the oldest is closed first."""
    told = story.known("complaint", now)
    opened = [each for each in told if each.told.complaint == "opened"]
    closed = [each for each in told if each.told.complaint == "closed"]
    return [(each, closed[n] if n < len(closed) else None) for n, each in enumerate(opened)]


def _known(story: Story, now: datetime) -> dict[str, Any]:
    cases = complaints(story, now)
    talks = story.known("talk", now)
    moods = [each.told.mood for each in talks if each.told.mood is not None]
    scores = story.known("nps", now)
    answers = [each for kind in ("reply", "click", "nps") for each in story.known(kind, now)]
    locks = [each.told.sales_lock for each in story.known("sales_lock", now)]
    reached = [
        number
        for number, person in story.people()
        if person.address
        and person.suppressed != "everything"
        and not any(e.told.suppressed == "everything" for e in story.of(number, "suppressed", now))
    ]
    return {
        "locale": "de",
        "sales_lock": int(any(story.moment(day) > now for day in locks if day is not None)),
        "open_complaints": sum(closed is None for _, closed in cases),
        "last_complaint_at": max((c.at for _, c in cases if c is not None), default=None),
        "last_nps": scores[-1].told.nps if scores else None,
        "last_mood": moods[-1] if moods else None,
        "last_contact_at": talks[-1].at if talks else None,
        "responses_90d": sum(each.at > now - _ANSWERS for each in answers),
        "contacts": len(reached),
    }


def _bought(story: Story, now: datetime) -> pd.DataFrame:
    sales = story.known("order", now)
    credits = [(each, at) for each in sales if (at := story.later(each, each.told.returned, now))]
    if not sales:
        return frame([{**dict.fromkeys(_ZERO, 0)}], _BOUGHT)
    words = list(dict.fromkeys(name for each in sales for name in _names(each.told.category)[:1]))
    places = [
        words.index(names[0]) if (names := _names(each.told.category)) else -1 for each in sales
    ]
    many, back = len(sales), len(credits)
    totals = [_cents(each.told.order) for each in sales]
    dear = [2 * t if e.told.discounted else t for e, t in zip(sales, totals, strict=True)]
    given_back = [-_cents(each.told.order) for each, _ in credits]
    moments = [*(each.at for each in sales), *(at for _, at in credits)]
    cancelled = [story.later(each, each.told.cancelled, now) is not None for each in sales]
    found = order_figures(
        Purchases(
            customer_id=np.full(many + back, CUSTOMER, dtype=np.int64),
            purchase_id=np.array(
                [*(each.number for each in sales), *(-each.number for each, _ in credits)],
                dtype=np.int64,
            ),
            ordered_at=pd.DatetimeIndex(moments).tz_localize(None).to_numpy("datetime64[us]"),
            is_credit=np.arange(many + back) >= many,
            is_cancelled=np.array([*cancelled, *[False] * back], dtype=bool),
            credit_of_id=np.array(
                [*[UNKNOWN] * many, *(each.number for each, _ in credits)], dtype=np.int64
            ),
            total=np.array([*totals, *given_back], dtype=np.int64),
            list_total=np.array([*dear, *given_back], dtype=np.int64),
            cost=np.full(many + back, UNKNOWN, dtype=np.int64),
            category=np.array([*places, *[-1] * back], dtype=np.int64),
            words=words,
        ),
        now,
    )
    return found.reset_index(drop=True)


def _stored(story: Story, kind: Kind, value: Any) -> Any:
    if kind == Kind.MONEY and value is not None:
        return _cents(value)
    if isinstance(value, date):
        return pd.Timestamp(story.moment(value, time()))
    return value.value if isinstance(value, StrEnum) else value


def _cents(value: float | None) -> int:
    return round((value or 0) * MINOR_UNITS)


def _names(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []

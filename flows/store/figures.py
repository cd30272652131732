"""What the store knows about each customer as of a moment.

Nothing dated after `now` is seen: no order, credit note, cancellation, complaint, settlement,
conversation, suppression or send.
"""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, func, select

from flows.store import columnar, figures_beside
from flows.store.figures_beside import Ints
from flows.store.models import Customer
from flows.store.purchases import everybodys_figures, figures_of
from segments.customer import profile
from segments.policy import Policy

_COUNTED = (
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
)
"""What is zero, not unknown, where there is nothing to count."""


def customer_figures(
    connection: Connection,
    now: datetime,
    first: int,
    last: int,
    bought: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row a customer with first <= id <= last, in order of id, also those without orders.

    customer_id, customer_key, country, locale, industry, owner, phase_before, phase_since and
    quadrant_before as stored (missing if stored for a moment after `now`); all columns of
    `segments.customer.orders.order_figures`; open_complaints, last_mood, last_contact_at,
    emails_30d, contacts. `bought` are figures of purchases already known, as
    `purchases.everybodys_figures` gives them; without them the purchases are read.
    """
    ids, columns = figures_beside.customers(connection, now, first, last)
    if bought is None:
        bought = figures_of(connection, now, first, last)
    begin, end = bought.index.searchsorted([first, last + 1])
    own = bought.iloc[begin:end]
    columns |= _beside(ids, own.index.to_numpy(), {str(name): own[name].array for name in own})
    # Who never bought anything made no margin, and that is known.
    columns["margin_12m"][columns["net_revenue_total"].isna()] = 0
    for whose, known in figures_beside.known(connection, now, first, last):
        columns |= _beside(ids, whose, known)
    filled = {name: _filled(name, values) for name, values in columns.items()}
    return pd.DataFrame({"customer_id": pd.array(ids, "Int64"), **filled}, copy=False)


def everybody_figures(connection: Connection, now: datetime) -> pd.DataFrame:
    """The same of all customers at once."""
    ends = connection.execute(select(func.min(Customer.id), func.max(Customer.id))).one()
    bought = everybodys_figures(connection, now)
    return customer_figures(connection, now, ends[0] or 1, ends[1] or 0, bought)


def base_figures(connection: Connection, now: datetime, policy: Policy) -> profile.Base:
    """The figures of the whole base that every shard is measured against."""
    return profile.base(everybodys_figures(connection, now), policy, now)


def _beside(ids: Ints, whose: Ints, columns: dict[str, Any]) -> dict[str, Any]:
    """Columns of some customers beside all `ids`, which are in order; missing for the others."""
    at = np.searchsorted(ids, whose)
    found = at < len(ids)
    found[found] = ids[at[found]] == whose[found]
    place = np.full(len(ids), -1)
    place[at[found]] = np.flatnonzero(found)
    return {name: _spread(values, place) for name, values in columns.items()}


def _spread(values: Any, place: Ints) -> Any:
    """`values` where `place` says which; missing where it says -1."""
    if not isinstance(values, np.ndarray):
        return values.take(place, allow_fill=True)
    missing: Any = np.datetime64("NaT") if values.dtype.kind == "M" else columnar.UNKNOWN
    return np.append(values, np.array([missing], dtype=values.dtype))[place]


def _filled(name: str, values: Any) -> Any:
    """A column as it leaves: whole numbers nullable, moments in UTC, zero where that is known."""
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return pd.DatetimeIndex(values).tz_localize("UTC")
    if isinstance(values, np.ndarray):
        values = pd.arrays.IntegerArray(values, values == columnar.UNKNOWN)
    return values.fillna(0) if name in _COUNTED else values

"""Sales locks: with whom a negotiation is under way, so that no advertising goes there."""

from datetime import datetime

import pandas as pd
from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Customer, SalesLock
from flows.store.session import frame

BY_HAND = "hand"
"""Source of the locks colleagues set; the company's own data set theirs as `intake`."""


def set_lock(
    connection: Connection,
    customer_key: str,
    until: datetime,
    now: datetime,
    *,
    note: str | None = None,
    source: str = BY_HAND,
) -> bool:
    """Hold advertising to a customer back until then; False if there is no such customer.

    A lock the same source set before is replaced.
    """
    customer = connection.scalar(select(Customer.id).where(Customer.key == customer_key))
    if customer is None:
        return False
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    statement = insert(SalesLock).values(
        customer_id=customer, since=now, until=until, source=source, note=note
    )
    fresh = {name: statement.excluded[name] for name in ("since", "until", "note")}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["customer_id", "source"], set_=fresh)
    )
    return True


def lift_lock(connection: Connection, customer_key: str, now: datetime) -> list[str]:
    """End every lock on a customer; the sources whose locks were ended.

    What the company's own data say comes back with the next pull for as long as they say so.
    """
    customer = select(Customer.id).where(Customer.key == customer_key).scalar_subquery()
    standing = (SalesLock.customer_id == customer, SalesLock.until > now)
    sources = sorted(connection.scalars(select(SalesLock.source).where(*standing)))
    connection.execute(update(SalesLock).where(*standing).values(until=now))
    return sources


def locks(connection: Connection, now: datetime) -> pd.DataFrame:
    """Locks in force: customer (key), since, until, source, note; those that end first on top."""
    statement = (
        select(
            Customer.key.label("customer"),
            SalesLock.since,
            SalesLock.until,
            SalesLock.source,
            SalesLock.note,
        )
        .join(Customer, Customer.id == SalesLock.customer_id)
        .where(SalesLock.since <= now, SalesLock.until > now)
    )
    return frame(connection, statement).sort_values(["until", "customer"], ignore_index=True)

"""Customers put into a journey by hand; the next plan lets them in if the journey's rules do."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from flows.store.models import Customer, ManualEntry

_AT_ONCE = 1_000


@dataclass(frozen=True)
class Entered:
    """Of a list of customers: how many are known, which are not, how many stood on it before."""

    known: int
    unknown: list[str]
    already: int


def enter(
    connection: Connection, journey: str, customer_keys: Collection[str], key: str, at: datetime
) -> Entered:
    """Put these customers into a journey. The same `key` twice changes nothing."""
    wanted = sorted(set(customer_keys))
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    found: set[str] = set()
    written = _count(connection, journey, key)
    for start in range(0, len(wanted), _AT_ONCE):
        these = select(Customer.id).where(Customer.key.in_(wanted[start : start + _AT_ONCE]))
        found.update(connection.scalars(these.with_only_columns(Customer.key)))
        rows = these.with_only_columns(
            literal(journey).label("journey"),
            Customer.id.label("customer_id"),
            literal(key).label("key"),
            literal(at, ManualEntry.__table__.c.at.type).label("at"),
        )
        connection.execute(
            insert(ManualEntry)
            .from_select(["journey", "customer_id", "key", "at"], rows)
            .on_conflict_do_nothing(index_elements=["journey", "customer_id", "key"])
        )
    new = _count(connection, journey, key) - written
    return Entered(len(found), [name for name in wanted if name not in found], len(found) - new)


def _count(connection: Connection, journey: str, key: str) -> int:
    statement = select(func.count()).where(ManualEntry.journey == journey, ManualEntry.key == key)
    return int(connection.execute(statement).scalar_one())

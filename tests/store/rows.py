"""Rows of a tiny store: what a test names, and ordinary values for the rest."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select

from flows.store.models import (
    Base,
    Contact,
    Customer,
    Enrollment,
    Permission,
    Purchase,
    Run,
    Send,
    Suppression,
)

NOW = datetime(2026, 6, 15, 5, 0, tzinfo=UTC)
"""A Monday, 7 o'clock in Berlin."""


def ago(days: float) -> datetime:
    """So many days before now."""
    return NOW - timedelta(days=days)


_ORDINARY: dict[type[Base], dict[str, Any]] = {
    Run: {"kind": "plan", "as_of": ago(1), "started_at": ago(1), "counts": {}},
    Contact: {"customer_id": 1, "email": "ada@example.com"},
    Purchase: {
        "customer_id": 1,
        "ordered_at": ago(1),
        "kind": "sale",
        "currency": "EUR",
        "total": 10_000,
    },
    Permission: {"contact_id": 1, "kind": "consent", "purpose": "advertising", "at": ago(9)},
    Suppression: {"email": "ada@example.com", "reason": "manual", "at": ago(9), "source": "test"},
    Enrollment: {
        "customer_id": 1,
        "journey": "care",
        "version": "v1",
        "arm": "treated",
        "status": "active",
        "node": "thanks",
        "arrived_at": ago(2),
        "due_at": ago(2),
        "anchor_at": ago(2),
        "entered_at": ago(2),
        "run_id": 1,
    },
    Send: {
        "enrollment_id": 1,
        "customer_id": 1,
        "contact_id": 1,
        "journey": "care",
        "version": "v1",
        "step": "thanks",
        "occurrence": 0,
        "message": "thanks",
        "purpose": "service",
        "priority": 50,
        "outcome": "deferred",
        "due_at": ago(2),
        "not_before": ago(2),
        "valid_until": ago(-9),
        "decided_at": ago(1),
        "run_id": 1,
    },
}


def put(engine: Engine, model: type[Base], *rows: dict[str, Any]) -> None:
    """Insert rows; customers, contacts and purchases are keyed by their number."""
    with engine.begin() as connection:
        for row in rows:
            values = {**_ORDINARY.get(model, {}), **row}
            if "key" in model.__table__.c and "key" not in values:
                values["key"] = f"{model.__name__[0]}{row['id']}"
            if model is Enrollment:
                values.setdefault("entry_key", f"E{row['id']}")
            connection.execute(insert(model).values(values))


def rows_of(engine: Engine, model: type[Base], *columns: str) -> list[Any]:
    """These columns of a table, in order of the first; a single column as plain values."""
    chosen = [getattr(model, name) for name in columns]
    with engine.connect() as connection:
        found = connection.execute(select(*chosen).order_by(chosen[0])).fetchall()
    return [row[0] if len(columns) == 1 else tuple(row) for row in found]


def people(engine: Engine, number: int = 1) -> None:
    """A run, and so many customers with a contact each, numbered alike."""
    put(engine, Run, {"id": 1})
    put(engine, Customer, *({"id": each} for each in range(1, number + 1)))
    put(engine, Contact, *({"id": each, "customer_id": each} for each in range(1, number + 1)))

"""Small stores to deliver from: one customer, one journey, sends as a test needs them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from flows.store.models import (
    Contact,
    Customer,
    Enrollment,
    JourneyVersion,
    Permission,
    Purchase,
    Run,
    Send,
)

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LIVE = {"welcome"}


def furnish(engine: Engine) -> None:
    """A run, a customer with a contact, an order, and the enrollment it started."""
    with engine.begin() as connection:
        connection.execute(insert(Run).values(kind="plan", as_of=NOW, started_at=NOW, counts={}))
        connection.execute(insert(Customer).values(id=1, key="C1", name="Example Ltd"))
        connection.execute(
            insert(Contact).values(id=1, key="K1", customer_id=1, email="Ada@example.com")
        )
        connection.execute(
            insert(Purchase).values(
                id=1,
                key="O1",
                customer_id=1,
                ordered_at=NOW - 5 * DAY,
                kind="sale",
                currency="EUR",
                total=50_000,
            )
        )
        connection.execute(
            insert(JourneyVersion).values(
                journey="welcome",
                version="v1",
                spec={"goal": {"event": "order", "within": "30 days"}},
                started_at=NOW - 9 * DAY,
            )
        )
        connection.execute(insert(Enrollment).values(enrollment(1)))


def enrollment(number: int, **changes: Any) -> dict[str, Any]:
    """An enrollment under way, five days old."""
    values = {
        "id": number,
        "customer_id": 1,
        "journey": "welcome",
        "version": "v1",
        "entry_key": f"order:{number}",
        "arm": "treated",
        "status": "active",
        "node": "n1",
        "arrived_at": NOW,
        "due_at": NOW,
        "anchor_at": NOW,
        "entered_at": NOW - 5 * DAY,
        "purchase_id": 1,
        "run_id": 1,
    }
    return values | changes


def send(number: int, **changes: Any) -> dict[str, Any]:
    """A send that is due and that nothing speaks against."""
    values = {
        "id": number,
        "enrollment_id": 1,
        "customer_id": 1,
        "contact_id": 1,
        "journey": "welcome",
        "version": "v1",
        "step": f"s{number}",
        "occurrence": 0,
        "message": "hello",
        "purpose": "advertising",
        "priority": 50,
        "outcome": "queued",
        "due_at": NOW - DAY,
        "not_before": changes.get("due_at", NOW - DAY),
        "valid_until": NOW + DAY,
        "decided_at": NOW - DAY,
        "run_id": 1,
    }
    return values | changes


def put(engine: Engine, *rows: dict[str, Any]) -> None:
    """Write the sends."""
    with engine.begin() as connection:
        for row in rows:
            connection.execute(insert(Send).values(row))


def objection(**changes: Any) -> dict[str, Any]:
    """The contact does not want advertising."""
    values = {
        "contact_id": 1,
        "kind": "objection",
        "purpose": "advertising",
        "at": NOW - DAY,
    }
    return values | changes


def object_to(engine: Engine, **changes: Any) -> None:
    """Write an objection."""
    with engine.begin() as connection:
        connection.execute(insert(Permission).values(objection(**changes)))


def outcomes(engine: Engine) -> dict[int, str]:
    """Where every send stands."""
    with engine.connect() as connection:
        return {row.id: row.outcome for row in connection.execute(select(Send.id, Send.outcome))}


def column(connection: Connection, name: str) -> dict[int, Any]:
    """One column of all sends."""
    table = Send.__table__
    return {row.id: row[1] for row in connection.execute(select(table.c.id, table.c[name]))}

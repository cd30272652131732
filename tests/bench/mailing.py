"""A mailing that waits in the outbox: customers, contacts who agreed, orders, and their sends.

Made inside PostgreSQL, so that a million of them are there in a minute.
"""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, text

from flows.initial import init
from flows.stages.shop import Shop, open_shop
from flows.store.bulk import look_again

NOW = datetime(2026, 6, 15, 8, 0, tzinfo=UTC)
"""A Monday, 10 o'clock in Berlin: advertising may arrive."""

MESSAGE, JOURNEY = "newsletter", "second_order"
OWNERS = 5

_TABLES = (
    """INSERT INTO owner (key, name, position, email, phone)
    SELECT 'owner_' || n, 'Katrin Lindner ' || chr(64 + n), 'Kundenbetreuung',
        'owner' || n || '@nordholz.example', '+49 5141 5550-' || n
    FROM generate_series(1, :owners) AS n""",
    """INSERT INTO customer (id, key, name, country, locale, owner)
    SELECT n, 'K' || n, 'Müller & Söhne Nr. ' || n || ' GmbH', 'DE',
        CASE WHEN n % 4 = 0 THEN 'en' ELSE 'de' END, 'owner_' || (n % :owners + 1)
    FROM generate_series(1, :count) AS n""",
    """INSERT INTO contact
        (id, key, customer_id, email, salutation, first_name, last_name, role, locale)
    SELECT n, 'P' || n, n, 'joerg' || n || '@kunde' || n % 997 || '.example',
        CASE WHEN n % 2 = 0 THEN 'mr' ELSE 'ms' END, 'Jörg', 'Weiß-' || n, 'buyer',
        CASE WHEN n % 4 = 0 THEN 'en' ELSE 'de' END
    FROM generate_series(1, :count) AS n""",
    """INSERT INTO product (id, key, name, category, list_price, unit_cost)
    SELECT n, 'S' || n, 'Schreibtisch ' || n, 'Schreibtische', 80000, 40000
    FROM generate_series(1, 50) AS n""",
    """INSERT INTO purchase (id, key, customer_id, contact_id, ordered_at, kind, currency, total)
    SELECT n, 'A' || n, n, n, CAST(:now AS timestamptz) - INTERVAL '2 days', 'sale', 'EUR',
        50000 + n % 90000
    FROM generate_series(1, :count) AS n""",
    """INSERT INTO purchase_line (id, purchase_id, line, product_id, quantity, amount)
    SELECT n * 3 + line, n, line, 1 + (n + line) % 50, 1 + n % 3, 20000
    FROM generate_series(1, :count) AS n, generate_series(1, 2) AS line""",
    """INSERT INTO permission (id, contact_id, kind, purpose, at, confirmed_at, proof)
    SELECT n, n, 'consent', 'advertising', CAST(:now AS timestamptz) - INTERVAL '90 days',
        CAST(:now AS timestamptz) - INTERVAL '90 days', 'form'
    FROM generate_series(1, :count) AS n""",
    """INSERT INTO run (kind, as_of, started_at, ended_at, counts)
    VALUES ('plan', :now, :now, :now, '{}')""",
    """INSERT INTO enrollment (id, customer_id, journey, version, entry_key, arm, status, node,
        arrived_at, due_at, anchor_at, entered_at, purchase_id, run_id)
    SELECT n, n, :journey, 'v1', 'order:' || n, 'treated', 'active', 'n1', :now, :now, :now,
        CAST(:now AS timestamptz) - INTERVAL '2 days', n, 1
    FROM generate_series(1, :count) AS n""",
    """INSERT INTO send (id, enrollment_id, customer_id, contact_id, journey, version, step,
        occurrence, message, purpose, basis, priority, outcome, due_at, not_before, valid_until,
        decided_at, run_id)
    SELECT n, n, n, n, :journey, 'v1', :message, 0, :message, 'advertising', 'consent', 50,
        'queued', :now, :now, CAST(:now AS timestamptz) + INTERVAL '5 days', :now, 1
    FROM generate_series(1, :count) AS n""",
)


_EMPTIED = (
    "send, doubt, halt, task, response, enrollment, run, permission, purchase_line, purchase, "
    "product, contact, customer, owner"
)


def company(folder: Path, settings: str) -> Shop:
    """A project whose journey is live, with these settings."""
    init(folder)
    (folder / "config" / "settings.yaml").write_text(settings, encoding="utf-8")
    journey = folder / "config" / "journeys" / f"{JOURNEY}.yaml"
    text = journey.read_text(encoding="utf-8")
    journey.write_text(text.replace("status: draft", "status: live", 1), encoding="utf-8")
    return open_shop(folder)


def fill(engine: Engine, count: int) -> None:
    """Queue so many messages; what was there before is removed."""
    values = {
        "count": count, "now": NOW, "owners": OWNERS, "journey": JOURNEY, "message": MESSAGE
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {_EMPTIED} RESTART IDENTITY CASCADE"))
        for statement in _TABLES:
            connection.execute(text(statement), values)
        look_again(connection)
    vacuum = engine.execution_options(isolation_level="AUTOCOMMIT")
    with vacuum.connect() as connection:
        connection.execute(text("VACUUM send"))

"""A base of customers and purchases of any size, drawn from a seed, streamed into a store."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from sqlalchemy import Engine, text

from flows.store.models import Base

NOW = datetime(2026, 6, 30, 6, 0, tzinfo=UTC)
YEARS = 3
BLOCK = 100_000
CATEGORIES = [f"category {number:02d}" for number in range(1, 13)]
MOODS = ["delighted", "content", "neutral", "annoyed", "angry"]

Columns = dict[str, np.ndarray]


def fill(
    engine: Engine, customers: int, purchases: int, seed: int = 7, now: datetime = NOW
) -> dict[str, int]:
    """Create the tables and fill them; the same arguments give the same rows. Counts per table."""
    Base.metadata.create_all(engine)
    rng = np.random.default_rng(seed)
    until = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    counts = {}
    for table, columns in _tables(rng, customers, purchases, until):
        counts[table] = len(next(iter(columns.values())))
        _insert(engine, table, columns)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    return counts


def _tables(
    rng: np.random.Generator, customers: int, purchases: int, until: np.datetime64
) -> Iterator[tuple[str, Columns]]:
    ids = np.arange(1, customers + 1)
    yield "owner", {"key": _names("owner", 5), "name": _names("Owner", 5), "email": _mails(5)}
    yield (
        "customer",
        {
            "id": ids,
            "key": _numbers("K", ids),
            "country": rng.choice(["DE", "AT", "CH", "NL"], customers, p=[0.7, 0.1, 0.1, 0.1]),
            "locale": rng.choice(["de", "en"], customers, p=[0.85, 0.15]),
            "industry": rng.choice(["trade", "crafts", "health", "public"], customers),
            "owner": rng.choice(_names("owner", 5), customers),
        },
    )
    yield from _people(rng, ids, until)
    yield "purchase", _purchases(rng, customers, purchases, until)
    yield from _history(rng, customers, until)


def _people(
    rng: np.random.Generator, ids: np.ndarray, until: np.datetime64
) -> Iterator[tuple[str, Columns]]:
    belongs = np.repeat(ids, rng.choice([0, 1, 2, 3], len(ids), p=[0.02, 0.58, 0.3, 0.1]))
    contacts = np.arange(1, len(belongs) + 1)
    mails = _numbers("p", contacts, "@example.com").astype(object)
    mails[rng.random(len(contacts)) < 0.03] = None
    yield (
        "contact",
        {
            "id": contacts,
            "key": _numbers("P", contacts),
            "customer_id": belongs,
            "email": mails,
            "salutation": rng.choice(["ms", "mr", "none"], len(contacts)),
            "last_name": _numbers("Name", contacts),
            "role": rng.choice(["buyer", "user", "decision_maker", "billing"], len(contacts)),
            "locale": rng.choice(["de", "en"], len(contacts), p=[0.85, 0.15]),
        },
    )
    consented = contacts[rng.random(len(contacts)) < 0.7]
    yield (
        "permission",
        {
            "id": np.arange(1, len(consented) + 1),
            "contact_id": consented,
            "kind": _same("consent", len(consented)),
            "purpose": _same("advertising", len(consented)),
            "at": _moments(rng, until, YEARS * 365, len(consented)),
            "proof": _same("form on the website", len(consented)),
        },
    )
    bounced = mails[rng.random(len(mails)) < 0.01]
    bounced = bounced[bounced != None]  # noqa: E711  (element by element)
    yield (
        "suppression",
        {
            "id": np.arange(1, len(bounced) + 1),
            "email": bounced,
            "reason": _same("hard_bounce", len(bounced)),
            "at": _moments(rng, until, 365, len(bounced)),
            "source": _same("provider", len(bounced)),
        },
    )


def _purchases(
    rng: np.random.Generator, customers: int, purchases: int, until: np.datetime64
) -> Columns:
    """Few buy often, many seldom; 3 % of the rows give an earlier order back, 1 % is cancelled."""
    credits = purchases * 3 // 100
    sales = purchases - credits
    weight = rng.gamma(0.8, size=customers)
    buyer = np.sort(rng.choice(customers, sales, p=weight / weight.sum())) + 1
    start = rng.integers(30, YEARS * 365, customers)
    active = np.where(rng.random(customers) < 0.75, 1.0, rng.random(customers))
    age = start[buyer - 1] * (1 - rng.random(sales) * active[buyer - 1])
    ordered = until - (age * 86_400_000_000).astype("timedelta64[us]")
    total = np.exp(rng.normal(10.6, 1.0, sales)).astype(np.int64) + 1
    given_back = rng.choice(sales, credits, replace=False)
    share = np.where(rng.random(credits) < 0.5, 1.0, rng.random(credits))
    later = (rng.random(credits) * 30 * 86_400_000_000).astype("timedelta64[us]")
    returned = np.minimum(ordered[given_back] + later, until)
    refund = -np.maximum((total[given_back] * share).astype(np.int64), 1)
    at = np.concatenate([ordered, returned])
    by_time = np.argsort(at, kind="stable")  # rows arrive as they happen, not customer by customer
    number = np.empty(purchases, dtype=np.int64)
    number[by_time] = np.arange(1, purchases + 1)
    full = np.concatenate([total, refund])
    cancelled = np.full(purchases, np.datetime64("NaT"), "datetime64[us]")
    dropped = np.flatnonzero(rng.random(sales) < 0.01)
    cancelled[dropped] = np.minimum(ordered[dropped] + np.timedelta64(2, "D"), until)
    credit_of = np.full(purchases, None, dtype=object)
    credit_of[sales:] = number[given_back].tolist()
    columns = {
        "id": number,
        "key": _numbers("O", number),
        "customer_id": np.concatenate([buyer, buyer[given_back]]),
        "ordered_at": at,
        "kind": np.repeat(["sale", "credit"], [sales, credits]),
        "credit_of_id": credit_of,
        "cancelled_at": cancelled,
        "currency": _same("EUR", purchases),
        "total": full,
        "list_total": (full * rng.choice([1.0, 1.15], purchases, p=[0.75, 0.25])).astype(np.int64),
        "cost": (full * 0.6).astype(np.int64),
        "category": rng.choice(CATEGORIES, purchases),
    }
    return {name: values[by_time] for name, values in columns.items()}


def _history(
    rng: np.random.Generator, customers: int, until: np.datetime64
) -> Iterator[tuple[str, Columns]]:
    complaints = max(customers // 20, 1)
    opened = _moments(rng, until, 365, complaints)
    closed = opened + np.timedelta64(9, "D")
    closed[closed > until] = np.datetime64("NaT")
    yield (
        "complaint",
        {
            "id": np.arange(1, complaints + 1),
            "key": _numbers("B", np.arange(1, complaints + 1)),
            "customer_id": rng.integers(1, customers + 1, complaints),
            "opened_at": opened,
            "closed_at": closed,
        },
    )
    calls = max(customers // 2, 1)
    yield (
        "interaction",
        {
            "id": np.arange(1, calls + 1),
            "key": _numbers("I", np.arange(1, calls + 1)),
            "customer_id": rng.integers(1, customers + 1, calls),
            "at": _moments(rng, until, 730, calls),
            "channel": rng.choice(["call", "visit", "mail"], calls),
            "direction": rng.choice(["in", "out"], calls),
            "mood": rng.choice(MOODS, calls, p=[0.1, 0.4, 0.35, 0.1, 0.05]),
        },
    )
    yield from _sends(rng, customers, until)


def _sends(
    rng: np.random.Generator, customers: int, until: np.datetime64
) -> Iterator[tuple[str, Columns]]:
    """Every customer once finished a welcome, of which three messages went out."""
    run = np.array([1])
    start = np.array([until - np.timedelta64(730, "D")])
    yield (
        "run",
        {
            "id": run,
            "kind": _same("plan", 1),
            "as_of": start,
            "started_at": start,
            "ended_at": start,
            "counts": _same("{}", 1),
        },
    )
    ids = np.arange(1, customers + 1)
    entered = _moments(rng, until - np.timedelta64(20, "D"), 300, customers)
    yield (
        "enrollment",
        {
            "id": ids,
            "customer_id": ids,
            "journey": _same("welcome", customers),
            "version": _same("0" * 16, customers),
            "entry_key": _numbers("order:", ids),
            "arm": _same("treated", customers),
            "status": _same("finished", customers),
            "reason": _same("completed", customers),
            "node": _same("end", customers),
            "arrived_at": entered,
            "due_at": entered,
            "anchor_at": entered,
            "entered_at": entered,
            "left_at": entered,
            "run_id": np.repeat(run, customers),
        },
    )
    enrollment, step = np.repeat(ids, 3), np.tile([1, 2, 3], customers)
    sent = np.repeat(entered, 3) + (step * 6).astype("timedelta64[D]")
    yield (
        "send",
        {
            "id": np.arange(1, len(step) + 1),
            "enrollment_id": enrollment,
            "customer_id": enrollment,
            "journey": _same("welcome", len(step)),
            "version": _same("0" * 16, len(step)),
            "step": np.array(["", "first", "second", "third"], dtype=object)[step],
            "occurrence": np.zeros(len(step), dtype=np.int64),
            "message": _same("welcome", len(step)),
            "purpose": _same("service", len(step)),
            "priority": np.full(len(step), 50),
            "outcome": _same("delivered", len(step)),
            "due_at": sent,
            "valid_until": sent + np.timedelta64(7, "D"),
            "decided_at": sent,
            "handed_over_at": sent,
            "run_id": np.repeat(run, len(step)),
        },
    )


def _insert(engine: Engine, table: str, columns: Columns) -> None:
    """Stream one table in blocks, past SQLAlchemy: a million rows in seconds."""
    names = ", ".join(f'"{name}"' for name in columns)
    rows = len(next(iter(columns.values())))
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        sqlite = engine.dialect.name == "sqlite"
        if sqlite:
            cursor.execute("BEGIN")
        for begin in range(0, rows, BLOCK):
            block = {name: values[begin : begin + BLOCK] for name, values in columns.items()}
            if sqlite:
                holes = ", ".join("?" * len(columns))
                cursor.executemany(
                    f'INSERT INTO "{table}" ({names}) VALUES ({holes})',
                    zip(*(_plain(values) for values in block.values()), strict=True),
                )
            else:
                text_block = io.StringIO()
                plain = {name: _plain(values, "+00") for name, values in block.items()}
                pd.DataFrame(plain, dtype=object).to_csv(text_block, index=False, header=False)
                with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN (FORMAT csv)') as copy:
                    copy.write(text_block.getvalue())
        if sqlite:
            cursor.execute("COMMIT")
        else:
            connection.commit()
    finally:
        connection.close()


def _plain(values: np.ndarray, zone: str = "") -> list[object]:
    """Values as the driver takes them; moments as the text the store's type writes."""
    if values.dtype.kind != "M":
        return values.tolist()
    texts = np.datetime_as_string(values.astype("datetime64[us]")).astype("U26")
    letters = texts.view("U1").reshape(len(texts), 26)
    letters[:, 10] = " "
    empty = np.isnat(values).tolist()
    return [
        None if missing else text + zone
        for text, missing in zip(texts.tolist(), empty, strict=True)
    ]


def _moments(rng: np.random.Generator, until: np.datetime64, days: int, count: int) -> np.ndarray:
    return until - (rng.random(count) * days * 86_400_000_000).astype("timedelta64[us]")


def _numbers(before: str, ids: np.ndarray, after: str = "") -> np.ndarray:
    return np.array([f"{before}{number}{after}" for number in ids.tolist()], dtype=object)


def _names(word: str, count: int) -> np.ndarray:
    return _numbers(f"{word}_", np.arange(1, count + 1))


def _mails(count: int) -> np.ndarray:
    return _numbers("owner", np.arange(1, count + 1), "@example.com")


def _same(word: str, count: int) -> np.ndarray:
    return np.full(count, word, dtype=object)

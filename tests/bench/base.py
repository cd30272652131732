"""A base of customers, purchases and three months of history, drawn from a seed, of any size.

Drawn block by block and streamed into a new store: memory does not grow with the purchases.
Purchases arrive as they happen, not customer by customer: few buy often, many seldom; 3 % of the
rows give an earlier order back and 1 % is cancelled.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
from sqlalchemy import Engine, text

from flows.store.revisions import VERSION_TABLE, newest
from segments.journey.program import Program
from tests.bench import history
from tests.bench.draw import DAY, any_of, moments, numbered, same
from tests.bench.stream import NOTHING, Columns, Stream

NOW = datetime(2026, 6, 30, 6, 0, tzinfo=UTC)
YEARS = 3
BLOCK = 100_000
CATEGORIES = [f"category {number:02d}" for number in range(1, 13)]
MOODS = ["delighted", "content", "neutral", "annoyed", "angry"]


def fill(
    engine: Engine,
    customers: int,
    purchases: int,
    seed: int = 7,
    now: datetime = NOW,
    programs: tuple[Program, ...] = (),
) -> dict[str, int]:
    """Make a new store and fill it; the same arguments give the same rows. Counts per table.

    `programs` are the journeys of the last three months; without any there is no history.
    """
    rng = np.random.default_rng(seed)
    until = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    stream = Stream(engine)
    stream.write(
        "owner",
        {
            "key": numbered("owner_", np.arange(1, 6), 1),
            "name": numbered("Owner ", np.arange(1, 6), 1),
            "email": numbered("owner", np.arange(1, 6), 1, "@example.com"),
        },
    )
    contacts = 1
    for first in range(1, customers + 1, BLOCK):
        ids = np.arange(first, min(first + BLOCK, customers + 1))
        for table, columns in _customers(rng, ids, contacts, until):
            stream.write(table, columns)
        contacts = stream.counts["contact"] + 1
    for columns in _purchases(rng, customers, purchases, until):
        stream.write("purchase", columns)
    if programs:
        for table, columns in history.tables(rng, customers, programs, until):
            stream.write(table, columns)
    return stream.finish()


def stamp(engine: Engine) -> None:
    """Have the program take the store for one it has made, as it is now."""
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32))"))
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES ('{newest()}')"))


def _customers(
    rng: np.random.Generator, ids: np.ndarray, first_contact: int, until: np.datetime64
) -> Iterator[tuple[str, Columns]]:
    many = len(ids)
    yield (
        "customer",
        {
            "id": ids,
            "key": numbered("K", ids),
            "country": any_of(rng, ["DE", "AT", "CH", "NL"], many, [0.7, 0.1, 0.1, 0.1]),
            "locale": any_of(rng, ["de", "en"], many, [0.85, 0.15]),
            "industry": any_of(rng, ["trade", "crafts", "health", "public"], many),
            "owner": numbered("owner_", rng.integers(1, 6, many), 1),
            "since": moments(rng, until, YEARS * 365, many),
        },
    )
    belongs = np.repeat(ids, rng.choice([0, 1, 2, 3], many, p=[0.02, 0.58, 0.3, 0.1]))
    contacts = np.arange(first_contact, first_contact + len(belongs))
    mails = numbered("p", contacts, 9, "@example.com")
    mails[rng.random(len(contacts)) < 0.03] = b""
    yield (
        "contact",
        {
            "id": contacts,
            "key": numbered("P", contacts),
            "customer_id": belongs,
            "email": mails,
            "salutation": any_of(rng, ["ms", "mr", "none"], len(contacts)),
            "last_name": numbered("Name ", contacts),
            "role": any_of(rng, ["buyer", "user", "decision_maker", "billing"], len(contacts)),
            "locale": any_of(rng, ["de", "en"], len(contacts), [0.85, 0.15]),
        },
    )
    consented = contacts[rng.random(len(contacts)) < 0.7]
    yield (
        "permission",
        {
            "id": consented,
            "contact_id": consented,
            "kind": same("consent", len(consented)),
            "purpose": same("advertising", len(consented)),
            "at": moments(rng, until, YEARS * 365, len(consented)),
            "proof": same("form on the website", len(consented)),
        },
    )
    shut = np.flatnonzero((rng.random(len(mails)) < 0.01) & (mails != b""))
    yield (
        "suppression",
        {
            "id": contacts[shut],
            "key": np.char.add(np.char.add(b"email:", mails[shut]), b":all:hard_bounce"),
            "email": mails[shut],
            "reason": same("hard_bounce", len(shut)),
            "at": moments(rng, until, 365, len(shut)),
            "source": same("provider", len(shut)),
        },
    )
    yield from _service(rng, ids, until)


def _service(
    rng: np.random.Generator, ids: np.ndarray, until: np.datetime64
) -> Iterator[tuple[str, Columns]]:
    angry = ids[rng.random(len(ids)) < 0.05]
    opened = moments(rng, until, 365, len(angry))
    closed = opened + 9 * DAY
    closed[closed > until] = np.datetime64("NaT")
    yield (
        "complaint",
        {
            "id": angry,
            "key": numbered("B", angry),
            "customer_id": angry,
            "opened_at": opened,
            "closed_at": closed,
        },
    )
    called = ids[rng.random(len(ids)) < 0.5]
    yield (
        "interaction",
        {
            "id": called,
            "key": numbered("I", called),
            "customer_id": called,
            "at": moments(rng, until, 730, len(called)),
            "channel": any_of(rng, ["call", "visit", "mail"], len(called)),
            "direction": any_of(rng, ["in", "out"], len(called)),
            "mood": any_of(rng, MOODS, len(called), [0.1, 0.4, 0.35, 0.1, 0.05]),
        },
    )


def _purchases(
    rng: np.random.Generator, customers: int, purchases: int, until: np.datetime64
) -> Iterator[Columns]:
    """Slices of time of the same number of rows; who buys is drawn by weight from who is there."""
    weight = rng.gamma(0.8, size=customers)
    begins = rng.integers(30, YEARS * 365, customers)
    ends = np.where(rng.random(customers) < 0.75, 0, rng.random(customers) * begins)
    slices = -(-purchases // BLOCK)
    width = YEARS * 365 / slices
    before: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
    for place in range(slices):
        rows = min(BLOCK, purchases - place * BLOCK)
        numbers = np.arange(place * BLOCK + 1, place * BLOCK + rows + 1)
        age = np.sort(YEARS * 365 - (place + rng.random(rows)) * width)[::-1]
        there = weight * (begins > age[-1]) * (ends < age[0])
        chances = np.cumsum(there if there.any() else weight)
        buyer = np.searchsorted(chances, rng.random(rows) * chances[-1]) + 1
        buyer = np.minimum(buyer, customers)
        total = np.exp(rng.normal(10.6, 1.0, rows)).astype(np.int64) + 1
        credit_of = np.full(rows, NOTHING)
        if before is not None:
            number, bought, paid = before
            credit = rng.choice(rows, min(rows * 3 // 100, len(number)), replace=False)
            of = rng.choice(len(number), len(credit), replace=False)
            share = np.where(rng.random(len(credit)) < 0.5, 1.0, rng.random(len(credit)))
            credit_of[credit], buyer[credit] = number[of], bought[of]
            total[credit] = -np.maximum((paid[of] * share).astype(np.int64), 1)
        sale = total > 0
        ordered = until - (age * 86_400_000_000).astype("timedelta64[us]")
        cancelled = np.full(rows, np.datetime64("NaT"), "datetime64[us]")
        dropped = np.flatnonzero(sale & (rng.random(rows) < 0.01))
        cancelled[dropped] = np.minimum(ordered[dropped] + 2 * DAY, until)
        list_total = (total * rng.choice([1.0, 1.15], rows, p=[0.75, 0.25])).astype(np.int64)
        yield {
            "id": numbers,
            "key": numbered("O", numbers),
            "customer_id": buyer,
            "ordered_at": ordered,
            "kind": np.where(sale, b"sale", b"credit"),
            "credit_of_id": credit_of,
            "cancelled_at": cancelled,
            "currency": same("EUR", rows),
            "total": total,
            "list_total": list_total,
            "cost": (total * 0.6).astype(np.int64),
            "category": any_of(rng, CATEGORIES, rows),
        }
        before = numbers[sale], buyer[sale], total[sale]

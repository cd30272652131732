"""What a message costs: its facts, its text, its bytes, and what is kept of it.

Ratios are to what bare Jinja takes in the same run for a template that holds the finished text and
prints the same few values into it. The shipped messages go to a drawn base of customers.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from jinja2 import Environment
from sqlalchemy import Connection, create_engine, insert, text

from flows.config import load
from flows.messages.compose import compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.sample import AT, Sample, read_sample
from flows.shipping import shipped
from flows.store.facts import MessageFacts, message_facts
from flows.store.models import Enrollment, Product, PurchaseLine, Run, Send
from flows.store.session import open_store
from tests import postgres
from tests.bench.base import NOW, fill
from tests.bench.report import figure

CUSTOMERS = 5_000
PURCHASES = 20_000
BLOCK = 500
BATCH = 50
TIMES = 40
BUDGET = 100.0
"""Microseconds for a newsletter, from its facts to the message ready to be handed over."""


def main() -> None:
    """Measure writing, then the facts of a block on each database."""
    project = load(shipped())
    settings, senders = project.settings, project.senders
    house = Letterhead(
        senders, project.policy, settings.unsubscribe, b"bench", "https://mail.example"
    )
    library = Library.open(project.templates)
    bare = 0.0
    for name in library.names:
        sample = read_sample(project.templates / name / "sample.yaml")
        for locale in library.locales(name) if isinstance(sample, Sample) else ():
            taken = _writing(library, house, _people(sample.facts(name, locale)))
            bare = taken if name == "newsletter" else bare
    for database, address in _databases():
        _facts(database, address, bare)


def _writing(library: Library, house: Letterhead, people: Sequence[MessageFacts]) -> float:
    """One message in one language; what bare Jinja takes for it."""
    made = [compose(library, facts, house, AT) for facts in people]
    first = made[0]
    case = f"{first.message}, {first.locale}"
    bare = _best(_bare(first.outgoing.html, first.outgoing.text, people[0]), people)
    budget = BUDGET if first.message == "newsletter" else None
    took = _best(lambda facts: compose(library, facts, house, AT), people)
    figure("render", f"{case}, composed", took, "us", budget, took / bare)
    took = _best(lambda each: each.outgoing.as_bytes(), made)
    figure("render", f"{case}, in MIME", took, "us", ratio=took / bare)
    kept = float(np.mean([len(each.context.encode()) for each in made]))
    figure("render", f"{case}, kept of a send", kept, "bytes")
    figure("render", f"{case}, kept once for all", len(first.sources), "bytes")
    return bare


def _bare(html: str, plain: str, facts: MessageFacts) -> Callable[[MessageFacts], object]:
    """The same texts as plain templates: finished, but for the values of this one person."""
    owner = facts.owner
    values = {
        "last_name": facts.last_name,
        "name": owner and owner.name,
        "position": owner and owner.position,
        "email": owner and owner.email,
    }
    for name, value in values.items():
        if value:
            html = html.replace(value, f"{{{{ {name} }}}}")
            plain = plain.replace(value, f"{{{{ {name} }}}}")
    page = Environment(autoescape=True).from_string(html)  # the page only
    letter = Environment().from_string(plain)  # noqa: S701
    return lambda facts: (page.render(values), letter.render(values))


def _people(facts: MessageFacts) -> list[MessageFacts]:
    return [
        replace(facts, send_id=n, contact_id=n, first_name=f"Ada{n}", email=f"p{n}@kunde.example")
        for n in range(1, TIMES * BATCH + 1)
    ]


def _best(work: Callable[[Any], object], items: Sequence[Any]) -> float:
    """Microseconds for one, in the quickest batch: others use the machine as well."""
    quickest = float("inf")
    for start in range(0, len(items), BATCH):
        began = perf_counter()
        for item in items[start : start + BATCH]:
            work(item)
        quickest = min(quickest, (perf_counter() - began) / BATCH)
    return quickest * 1e6


def _databases() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        yield "sqlite", f"sqlite:///{folder}/store.db"
    if postgres.programs() is None:
        print("PostgreSQL's programs are not installed", file=sys.stderr)
        return
    with _database() as address:
        yield "postgresql", address


@contextmanager
def _database() -> Iterator[str]:
    with postgres.server() as server:
        admin = create_engine(
            f"{server}/postgres".replace("postgresql://", "postgresql+psycopg://"),
            isolation_level="AUTOCOMMIT",
        )
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE bench"))
        admin.dispose()
        yield f"{server}/bench"


def _facts(database: str, address: str, bare: float) -> None:
    """The facts of a block of sends, with and without what was ordered."""
    engine = open_store(address)
    fill(engine, CUSTOMERS, PURCHASES)
    with engine.begin() as connection:
        sends = _queue(connection)
        connection.execute(text("ANALYZE"))
    with engine.connect() as connection:
        for what, prints in (
            ("without orders", lambda name: False),
            ("with orders", lambda name: True),
        ):
            quickest = float("inf")
            for start in [*range(0, len(sends) - BLOCK, BLOCK)] * 2:
                block = sends[start : start + BLOCK]
                began = perf_counter()
                found = message_facts(connection, block, NOW, "owner_1", prints_order=prints)
                quickest = min(quickest, (perf_counter() - began) / len(found))
            case = f"facts of {BLOCK} sends {what}, {database}"
            figure("render", case, quickest * 1e6, "us", ratio=quickest * 1e6 / bare)
    engine.dispose()


def _queue(connection: Connection) -> list[int]:
    """A send to each customer's first contact, about its latest order; three lines an order."""
    run = {"id": 1, "kind": "plan", "as_of": NOW, "started_at": NOW, "counts": {}}
    connection.execute(insert(Run), [run])
    products = [{"id": n, "key": f"T{n}", "name": f"Table {n}"} for n in range(1, 101)]
    connection.execute(insert(Product), products)
    lines = [
        {"purchase_id": n, "line": line, "product_id": (n + line) % 100 + 1,
         "quantity": 1.0 + line, "amount": 100 * line}
        for n in range(1, PURCHASES + 1) for line in (1, 2, 3)
    ]  # fmt: skip
    connection.execute(insert(PurchaseLine), lines)
    contacts = connection.execute(
        text("SELECT customer_id, min(id) FROM contact GROUP BY customer_id")
    ).all()
    own = {
        "journey": "newsletter", "version": "v1", "arm": "treated", "status": "active", "node": "s",
        "arrived_at": NOW, "due_at": NOW, "anchor_at": NOW, "entered_at": NOW, "run_id": 1,
    }  # fmt: skip
    connection.execute(
        insert(Enrollment),
        [{**own, "id": n, "customer_id": n, "entry_key": f"e{n}"} for n, _ in contacts],
    )
    own = {
        "journey": "newsletter", "version": "v1", "step": "s", "message": "newsletter",
        "purpose": "advertising", "basis": "consent", "priority": 50, "outcome": "queued",
        "due_at": NOW, "not_before": NOW, "valid_until": NOW, "decided_at": NOW, "run_id": 1,
    }  # fmt: skip
    connection.execute(
        insert(Send),
        [
            {**own, "id": n, "enrollment_id": n, "customer_id": n, "contact_id": contact}
            for n, contact in contacts
        ],
    )
    return [n for n, _ in contacts]


if __name__ == "__main__":
    main()

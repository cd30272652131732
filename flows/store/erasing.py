"""Forgetting a person: every table made to lead nowhere, while what reports count stays."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from flows.store.holdings import HELD, READ_OTHERWISE, TABLES, Person, rows
from flows.store.machine import move
from flows.store.models.suppression import key_of
from flows.store.suppressing import Bar, clean_address, suppress_all
from segments.names import Outcome, SkipReason, SuppressionReason

ERASED = "[erased]"
SOURCE = "erase"
_SHORTEST = 3
_AT_ONCE = 200

_BLANKED: Mapping[str, tuple[str, ...]] = {
    "contact": (
        "email",
        "salutation",
        "title",
        "first_name",
        "last_name",
        "role",
        "locale",
        "zone",
    ),
    "purchase": ("contact_id",),
    "interaction": ("note",),
    "send": ("context", "provider_id", "detail"),
    "response": ("detail",),
    "survey_answer": ("answer",),
}
"""Columns that go, whatever is in them; from other texts names and address are taken out."""

_TEXTS = frozenset(
    {"note", "about", "detail", "why", "known", "notice", "source", "proof", "wording", "answer"}
)
_KEPT_OF_A_RESPONSE = (bool, int, float)


@dataclass(frozen=True)
class Erased:
    """What was done, table by table in rows, and what else there is to know."""

    changed: Counter[str]
    queued: int
    sharing: int
    """Other contacts with the same address, which they lost as well."""


def erase(
    connection: Connection, who: Person, now: datetime, hash_of: Callable[[str], str]
) -> Erased:
    """Take everything that leads to this person out of every table. Safe to repeat.

    `hash_of` makes the keyed hash by which the address, and the company's numbers of the person,
    are known again when somebody brings them back.
    """
    changed: Counter[str] = Counter()
    queued = _stop(connection, who)
    scrub = scrubber(who)
    changed["event_batch"] = _batches(connection, who, scrub)
    changed["reject"] = _rejects(connection, who, scrub)
    changed["suppression"] = _suppressions(connection, who, now, hash_of, scrub)
    for name in HELD:
        if name not in (*READ_OTHERWISE, "reject", "suppression", "contact", "customer"):
            changed[name] = _scrubbed(connection, name, who, scrub)
    sharing = _shared(connection, who)
    changed["customer"] = _customer(connection, who, now, hash_of)
    changed["contact"] = _contact(connection, who)
    return Erased(+changed, queued, sharing)


def scrubber(who: Person) -> Callable[[str], str]:
    """Takes the person's address and names out of a text."""
    full = f"{who.first_name} {who.last_name}" if who.first_name and who.last_name else None
    found = [who.email, full, who.last_name, who.first_name]
    words = [re.escape(each) for each in found if each and len(each) >= _SHORTEST]
    if not words:
        return lambda text: text
    # Whole words: a Mr Berg is not to be taken out of every Bergmann.
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
    return lambda text: pattern.sub(ERASED, text)


def _stop(connection: Connection, who: Person) -> int:
    """What waits for them goes to nobody."""
    send = TABLES["send"]
    statement = move(Outcome.CANCELLED).where(send.c.contact_id == who.contact_id)
    return connection.execute(statement.values(reason=SkipReason.SUPPRESSED)).rowcount


def _scrubbed(connection: Connection, name: str, who: Person, scrub: Callable[[str], str]) -> int:
    """Columns that go are emptied, other texts scrubbed; how many rows changed."""
    table = TABLES[name]
    if name == "preference":
        return connection.execute(delete(table).where(HELD[name](table, who))).rowcount
    number = 0
    for row in rows(connection, name, who):
        fresh = _fresh(table, row, who, scrub)
        if fresh:
            same = [column == row[column.name] for column in table.primary_key.columns]
            number += connection.execute(update(table).where(*same).values(fresh)).rowcount
    return number


def _fresh(
    table: Table, row: Mapping[str, Any], who: Person, scrub: Callable[[str], str]
) -> dict[str, Any]:
    """What is to be written anew in a row."""
    personal = "contact_id" not in row or row["contact_id"] == who.contact_id
    fresh: dict[str, Any] = {}
    for name, value in row.items():
        if value is None:
            continue
        if personal and name in _BLANKED.get(table.name, ()):
            fresh[name] = _blank(table, name, value)
        elif isinstance(value, str) and name in _TEXTS:
            fresh[name] = scrub(value)
    return {name: value for name, value in fresh.items() if value != row[name]}


def _blank(table: Table, name: str, value: Any) -> Any:
    if isinstance(value, dict):
        # Whether it was a machine or a hard bounce is a figure; words may tell of the person.
        return {key: each for key, each in value.items() if isinstance(each, _KEPT_OF_A_RESPONSE)}
    return None if table.c[name].nullable else ERASED


def _suppressions(
    connection: Connection,
    who: Person,
    now: datetime,
    hash_of: Callable[[str], str],
    scrub: Callable[[str], str],
) -> int:
    """The address is replaced by its hash, which goes on barring it; the person stays barred."""
    table = TABLES["suppression"]
    for row in rows(connection, "suppression", who):
        noted = {name: scrub(row[name]) for name in ("source", "note", "ended_why") if row[name]}
        if any(row[name] != value for name, value in noted.items()):
            connection.execute(update(table).where(table.c.id == row["id"]).values(noted))
    number = 0
    if who.email:
        number = hash_addresses(connection, {clean_address(who.email): hash_of(who.email)}, now)
    reason = SuppressionReason.ERASURE
    bars = [
        Bar(reason, SOURCE, now, contact_id=who.contact_id),
        Bar(reason, SOURCE, now, email_hash=hash_of(f"contact {who.key}")),
    ]
    if who.email:
        bars.append(Bar(reason, SOURCE, now, email_hash=hash_of(who.email)))
    return number + suppress_all(connection, bars)


def hash_addresses(connection: Connection, hashes: Mapping[str, str], now: datetime) -> int:
    """Suppressions of these addresses name only their hash from now on; how many."""
    table = TABLES["suppression"]
    held = select(table).where(table.c.email.in_(sorted(hashes)))
    found = connection.execute(held).mappings().all()
    for row in found:
        bare = {**row, "email": None, "email_hash": hashes[row["email"]]}
        key = key_of(bare)
        fresh: dict[str, Any] = {"email": None, "email_hash": bare["email_hash"], "key": key}
        stands = select(table.c.id).where(table.c.key == key, table.c.ended_at.is_(None))
        if row["ended_at"] is None and connection.execute(stands).first() is not None:
            fresh |= {"ended_at": now, "ended_by": SOURCE, "ended_why": "the same stands already"}
        connection.execute(update(table).where(table.c.id == row["id"]).values(fresh))
    return len(found)


def _rejects(connection: Connection, who: Person, scrub: Callable[[str], str]) -> int:
    """Rows that were refused: all cells of one that names the person, and texts that quote them."""
    table = TABLES["reject"]
    named = {text.lower() for text in (who.email, who.key) if text}
    held = connection.execute(select(table).where(table.c.value.is_not(None))).mappings().all()
    theirs = {
        (row["source"], row["place"], row["row"]) for row in held if row["value"].lower() in named
    }
    number = 0
    for row in held:
        whole = (row["source"], row["place"], row["row"]) in theirs
        value = None if whole else scrub(row["value"])
        fresh = {"value": value, "reason": scrub(row["reason"])}
        if any(row[name] != each for name, each in fresh.items()):
            connection.execute(update(table).where(table.c.id == row["id"]).values(fresh))
            number += 1
    return number


def _batches(connection: Connection, who: Person, scrub: Callable[[str], str]) -> int:
    """Events as they were posted: the address is cut out of them, a mail of theirs goes whole."""
    if not who.email:
        return 0
    table = TABLES["event_batch"]
    needle = re.compile(re.escape(who.email.encode()), re.IGNORECASE)
    last = number = 0
    while True:
        found = connection.execute(
            select(table.c.id, table.c.source, table.c.body)
            .where(table.c.id > last)
            .order_by(table.c.id)
            .limit(_AT_ONCE)
        ).all()
        if not found:
            return number
        last = found[-1].id
        for row in found:
            if needle.search(row.body):
                mail = row.source == "inbound"
                body = b"" if mail else needle.sub(ERASED.encode(), row.body)
                connection.execute(update(table).where(table.c.id == row.id).values(body=body))
                number += 1


def _shared(connection: Connection, who: Person) -> int:
    """Others kept under the same address lose it, too: it is the address that was erased."""
    if not who.email:
        return 0
    contact = TABLES["contact"]
    return connection.execute(
        update(contact)
        .where(contact.c.email == who.email, contact.c.id != who.contact_id)
        .values(email=None)
    ).rowcount


def _customer(
    connection: Connection, who: Person, now: datetime, hash_of: Callable[[str], str]
) -> int:
    """A household, or a firm called after the person, loses its name."""
    name = who.customer_name
    if not name or scrubber(who)(name) == name:
        return 0
    customer = TABLES["customer"]
    mark = Bar(
        SuppressionReason.ERASURE, SOURCE, now, email_hash=hash_of(f"customer {who.customer_key}")
    )
    suppress_all(connection, [mark])
    mine = update(customer).where(customer.c.id == who.customer_id)
    return connection.execute(mine.values(name=None)).rowcount


def _contact(connection: Connection, who: Person) -> int:
    contact = TABLES["contact"]
    nothing = dict.fromkeys(_BLANKED["contact"])
    mine = update(contact).where(contact.c.id == who.contact_id)
    return connection.execute(mine.values(key=f"erased {who.contact_id}", **nothing)).rowcount


def erased_hashes(connection: Connection) -> frozenset[str]:
    """The hashes of all that was erased and must not come back."""
    table = TABLES["suppression"]
    return frozenset(
        connection.scalars(
            select(table.c.email_hash).where(
                table.c.reason == SuppressionReason.ERASURE,
                table.c.email_hash.is_not(None),
                table.c.ended_at.is_(None),
            )
        )
    )

"""`stammkunde export`: everything we hold about a person, as JSON and as a page to read."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import Connection

from flows import clock
from flows.consent import as_data
from flows.disclosure import about, page
from flows.errors import ConfigError
from flows.explaining import explained, plain
from flows.moments import moment
from flows.outgoing import Outgoing
from flows.stages.delivering import as_delivered
from flows.stages.shop import Shop, open_shop
from flows.store import proofs
from flows.store.batches import holding
from flows.store.holdings import HELD, READ_OTHERWISE, Person, person, rows
from flows.store.ledger import read_ledger
from flows.store.session import reading

_OURS = {"block", "body", "claim_id", "lease_until", "context", "email_hash", "key_hash"}
"""Columns that say nothing about the person beyond what is told in other words beside them."""


def export_contact(folder: Path, contact: str, out: Path | None, as_of: str | None) -> None:
    """Write both files; every one of them is readable by its owner only."""
    shop = open_shop(folder)
    now = moment(as_of, shop.project.policy.zone, clock.now())
    with reading(shop.engine) as connection:
        who = person(connection, contact)
        if who is None:
            raise ConfigError.at("export", f'there is no contact "{contact}" (any more)')
        found = everything(shop, connection, who, now)
    into = out or folder / "var" / "exports" / re.sub(r"[^\w.-]+", "_", contact)
    into.mkdir(parents=True, exist_ok=True)
    written = {
        "data.json": json.dumps(found, ensure_ascii=False, indent=2) + "\n",
        "data.html": page(found, shop.project),
    }
    for name, text in written.items():
        file = into / name
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8")
        typer.echo(file)


def everything(shop: Shop, connection: Connection, who: Person, now: datetime) -> dict[str, Any]:
    """All that is held, in the order a person would ask for it."""
    customer = who.customer_key
    return {
        "about": about(shop.project, who.key, customer, now),
        "profile": plain(explained(shop, connection, customer, None, now).profile),
        "consents": [
            as_data(each, now, shop.project.folder)
            for each in proofs.proofs(connection, who.contact_id)
        ],
        "messages": list(_messages(shop, connection, who)),
        "decisions": _decisions(connection, who),
        "events_as_posted": list(_posted(connection, who)),
        "tables": {
            name: list(_told(rows(connection, name, who), who))
            for name in HELD
            if name not in READ_OTHERWISE
        },
    }


def _told(found: list[dict[str, Any]], who: Person) -> Iterator[dict[str, Any]]:
    """Rows as they are, less those about a colleague of theirs, whose data they are."""
    for row in found:
        if row.get("contact_id") in (None, who.contact_id):
            yield {
                name: _value(value)
                for name, value in row.items()
                if value is not None and name not in _OURS
            }


def _messages(shop: Shop, connection: Connection, who: Person) -> Iterator[dict[str, Any]]:
    """Every message that left, word for word where its text is still kept."""
    for row in rows(connection, "send", who):
        if row["handed_over_at"] is None:
            continue
        _, mail = as_delivered(shop, row["id"])
        told = {name: _value(row[name]) for name in ("id", "message", "purpose", "basis")}
        yield {**told, "sent_at": _value(row["handed_over_at"]), **_words(mail)}


def _words(mail: Outgoing | None) -> Mapping[str, str]:
    if mail is None:
        return {"text": "", "note": "the text is no longer kept"}
    return {"to": mail.to_email, "subject": mail.subject, "text": mail.text}


def _decisions(connection: Connection, who: Person) -> list[dict[str, Any]]:
    """What was decided about them, and what about their customer before anybody was chosen."""
    found = read_ledger(connection, who.customer_id)
    own = found[found["contact_id"].isna() | (found["contact_id"] == who.contact_id)]
    records = own.astype(object).where(own.notna(), None).to_dict("records")
    return [
        {str(name): _value(value) for name, value in row.items() if value is not None}
        for row in records
    ]


def _posted(connection: Connection, who: Person) -> Iterator[dict[str, Any]]:
    """What providers posted to us about the address, and mails from it, as they came."""
    if not who.email:
        return
    for batch in holding(connection, who.email):
        told = {"source": batch.source, "received_at": _value(batch.received_at)}
        yield {**told, "content": _own(batch.body, who.email)}


def _own(body: bytes, email: str) -> Any:
    """Of a batch about many people only what is about this one; a mail is all theirs."""
    try:
        found = json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
    each = found if isinstance(found, list) else [found]
    return [one for one in each if email.lower() in json.dumps(one, ensure_ascii=False).lower()]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    return value

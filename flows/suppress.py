"""Whom not to write to, by hand: suppressed, listed, and lifted with a reason."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import Connection

from flows import clock
from flows.erased import hashes
from flows.errors import ConfigError, Fault
from flows.moments import moment
from flows.plain import print_tables
from flows.reporting.words import person_said, say, whence, word
from flows.stages.shop import Shop, open_shop
from flows.store import suppressed
from flows.store.session import writing
from flows.store.suppressing import Bar, lift, suppress_all
from segments.names import Locale, Purpose, SuppressionReason
from segments.rules import meant

BY_HAND = "by hand"
_MOST = 20


@dataclass(frozen=True)
class Whom:
    """Whom a command is about: an address, a contact's number or a customer's."""

    email: str | None = None
    contact: str | None = None
    customer: str | None = None

    def told(self, locale: Locale = Locale.EN) -> str:
        """It in words."""
        if self.email is not None:
            return self.email
        kind = "whom_contact" if self.contact else "whom_customer"
        return say(kind, locale, number=self.contact or self.customer)


def suppress_by_hand(
    folder: Path,
    whom: Whom,
    file: Path | None,
    purpose: str | None,
    reason: str | None,
    as_of: str | None,
) -> None:
    """Bar somebody, or everybody on a list, from one purpose or from everything."""
    shop = open_shop(folder)
    now, locale = moment(as_of, shop.project.policy.zone, clock.now()), shop.project.policy.locale
    meant_for = _purpose(purpose)
    why, note = _reason(reason)
    wanted = (
        list(_listed(file, meant_for, why, note)) if file else [(0, whom, meant_for, why, note)]
    )
    source = f"list {file.name}" if file else BY_HAND
    faults: list[Fault] = []
    bars: list[Bar] = []
    with writing(shop.engine) as connection:
        for line, each, scope, because, told in wanted:
            found = _found(connection, each)
            if isinstance(found, str):
                faults.append(Fault(str(file) if file else "suppress", line, found))
            else:
                bars.append(Bar(because, source, now, **found, purpose=scope, note=told))
        if faults and not file:
            raise ConfigError(faults)
        new = suppress_all(connection, bars)
    if file:
        typer.echo(say("bar_list", locale, new=new, known=len(bars) - new))
        if faults:
            raise ConfigError(faults)
        return
    what = ("bar_purpose" if meant_for else "bar_everything") if new else "bar_before"
    purpose = word(Purpose, meant_for, locale) if meant_for else ""
    typer.echo(say(what, locale, purpose=purpose, who=whom.told(locale)))


def lift_by_hand(
    folder: Path,
    whom: Whom,
    purpose: str | None,
    by: str,
    why: str,
    as_of: str | None,
    *,
    force: bool,
) -> None:
    """Lift what stands against somebody; what the law demands only with force."""
    shop = open_shop(folder)
    now, locale = moment(as_of, shop.project.policy.zone, clock.now()), shop.project.policy.locale
    scope = _purpose(purpose)
    if not why.strip():
        raise ConfigError.at("--why", "say why: it is kept with the suppression")
    with writing(shop.engine) as connection:
        found = _found(connection, whom)
        if isinstance(found, str):
            raise ConfigError.at("unsuppress", found)
        if whom.email is not None:
            found["email_hashes"] = hashes(folder, whom.email)
        rows = suppressed.standing_rows(connection, now, **found)
        rows = [row for row in rows if scope is None or row["purpose"] == scope]
        if not rows:
            what = f" from {scope} messages" if scope else ""
            raise ConfigError.at("unsuppress", f"{whom.told()} is not suppressed{what}")
        hard = [row for row in rows if row["reason"] in suppressed.OWN_WILL]
        if hard and not force:
            raise ConfigError([Fault("unsuppress", 0, _refusal(row, shop)) for row in hard])
        lifted = lift(connection, [row["id"] for row in rows], now, by=by, why=why)
    typer.echo(say("bar_lifted", locale, n=lifted, who=whom.told(locale), by=by, why=why))
    objections = {"contact_id": found.get("contact_id"), "email": found.get("email")}
    with shop.engine.connect() as connection:
        if suppressed.objects(connection, now, **objections):
            typer.echo(say("bar_objection", locale))


def list_suppressions(folder: Path, whom: Whom, as_of: str | None, *, as_json: bool) -> None:
    """What stands, of everybody or of one."""
    shop = open_shop(folder)
    now, locale = moment(as_of, shop.project.policy.zone, clock.now()), shop.project.policy.locale
    about: dict[str, Any] = {}
    with shop.engine.connect() as connection:
        if whom != Whom():
            found = _found(connection, whom)
            if isinstance(found, str):
                raise ConfigError.at("suppress", found)
            about = found
        rows = suppressed.listed(connection, now, **about)
    if as_json:
        typer.echo(json.dumps([_plain(row) for row in rows], ensure_ascii=False, indent=2))
        return
    if not rows:
        typer.echo(say("bar_not_them" if about else "bar_nobody", locale, who=whom.told(locale)))
        return
    zone = shop.project.policy.zone

    def cells(row: dict[str, Any]) -> dict[str, object]:
        purpose = row["purpose"]
        return {
            "bar_who": _named(row, locale),
            "bar_not_for": word(Purpose, purpose, locale) if purpose else say("bar_all", locale),
            "bar_because": word(SuppressionReason, row["reason"], locale),
            "bar_since": _local(row["at"], zone),
            "bar_source": whence(row["source"], locale),
            "bar_note": row["note"] or "",
        }

    print_tables([[{say(name, locale): cell for name, cell in cells(row).items()} for row in rows]])


def _found(connection: Connection, whom: Whom) -> dict[str, Any] | str:
    """The row it means, or what is wrong."""
    named = [each for each in (whom.email, whom.contact, whom.customer) if each]
    if len(named) != 1:
        return "name one: an address, --contact KEY or --customer KEY"
    if whom.email:
        if not suppressed.is_address(whom.email):
            return f'"{whom.email}" is no e-mail address'
        return {"email": whom.email}
    kind = "contact" if whom.contact else "customer"
    number = suppressed.number_of(connection, kind, named[0])
    if number is None:
        return f'there is no {kind} "{named[0]}"'
    return {f"{kind}_id": number}


def _listed(
    file: Path, purpose: Purpose | None, reason: SuppressionReason, note: str | None
) -> Iterator[tuple[int, Whom, Purpose | None, SuppressionReason, str | None]]:
    """The rows of a CSV with a column email, contact or customer; purpose, reason, note besides."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = file.read_text(encoding="cp1252")
    head = text.partition("\n")[0]
    rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in head else ",")
    names = {name.strip().lower(): name for name in rows.fieldnames or [] if name}
    if not {"email", "contact", "customer"} & names.keys():
        raise ConfigError.at(file, 'the first line needs a column "email", "contact" or "customer"')
    for row in rows:
        cells = {ours: (row[theirs] or "").strip() for ours, theirs in names.items()}
        if not any(cells.values()):
            continue
        because, told = _reason(cells.get("reason")) if cells.get("reason") else (reason, note)
        named = (cells.get(name) or None for name in ("email", "contact", "customer"))
        scope = _purpose(cells["purpose"]) if cells.get("purpose") else purpose
        yield rows.line_num, Whom(*named), scope, because, cells.get("note") or told


def _purpose(written: str | None) -> Purpose | None:
    if written is None:
        return None
    if written not in set(Purpose):
        known = ", ".join(Purpose)
        raise ConfigError.at(
            "--purpose", f'"{written}" is none of {known}{meant(written, set(Purpose))}'
        )
    return Purpose(written)


def _reason(written: str | None) -> tuple[SuppressionReason, str | None]:
    """One of our words, or a sentence, which is kept as a note."""
    if written in set(SuppressionReason):
        return SuppressionReason(written), None
    return SuppressionReason.MANUAL, written


def _refusal(row: dict[str, Any], shop: Shop) -> str:
    since = _local(row["at"], shop.project.policy.zone)
    if row["reason"] == SuppressionReason.ERASURE:
        return (
            f"erased on {since}: they asked to be forgotten, and this keeps them from coming back. "
            "Only if they themselves ask for it: --force"
        )
    return (
        f"{row['reason']} of {since} is the person's own will (Art. 21 GDPR, § 7 UWG): writing "
        "again would be unlawful. Ask them anew with stammkunde consent --request, or, where it "
        "was noted by mistake: --force"
    )


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in row.items()
        if name != "id"
    }


def _named(row: dict[str, Any], locale: Locale) -> str:
    """Whom it names; of somebody erased only a hash is left."""
    if row["email"]:
        return str(row["email"])
    contact = person_said(row["contact"], locale) if row["contact"] else None
    whom = Whom(contact=contact, customer=row["customer"])
    return say("bar_erased", locale) if whom == Whom() else whom.told(locale)


def _local(when: datetime, zone: str) -> str:
    return f"{when.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"

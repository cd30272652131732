"""Mail that was posted to us is worked through: found its message, told its owner, or put aside."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from flows import tokens
from flows.responses import inbound
from flows.responses.mail import Mail, Sort, read
from flows.responses.mail_words import WORDS
from flows.store.arriving import Event, known_keys
from flows.store.batches import Applied, Batch, applied, pending_batches
from flows.store.inbox import Kept, keep
from flows.store.mail_in import MailIn, Writer, addressees, write_mails, writers
from flows.store.session import writing
from flows.store.unsubscribing import unsubscribe
from segments.names import Locale, ResponseKind

_AT_ONCE = 32 * 1024 * 1024
_OF_A_SEND = re.compile(r"(?:^|\+)s([0-9]{1,18})\.([0-9a-f]{12})@", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![\w-])[\w-]{32}(?![\w-])", re.ASCII)
_LONGEST_NOTE = 10_000

_KINDS = {
    Sort.REPLY: ResponseKind.REPLY,
    Sort.BOUNCE: ResponseKind.BOUNCE,
    Sort.DELAY: ResponseKind.DEFERRED,
    Sort.ARRIVED: ResponseKind.DELIVERED,
    Sort.COMPLAINT: ResponseKind.COMPLAINT,
}
_REPORTS = frozenset({Sort.BOUNCE, Sort.DELAY, Sort.ARRIVED, Sort.COMPLAINT})


@dataclass(frozen=True)
class MailDesk:
    """With what mail is worked through.

    secrets  those of our links, by which a message that is answered is known
    owner    who gets what is of no customer
    """

    secrets: Sequence[bytes]
    owner: str
    locale: Locale


@dataclass(frozen=True)
class MailReport:
    """What mail brought, in counts; `waiting` came after `now`."""

    events: list[Event]
    kept: Kept
    tasks: int = 0
    unreadable: int = 0
    unsubscribed: int = 0
    waiting: int = 0


@dataclass(frozen=True)
class _Came:
    mail: Mail
    at: datetime
    batch: int


def take_mail(engine: Engine, desk: MailDesk, now: datetime, run_id: int) -> list[MailReport]:
    """Work through all mail that waits; what it brought, a report for each transaction."""
    reports: list[MailReport] = []
    last = 0
    while True:
        with engine.connect() as connection:
            found = pending_batches(connection, inbound.SOURCE, last, _AT_ONCE)
        if not found:
            return reports
        last = found[-1].id
        due = [batch for batch in found if batch.received_at <= now]
        came = {batch.id: _opened(batch) for batch in due}
        done = [
            Applied(number, 1 if each else 0, None if each else "there is no mail in it")
            for number, each in came.items()
        ]
        with writing(engine) as connection:
            report = _work(connection, desk, [each for each in came.values() if each], now, run_id)
            applied(connection, done, now)
        unreadable = sum(each is None for each in came.values())
        reports.append(replace(report, unreadable=unreadable, waiting=len(found) - len(due)))


def _opened(batch: Batch) -> _Came | None:
    form = inbound.fields(batch.body)
    raw = inbound.raw_mail(form)
    if raw is None:
        return None
    sender, to = inbound.envelope(form)
    return _Came(read(raw, sender, to), batch.received_at, batch.id)


def _work(
    connection: Connection, desk: MailDesk, came: Sequence[_Came], now: datetime, run_id: int
) -> MailReport:
    known = known_keys(connection, {each.mail.key for each in came})
    new = {each.mail.key: each for each in reversed(came) if each.mail.key not in known}
    named = {key: _sends(desk, each.mail) for key, each in new.items()}
    sent = addressees(connection, {number for numbers in named.values() for number in numbers})
    known_by = writers(connection, {each.mail.sender for each in new.values()}, now)
    events, written = [], []
    unsubscribed = 0
    for key, each in sorted(new.items()):
        if contact := _wants_out(desk, each.mail):
            unsubscribed += unsubscribe(connection, contact, each.at, "mail to unsubscribe")
            detail = {"mail": each.batch, "kind": "mail to unsubscribe"}
            events.append(Event(key, 0, ResponseKind.UNKNOWN, each.at, detail))
            continue
        writer, how = _writer(each.mail, named[key], sent, known_by)
        events.append(_event(each, writer, how))
        if each.mail.sort is Sort.REPLY:
            written.append(_mail_in(desk, each, writer))
    kept = keep(connection, events, now) if events else Kept(Counter(), 0, Counter(), 0, 0)
    tasks = write_mails(connection, written, desk.owner, run_id)
    return MailReport(events, kept, tasks=tasks, unsubscribed=unsubscribed)


def _sends(desk: MailDesk, mail: Mail) -> list[int]:
    """Messages of ours the mail names in words nobody can guess, the surest first."""
    found = []
    for place in (*mail.to, *reversed(mail.named)):
        match = _OF_A_SEND.search(place)
        if match is None:
            continue
        number, mark = int(match[1]), match[2].lower()
        if any(tokens.send_mark(secret, number) == mark for secret in desk.secrets):
            found.append(number)
    return found


def _writer(
    mail: Mail,
    named: Sequence[int],
    sent: Mapping[int, Writer],
    known_by: Mapping[str, Writer],
) -> tuple[Writer | None, str]:
    """Who wrote, in answer to which message, and how that is known."""
    by_address = known_by.get(mail.sender)
    for number in named:
        if (writer := sent.get(number)) is None:
            continue
        if mail.sort in _REPORTS or mail.sender == (writer.email or "").lower():
            return writer, "message"
        # Somebody else answers: a colleague of the one we wrote to, if we know him there.
        same = by_address is not None and by_address.customer_id == writer.customer_id
        contact = by_address.contact_id if by_address is not None and same else None
        return replace(writer, contact_id=contact), "message"
    # What a machine reports of a message must name it: anybody could write such a report.
    if by_address is None or mail.sort in _REPORTS:
        return None, "nothing"
    return by_address, "address"


def _event(came: _Came, writer: Writer | None, how: str) -> Event:
    mail = came.mail
    detail: dict[str, Any] = {"mail": came.batch, "known_by": how}
    if mail.status:
        detail["status"] = mail.status
    kind = _KINDS.get(mail.sort, ResponseKind.UNKNOWN)
    if kind == ResponseKind.UNKNOWN:
        detail["kind"] = "automatic reply"
    if mail.sort is Sort.BOUNCE:
        detail["hard"] = mail.hard
    if mail.stop:
        detail["seems_to_want_no_more"] = True
    number = writer.send if writer is not None and writer.send is not None else 0
    return Event(mail.key, number, kind, came.at, detail)


def _wants_out(desk: MailDesk, mail: Mail) -> int | None:
    """The contact whose link to unsubscribe led a mail program to write this."""
    for word in _TOKEN.findall(mail.subject):
        if (found := tokens.read(desk.secrets, word)) is not None:
            return found[0]
    return None


def _mail_in(desk: MailDesk, came: _Came, writer: Writer | None) -> MailIn:
    mail = came.mail
    words = WORDS[desk.locale]
    what = (
        ("stranger" if writer is None else "reply")
        if not mail.stop
        else ("stranger_stop" if writer is None else "stop")
    )
    subject = mail.subject or words["nothing"]
    about = words[what].format(subject=subject, sender=mail.sender or "?")
    note = f"{subject}\n\n{mail.text}".strip()[:_LONGEST_NOTE]
    return MailIn(mail.key, came.at, writer, note, about)

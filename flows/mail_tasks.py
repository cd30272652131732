"""`stammkunde task show` and `task assign`: the mail a task is about, and whose it is."""

from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from flows import clock
from flows.errors import ConfigError
from flows.moments import moment
from flows.reporting.figures import UNKNOWN
from flows.reporting.words import say, word
from flows.responses import inbound
from flows.responses.mail import Mail, read
from flows.stages.shop import opened
from flows.store import letters, tasks
from flows.store.letters import Letter
from flows.store.session import reading, writing
from flows.store.timeline import similar_keys
from flows.todo import PLACE, due_said
from segments.names import Locale, TaskKind, TaskStatus
from segments.operands import meant


def show_task(folder: Path, number: int) -> None:
    """Print a task, with the mail it is about in full."""
    with opened(folder) as shop:
        zone, locale = ZoneInfo(shop.project.policy.zone), shop.project.policy.locale
        with reading(shop.engine) as connection:
            known = tasks.facts(connection, number)
            if known is None:
                raise ConfigError.at(PLACE, _nothing(number))
            letter = letters.letter_of(connection, number)
        facts = {
            "task": number,
            "task_what": word(TaskKind, known.kind, locale),
            "task_status": word(TaskStatus, known.status, locale),
            "task_due": due_said(known.due_at, shop.project.policy.zone),
            "task_owner": known.owner or say("nobody", locale),
            "task_customer": known.customer or UNKNOWN,
            "task_about": known.about,
        }
        for name, value in facts.items():
            typer.echo(f"{say(name, locale)}: {value}")
        if letter is not None:
            typer.echo(f"\n{_told(letter, zone, locale)}")
            if known.customer is None and known.status == TaskStatus.OPEN:
                typer.echo(f"\n{say('mail_assign', locale, task=number)}")


def assign_task(
    folder: Path, number: int, customer: str, contact: str | None, as_of: str | None
) -> None:
    """Say whose mail it is that came from somebody unknown."""
    with opened(folder) as shop:
        locale = shop.project.policy.locale
        now = moment(as_of, shop.project.policy.zone, clock.now())
        with writing(shop.engine) as connection:
            known = tasks.facts(connection, number)
            if known is None:
                raise ConfigError.at(PLACE, _nothing(number))
            letter = letters.letter_of(connection, number)
            if letter is None:
                raise ConfigError.at(PLACE, f"task {number} is about no mail")
            to = letters.whose(connection, customer, contact)
            if to is None:
                hint = meant(customer, similar_keys(connection, customer))
                raise ConfigError.at(PLACE, f'there is no customer "{customer}"{hint}')
            if contact is not None and to.contact_id is None:
                raise ConfigError.at(PLACE, f'--contact: {customer} has no contact "{contact}"')
            mail = _mail(letter)
            text = "" if mail is None else f"{mail.subject}\n\n{mail.text}".strip()[:10_000]
            if not letters.give(connection, number, letter, to, text, now):
                closed = "is not open any more"
                why = f"belongs to {known.customer} already" if known.customer else closed
                raise ConfigError.at(PLACE, f"task {number} {why}")
    owner = to.owner or known.owner or say("nobody", locale)
    typer.echo(say("mail_assigned", locale, task=number, customer=customer, owner=owner))


def _nothing(number: int) -> str:
    return f"there is no task {number}. See: stammkunde tasks --all"


def _mail(letter: Letter) -> Mail | None:
    if letter.body is None:
        return None
    form = inbound.fields(letter.body)
    raw = inbound.raw_mail(form)
    return None if raw is None else read(raw, *inbound.envelope(form))


def _told(letter: Letter, zone: ZoneInfo, locale: Locale) -> str:
    came = say("mail_came", locale, at=f"{letter.at.astimezone(zone):%Y-%m-%d %H:%M}")
    mail = _mail(letter)
    if mail is not None:
        sender = f"{say('mail_from', locale)}: {mail.sender or '?'}"
        subject = f"{say('mail_subject', locale)}: {mail.subject}"
        return f"{came}\n{sender}\n{subject}\n\n{mail.text}"
    return f"{came}\n\n{letter.note or say('mail_gone', locale)}"

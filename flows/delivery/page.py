"""The pages that list and show the mails of a folder: plain files, nothing from outside."""

import re
from datetime import datetime
from email import message_from_bytes, policy
from functools import cache
from html import escape
from importlib.resources import files

from flows.outgoing import Outgoing

MESSAGE_HEADER = "X-Stammkunde-Message"
"""Header that names the message, for the list."""

ROW = '<p class="mail">'
"""Every row of the list begins like this and fills exactly one line, its end included."""


def list_head() -> str:
    """The list page up to its first row.

    It is never closed, so that rows can be appended; browsers close what is open at the end.
    """
    return _read("list.html")


def row(mail: Outgoing, path: str) -> str:
    """One line of the list page."""
    message = mail.headers.get(MESSAGE_HEADER)
    return _row(mail.to_name, mail.to_email, mail.date, mail.subject, message, path)


def row_of(content: bytes, path: str) -> str:
    """The same line, from the mail as it was written."""
    mail = message_from_bytes(content, policy=policy.default)
    to = mail["To"].addresses[0]
    message = mail[MESSAGE_HEADER]
    return _row(
        to.display_name, to.addr_spec, mail["Date"].datetime, str(mail["Subject"]), message, path
    )


def preview(mail: Outgoing, eml: str) -> str:
    """A page that shows one mail: who, what, the mail itself, and its text form."""
    fields = {
        "subject": _line(mail.subject),
        "sender": _address(mail.from_name, mail.from_email),
        "recipient": _address(mail.to_name, mail.to_email),
        "date": _moment(mail.date),
        "eml": escape(eml),
        "html": escape(_links_outwards(mail.html)),
        "text": escape(mail.text),
    }
    page = _read("mail.html")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: fields[match[1]], page)


def _row(
    name: str, email: str, date: datetime, subject: str, message: str | None, path: str
) -> str:
    label = f"<i>{_line(message)}</i>" if message else ""
    return (
        f'{ROW}<a href="{escape(path)}" target="preview">'
        f"<b>{_line(name or email)}</b> {_moment(date)}"
        f"<span>{_line(subject)}</span>"
        f"<small>{_line(email)}</small>{label}</a></p>\n"
    )


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _line(text: str) -> str:
    return escape(" ".join(text.split()))


def _address(name: str | None, email: str) -> str:
    return _line(f"{name} <{email}>" if name else email)


def _moment(date: datetime) -> str:
    return f'<time datetime="{date.isoformat()}">{date:%Y-%m-%d %H:%M}</time>'


def _links_outwards(html: str) -> str:
    """Links open beside the preview instead of in it."""
    return re.sub(r"(?i)<head[^>]*>", r'\g<0><base target="_blank">', html, count=1)

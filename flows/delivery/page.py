"""The pages that list and show the mails of a folder: plain files, nothing from outside."""

import re
from datetime import datetime
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
    return (
        f'{ROW}<a href="{escape(path)}" target="preview">'
        f"<b>{_line(mail.to_name or mail.to_email)}</b> {_moment(mail.date)}"
        f"<span>{_line(mail.subject)}</span>"
        f"<small>{_line(mail.to_email)}</small>{_label(mail)}</a></p>\n"
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


@cache
def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _line(text: str) -> str:
    return escape(" ".join(text.split()))


def _address(name: str | None, email: str) -> str:
    return _line(f"{name} <{email}>" if name else email)


def _moment(date: datetime) -> str:
    return f'<time datetime="{date.isoformat()}">{date:%Y-%m-%d %H:%M}</time>'


def _label(mail: Outgoing) -> str:
    message = mail.headers.get(MESSAGE_HEADER)
    return f"<i>{_line(message)}</i>" if message else ""


def _links_outwards(html: str) -> str:
    """Links open beside the preview instead of in it."""
    return re.sub(r"(?i)<head[^>]*>", r'\g<0><base target="_blank">', html, count=1)

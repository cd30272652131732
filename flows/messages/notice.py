"""A mail to a colleague: our own templates, and nothing of what a customer's message carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from flows.errors import MessageError
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.people import clean
from flows.outgoing import Outgoing, ascii_address
from segments.names import Locale, NoticeKind, Purpose

MARK = "X-Stammkunde-Notice"


@dataclass(frozen=True)
class Colleague:
    """Whom it goes to."""

    key: str
    name: str
    email: str


def notice(
    library: Library,
    kind: NoticeKind,
    to: Colleague,
    said: Mapping[str, Any],
    letterhead: Letterhead,
    at: datetime,
) -> Outgoing:
    """The mail of this kind to a colleague, from `templates/_KIND`, which prints what is `said`.

    Its number is 0, as that of all mails that are no send: no figure counts it.
    """
    locale = Locale(letterhead.policy.locale)
    message = library.message(f"_{kind}", locale, letterhead.shared)
    email = ascii_address(to.email)
    if email is None:
        raise MessageError(f"the address of {to.key} in owners.yaml cannot be written to")
    name = clean(to.name) or to.key
    greeting = str(message.words["morning"]).format(name=name)
    rendered = message.render({"greeting": greeting, kind.value: dict(said)})
    local = at.astimezone(ZoneInfo(letterhead.policy.zone))
    shared = letterhead.shared.values
    mark = blake2b(f"{to.key}:{local:%Y-%m-%d}".encode(), digest_size=8, key=letterhead.secret[:64])
    return Outgoing(
        send_id=0,
        to_name=name,
        to_email=email,
        from_name=shared["sender"]["name"],
        from_email=shared["email"],
        reply_to=shared["email"],
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        headers={"Auto-Submitted": "auto-generated", MARK: kind.value},
        message_id=f"<{kind}.{local:%Y%m%d}.{mark.hexdigest()}@{shared['domain']}>",
        date=local,
        purpose=Purpose.SERVICE,
        message=kind.value,
    )

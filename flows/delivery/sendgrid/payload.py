"""What POST /v3/mail/send is given: a message as JSON that breaks none of SendGrid's rules."""

import re
import unicodedata
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings

SEND, REQUEST, TEST = "stammkunde_send", "stammkunde_request", "stammkunde_test"
"""Our custom arguments. SendGrid shows them to its staff and never deletes them: numbers only."""

MOST_BYTES = 30_000_000 - 64_000
"""SendGrid takes less than 30 MB a request, headers included."""

_FORBIDDEN = {
    "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
    "subject", "reply-to", "cc", "bcc", "message-id", "date",
}  # fmt: skip
_LONGEST_ADDRESS, _LONGEST_NAME, _LONGEST_CATEGORY, _MOST_ARGS = 320, 255, 255, 10_000
_BREAKS_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff;,]+")
_BREAKS_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"}
_GERMAN = str.maketrans(_LETTERS)


def single(
    mail: Outgoing,
    request_id: str,
    settings: SendGridOutletSettings,
    *,
    batch_id: str | None = None,
    send_at: datetime | None = None,
) -> bytes:
    """The request for one message. `ValueError` says what about it SendGrid would never take."""
    body = message_level(mail, settings, batch_id=batch_id, send_at=send_at)
    body["personalizations"] = [personalization(mail, request_id)]
    return encoded(body)


def message_level(
    mail: Outgoing,
    settings: SendGridOutletSettings,
    *,
    batch_id: str | None = None,
    send_at: datetime | None = None,
) -> dict[str, Any]:
    """What all messages of a request share: the sender, the bodies, and how it is treated."""
    test = mail.send_id == 0
    level: dict[str, Any] = {
        "from": _mailbox(mail.from_email, mail.from_name, "the sender's address"),
        "reply_to": _mailbox(mail.reply_to, "", "the address for replies"),
        "content": content(mail.text, mail.html),
        # Every setting is said, as what is left out follows switches in somebody's account.
        "tracking_settings": {
            "click_tracking": {"enable": mail.tracking, "enable_text": False},
            "open_tracking": {"enable": mail.tracking},
            "subscription_tracking": {"enable": False},
        },
        "mail_settings": {"sandbox_mode": {"enable": settings.sandbox}},
    }
    if categories := ("stammkunde-test",) if test else _categories(mail.journey, mail.step):
        level["categories"] = categories
    if group := settings.asm_group.get(mail.purpose):  # type: ignore[call-overload]
        level["asm"] = {"group_id": group}
    if pool := settings.ip_pool.get(mail.purpose):  # type: ignore[call-overload]
        level["ip_pool_name"] = pool
    if batch_id is not None:
        level["batch_id"] = batch_id
    if send_at is not None:
        level["send_at"] = int(send_at.timestamp())
    return level


def content(text: str, html: str) -> list[dict[str, str]]:
    """Both bodies in the order SendGrid insists on."""
    for what, body in (("text", text), ("HTML", html)):
        if not body or body.isspace():
            raise ValueError(f"the {what} of the message is empty: SendGrid takes no empty bodies")
    return [{"type": "text/plain", "value": text}, {"type": "text/html", "value": html}]


def personalization(mail: Outgoing, request_id: str) -> dict[str, Any]:
    """What belongs to one recipient of a request."""
    subject = mail.subject
    if not subject.isprintable():
        subject = _BREAKS_LINE.sub(" ", subject)
    if not subject or subject.isspace():
        raise ValueError("the message has no subject: write one in subject.txt")
    own: dict[str, Any] = {
        "to": [_mailbox(mail.to_email, mail.to_name, "the recipient's address")],
        "subject": subject,
        "custom_args": custom_args(mail.send_id, request_id),
    }
    if headers := _headers(mail.headers):
        own["headers"] = headers
    return own


def custom_args(send_id: int, request_id: str) -> dict[str, str]:
    """What comes back with every event: opaque numbers, or only that it was a test."""
    if send_id == 0:
        return {TEST: "1"}
    if len(request_id) > _MOST_ARGS // 2:
        raise ValueError("the request's number is too long")
    return {SEND: str(send_id), REQUEST: request_id}


def encoded(body: dict[str, Any]) -> bytes:
    """The body as it leaves. `ValueError` if it is larger than SendGrid takes."""
    try:
        data = orjson.dumps(body)
    except TypeError:
        # Half a character cannot be written in UTF-8, and SendGrid refuses what is not UTF-8.
        data = orjson.dumps(_whole_characters(body))
    if len(data) > MOST_BYTES:
        raise ValueError(
            f"the message has {len(data) // 1_000_000} MB: SendGrid takes less than 30"
        )
    return data


def display_name(name: str) -> str:
    """A name as SendGrid takes it: in one line, without the signs that part addresses."""
    if not name.isprintable() or "," in name or ";" in name:
        name = " ".join(_BREAKS_NAME.sub(" ", name).split())
    return name.strip()[:_LONGEST_NAME].rstrip()


def _mailbox(address: str, name: str, whose: str) -> dict[str, str]:
    if len(address) > _LONGEST_ADDRESS:
        raise ValueError(f"{whose} is longer than {_LONGEST_ADDRESS} characters")
    if not address.isascii():
        raise ValueError(f"{whose} holds letters that addresses at SendGrid may not have")
    shown = name and display_name(name)
    return {"email": address, "name": shown} if shown else {"email": address}


def _headers(headers: dict[str, str]) -> dict[str, str]:
    taken = _taken(tuple(headers))
    return headers if len(taken) == len(headers) else {name: headers[name] for name in taken}


@lru_cache(maxsize=256)
def _taken(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name
        for name in names
        if name.isascii()
        and name.lower() not in _FORBIDDEN
        and not name.lower().startswith("x-sg-")
    )


@lru_cache(maxsize=1024)
def _categories(*names: str) -> tuple[str, ...]:
    shown = (_category(name) for name in names)
    return tuple(dict.fromkeys(filter(None, shown)))


def _category(name: str) -> str:
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", name).translate(_GERMAN))
    plain = "".join(letter for letter in letters if letter.isascii() and letter.isprintable())
    return plain.strip()[:_LONGEST_CATEGORY].rstrip()


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_whole_characters(key): _whole_characters(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_whole_characters(each) for each in value]
    return value

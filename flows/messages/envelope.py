"""From what is kept of a send to what its templates may print, and to what goes around them."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flows.errors import MessageError
from flows.messages.clicks import addresses, led_over
from flows.messages.message import Message, Rendered
from flows.messages.people import full_name, initials, phone_link
from flows.outgoing import Outgoing, ascii_address
from segments.names import Purpose

_CONTACT = dict.fromkeys(("id", "title", "first_name", "last_name"))
_CUSTOMER = dict.fromkeys(("id", "name"))
_LINE = dict.fromkeys(("name", "category", "quantity", "amount", "fact"))
_ORDER = dict.fromkeys(
    ("id", "number", "ordered_at", "delivered_at", "currency", "total", "category", "lines", "more")
)
_CONSENT = dict.fromkeys(("purposes", "requested_at", "source", "wording"))
_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]+")


def printed(kept: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """Everything the templates may print, beside what is the same for everybody."""
    contact = {**_CONTACT, **kept["contact"]}
    contact["name"] = full_name(contact["first_name"], contact["last_name"])
    order = kept.get("order")
    if order is not None:
        lines = [{**_LINE, **line} for line in order["lines"]]
        order = {**_ORDER, **order, "lines": lines}
    return {
        "date": kept["date"],
        "send": {**kept["send"], "message": message.name},
        "greeting": kept.get("greeting"),
        "contact": contact,
        "customer": {**_CUSTOMER, **kept.get("customer", {})},
        "owner": _owner(**kept["owner"]),
        "order": order,
        "consent": _consent(kept["consent"], message) if "consent" in kept else None,
        "preferences": _page("p", kept.get("preferences"), message),
        "survey": _page("nps", kept.get("survey"), message),
        "unsubscribe": {"link": _way_out(kept, message)} if "token" in kept else None,
    }


def outgoing(kept: Mapping[str, Any], message: Message, rendered: Rendered) -> Outgoing:
    """The message with its envelope, ready to leave."""
    shared, send = message.shared, kept["send"]
    contact = kept["contact"]
    try:
        return Outgoing(
            send_id=send["id"],
            to_name=full_name(contact.get("first_name"), contact.get("last_name")) or "",
            to_email=kept["email"],
            from_name=shared["sender"]["name"],
            from_email=shared["email"],
            reply_to=_own_reply_to(kept, shared) or _reply_to(kept["owner"]["email"]),
            subject=rendered.subject,
            html=_html(kept, message, rendered),
            text=rendered.text,
            headers=_headers(kept, message),
            message_id=f"<s{send['id']}.{kept['mark']}@{shared['domain']}>",
            date=_hour(kept["date"], shared["zone"]),
            journey=send["journey"],
            step=send["step"],
            purpose=send["purpose"],
            message=message.name,
            tracking=kept.get("tracking", False),
        )
    except ValueError as error:
        raise MessageError(str(error)) from error


def targets(kept: Mapping[str, Any], message: Message) -> list[str]:
    """Where the links lead that go over our endpoint."""
    if "clicks" not in kept:
        return []
    return addresses(message.render(printed(kept, message)).html, message.shared["web"])


def _html(kept: Mapping[str, Any], message: Message, rendered: Rendered) -> str:
    if "clicks" not in kept:
        return rendered.html
    return led_over(rendered.html, message.shared["web"], kept["clicks"])


def _headers(kept: Mapping[str, Any], message: Message) -> dict[str, str]:
    shared, send = message.shared, kept["send"]
    headers = {
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": _feedback(send["journey"], send["step"], message.name, shared["sender_id"]),
        "X-Stammkunde-Message": message.name,
    }
    if "token" in kept:
        mail = _mail_out(kept, message)
        if shared["web"]:
            headers["List-Unsubscribe"] = f"<{_way_out(kept, message)}>, <{mail}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        else:
            headers["List-Unsubscribe"] = f"<{mail}>"
    if send["purpose"] == Purpose.ADVERTISING:
        headers["List-ID"] = f"<{Purpose.ADVERTISING}.{shared['domain']}>"
    return headers


def _consent(consent: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """What is to be confirmed, and where; without a page of ours nobody is asked."""
    web = message.shared["web"] or f"https://{message.shared['domain']}"
    return {**_CONSENT, **consent, "link": f"{web}/doi/{consent['token']}"}


def _page(name: str, token: str | None, message: Message) -> dict[str, str] | None:
    """The link to a page of ours, where we have one."""
    return {"link": f"{message.shared['web']}/{name}/{token}"} if token else None


def _way_out(kept: Mapping[str, Any], message: Message) -> str:
    """The link that says stop: to our page where we have one, else a mail."""
    web = message.shared["web"]
    return f"{web}/u/{kept['token']}" if web else _mail_out(kept, message)


def _mail_out(kept: Mapping[str, Any], message: Message) -> str:
    subject = message.words["unsubscribe_subject"]
    return _mail_with(message.shared["unsubscribe"], subject) + str(kept["token"])


@lru_cache(maxsize=64)
def _mail_with(address: str, subject: str) -> str:
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'{subject} ', safe='')}"


@lru_cache(maxsize=1024)
def _feedback(*fields: str) -> str:
    """Fields Gmail counts complaints by; a colon would begin another one."""
    return ":".join(_FOREIGN.sub("_", field) for field in fields)


@lru_cache(maxsize=1024)
def _owner(
    name: str | None = None,
    email: str | None = None,
    position: str | None = None,
    phone: str | None = None,
) -> dict[str, Any]:
    return {
        "name": name,
        "position": position,
        "email": email,
        "phone": phone,
        "phone_link": phone_link(phone),
        "initials": initials(name or ""),
    }


def _own_reply_to(kept: Mapping[str, Any], shared: Mapping[str, Any]) -> str | None:
    """The address for answers to this very message, which its Message-ID is part of."""
    name, _, domain = shared.get("replies", "").partition("@")
    return f"{name}+s{kept['send']['id']}.{kept['mark']}@{domain}" if domain else None


@lru_cache(maxsize=1024)
def _reply_to(email: str) -> str:
    written = ascii_address(email)
    if written is None:
        raise MessageError("the address of the owner in owners.yaml cannot be written to")
    return written


@lru_cache(maxsize=64)
def _hour(date: str, zone: str) -> datetime:
    """The hour people see in their mail program is that of our business."""
    return datetime.fromisoformat(date).astimezone(ZoneInfo(zone))

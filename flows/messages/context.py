"""From facts to what a template may print: a dictionary that survives JSON unchanged."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flows import tokens
from flows.errors import MessageError
from flows.messages.colours import palette
from flows.outgoing import ascii_address
from flows.settings import Senders
from flows.store.facts import LineFacts, MessageFacts, PurchaseFacts
from segments.names import Basis, Purpose
from segments.policy import Policy

_UNWANTED = re.compile(r"[\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufff9-\ufffb\ufffe\uffff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_OPTIONAL = {Purpose.ADVERTISING, Purpose.SURVEY}


@dataclass(frozen=True)
class Letterhead:
    """What all messages share: who sends, by which rules, and where to say stop."""

    senders: Senders
    policy: Policy
    unsubscribe: str
    secret: bytes
    web: str | None = None

    @cached_property
    def sender(self) -> dict[str, Any]:
        """The sender as templates see it."""
        imprint = self.senders.imprint
        site = imprint.website
        return {
            "name": self.senders.name,
            "email": self.senders.email,
            "company": imprint.company,
            "address": list(imprint.address),
            "managing_directors": imprint.managing_directors,
            "commercial_register": imprint.commercial_register,
            "vat_id": imprint.vat_id,
            "phone": imprint.phone,
            "phone_link": phone_link(imprint.phone),
            "website": re.sub(r"^https?://|/$", "", site) if site else None,
            "website_link": (site if "://" in site else f"https://{site}") if site else None,
            "colours": palette(self.senders.colour),
        }

    @cached_property
    def domain(self) -> str:
        """The domain messages come from."""
        return self.senders.email.rpartition("@")[2].encode("idna").decode("ascii")


def locale_of(facts: MessageFacts, policy: Policy) -> str:
    """The language to write in: the person's, else the customer's, else the house's."""
    return facts.contact_locale or facts.customer_locale or str(policy.locale)


def context(
    facts: MessageFacts, words: dict[str, Any], locale: str, letterhead: Letterhead, at: datetime
) -> dict[str, Any]:
    """Everything the templates may print, and under `envelope` what goes around it."""
    if facts.contact_id is None or not facts.email:
        raise MessageError(f"send {facts.send_id} has nobody to write to")
    if facts.owner is None:
        raise MessageError(f"send {facts.send_id} has no owner to sign it. Name one in owners.yaml")
    basis = facts.basis or (None if facts.purpose in _OPTIONAL else Basis.CONTRACT)
    if basis is None:
        raise MessageError(f"send {facts.send_id} has no permission to rest on: basis is empty")
    owner = {
        "name": clean(facts.owner.name),
        "position": clean(facts.owner.position),
        "email": facts.owner.email,
        "phone": clean(facts.owner.phone),
        "phone_link": phone_link(facts.owner.phone),
        "initials": initials(facts.owner.name),
    }
    contact: dict[str, Any] = {
        "id": facts.contact_id,
        "title": name_part(facts.title),
        "first_name": name_part(facts.first_name),
        "last_name": name_part(facts.last_name),
    }
    contact["name"] = " ".join(filter(None, (contact["first_name"], contact["last_name"]))) or None
    link = None
    if facts.purpose in _OPTIONAL:
        link = _unsubscribe(facts.contact_id, facts.purpose, words, letterhead)
    return {
        "locale": locale,
        "zone": letterhead.policy.zone,
        "date": at.isoformat(),
        "send": {
            "id": facts.send_id,
            "journey": facts.journey,
            "message": facts.message,
            "purpose": str(facts.purpose),
            "basis": str(basis),
        },
        "greeting": greeting(facts.salutation, contact, words),
        "contact": contact,
        "customer": {"id": facts.customer_id, "name": clean(facts.customer_name)},
        "owner": owner,
        "order": _order(facts.purchase) if facts.purchase else None,
        "sender": letterhead.sender,
        "unsubscribe": link,
        "envelope": {
            "send_id": facts.send_id,
            "to_name": contact["name"] or "",
            "to_email": _address(facts.email, f"contact {facts.contact_id}"),
            "from_name": letterhead.senders.name,
            "from_email": _address(letterhead.senders.email, "senders.yaml"),
            "reply_to": _address(facts.owner.email, "the owner in owners.yaml"),
            "headers": _headers(facts, link, letterhead),
            "message_id": f"<s{facts.send_id}."
            f"{tokens.send_mark(letterhead.secret, facts.send_id)}@{letterhead.domain}>",
            # The hour people see in their mail program is that of our business.
            "date": at.astimezone(ZoneInfo(letterhead.policy.zone)).isoformat(),
        },
    }


def greeting(salutation: str | None, contact: dict[str, Any], words: dict[str, Any]) -> str:
    """How the letter begins, by what we know of the person; never half a name."""
    title, first, last = contact["title"], contact["first_name"], contact["last_name"]
    forms = words["greeting"]
    if last and salutation in {"ms", "mr"}:
        form = forms[f"{salutation}_titled" if title else salutation]
    elif last and title:
        form = forms["titled"]
    elif first:
        form = forms["named"]
    else:
        return str(forms["nobody"])
    parts = {"title": title, "last_name": last, "name": " ".join(filter(None, (first, last)))}
    return re.sub(r"\{(\w+)\}", lambda match: parts[match[1]] or "", form)


def clean(text: str | None) -> str | None:
    """Text in one line, without signs that steer a display; None where nothing is left."""
    if text is None:
        return None
    if not text.isprintable():
        text = _UNWANTED.sub("", _CONTROL.sub(" ", text))
    return " ".join(unicodedata.normalize("NFC", text).split()) or None


def name_part(text: str | None) -> str | None:
    """Part of a name; a dash or a full stop typed into a required field is none."""
    text = clean(text)
    return text if text and any(letter.isalpha() for letter in text) else None


def initials(name: str) -> str:
    """Two letters for the round sign beside a name."""
    parts = [part for part in (name_part(name) or "").split() if part[0].isalpha()]
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper()


def phone_link(phone: str | None) -> str | None:
    """The number as a telephone dials it."""
    digits = re.sub(r"\(0\)|[^\d+]", "", phone or "")
    return f"tel:{digits}" if digits else None


def _order(purchase: PurchaseFacts) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "number": clean(purchase.key) or str(purchase.id),
        "ordered_at": purchase.ordered_at.isoformat(),
        "delivered_at": purchase.delivered_at.isoformat() if purchase.delivered_at else None,
        "currency": purchase.currency,
        "total": purchase.total,
        "category": clean(purchase.category),
        "lines": [_line(line) for line in purchase.lines if line.name or line.product],
        "more": purchase.more,
    }


def _line(line: LineFacts) -> dict[str, Any]:
    whole = line.quantity.is_integer()
    return {
        "name": clean(line.name) or clean(line.product),
        "category": clean(line.category),
        "quantity": int(line.quantity) if whole else line.quantity,
        "amount": line.amount,
        "fact": clean(line.fact),
    }


def _address(address: str, whose: str) -> str:
    written = ascii_address(address)
    if written is None:
        raise MessageError(f"the address of {whose} cannot be written to")
    return written


def _unsubscribe(
    contact_id: int, purpose: str, words: dict[str, Any], letterhead: Letterhead
) -> dict[str, str]:
    token = tokens.make(letterhead.secret, contact_id, purpose)
    address = _address(letterhead.unsubscribe, "settings.yaml (unsubscribe)")
    subject = f"{words['unsubscribe_subject']} {token}"
    return {"link": f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}"}


def _headers(
    facts: MessageFacts, link: dict[str, str] | None, letterhead: Letterhead
) -> dict[str, str]:
    headers = {"Auto-Submitted": "auto-generated", "X-Stammkunde-Message": facts.message}
    if link:
        headers["List-Unsubscribe"] = f"<{link['link']}>"
    if facts.purpose == Purpose.ADVERTISING:
        headers["List-ID"] = f"<{Purpose.ADVERTISING}.{letterhead.domain}>"
    return headers

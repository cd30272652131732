"""From facts to what is kept of a send: with its templates it makes the same message again."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, urlsplit

from flows import tokens
from flows.errors import MessageError
from flows.messages.colours import palette
from flows.messages.message import Message, Shared
from flows.messages.people import clean, greeting, name_part, phone_link
from flows.outgoing import ascii_address
from flows.settings import Senders
from flows.store.consents import Asked
from flows.store.facts import MessageFacts, OwnerFacts
from flows.store.orders import LineFacts, PurchaseFacts
from segments.names import Basis, Purpose
from segments.policy import Policy

OPTIONAL = {Purpose.ADVERTISING, Purpose.SURVEY}
_EXACT = 2**53


@dataclass(frozen=True)
class Letterhead:
    """What all messages share: who sends, by which rules, and where to say stop.

    `web` is the public address of our web endpoint; without it stop is said by mail. With `clicks`
    links lead over it for those who permit tracking. `replies` is where answers are taken for us:
    each message gets an address of its own there, else they go to the owner.
    """

    senders: Senders
    policy: Policy
    unsubscribe: str
    secret: bytes
    web: str | None = None
    clicks: bool = False
    replies: str | None = None

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
            "phone": imprint.phone if phone_link(imprint.phone) else None,
            "phone_link": phone_link(imprint.phone),
            "website": re.sub(r"^https?://|/$", "", site) if site else None,
            "website_link": (site if "://" in site else f"https://{site}") if site else None,
            "colours": palette(self.senders.colour),
        }

    @cached_property
    def shared(self) -> Shared:
        """It as it is kept with the templates."""
        email = _address(self.senders.email, "senders.yaml")
        domain = email.rpartition("@")[2]
        values = {
            "zone": self.policy.zone,
            "sender": self.sender,
            "email": email,
            "domain": domain,
            "sender_id": sender_id(domain),
            "unsubscribe": _address(self.unsubscribe, "settings.yaml (unsubscribe)"),
            "web": _web(self.web) if self.web else None,
        }
        if self.replies:
            values["replies"] = _address(self.replies, "settings.yaml (replies)")
        return Shared(json.dumps(values, ensure_ascii=False))


def locale_of(facts: MessageFacts, policy: Policy) -> str:
    """The language to write in: the person's, else the customer's, else the house's."""
    return facts.contact_locale or facts.customer_locale or str(policy.locale)


def kept(
    facts: MessageFacts, message: Message, letterhead: Letterhead, at: datetime
) -> dict[str, Any]:
    """What is kept of a send; it survives JSON unchanged. What is empty is left out.

    With it goes only what the templates of this message ask for.
    """
    if facts.contact_id is None or not facts.email:
        raise MessageError(f"send {facts.send_id} has nobody to write to")
    if facts.owner is None:
        raise MessageError(f"send {facts.send_id} has no owner to sign it. Name one in owners.yaml")
    basis = facts.basis or (None if facts.purpose in OPTIONAL else Basis.CONTRACT)
    if basis is None:
        raise MessageError(f"send {facts.send_id} has no permission to rest on: basis is empty")
    title, first, last = map(name_part, (facts.title, facts.first_name, facts.last_name))
    found: dict[str, Any] = {
        "date": _written(at),
        "send": {
            "id": facts.send_id,
            "journey": facts.journey,
            "step": facts.step,
            "purpose": str(facts.purpose),
            "basis": str(basis),
        },
        "contact": _filled(id=facts.contact_id, title=title, first_name=first, last_name=last),
        "email": _address(facts.email, f"contact {facts.contact_id}"),
        "owner": _owner(facts.owner),
        "mark": tokens.send_mark(letterhead.secret, facts.send_id),
    }
    if facts.purpose in OPTIONAL:
        found["token"] = tokens.make(letterhead.secret, facts.contact_id, facts.purpose)
    if facts.tracking:
        found["tracking"] = True
    if letterhead.web:
        found |= _links(facts, facts.contact_id, message, letterhead)
    if message.prints("greeting"):
        found["greeting"] = greeting(facts.salutation, title, first, last, message.words)
    if message.prints("customer"):
        found["customer"] = _filled(id=facts.customer_id, name=clean(facts.customer_name))
    if facts.asked and message.prints("consent"):
        found["consent"] = _consent(facts.asked, letterhead)
    if facts.purchase and message.prints("order"):
        found["order"] = _order(facts.purchase)
    return found


def sender_id(domain: str) -> str:
    """What Gmail counts complaints of a sender under: always the same, of 5 to 15 letters."""
    letters = re.sub(r"[^a-z0-9]", "", domain.lower())[:15]
    if len(letters) >= 5:
        return letters
    return letters + blake2b(domain.encode(), digest_size=5).hexdigest()


def _links(
    facts: MessageFacts, contact_id: int, message: Message, letterhead: Letterhead
) -> dict[str, str]:
    """Tokens of links to our pages, as far as the message prints them."""
    wanted = {
        "preferences": (message.prints("preferences"), tokens.Kind.PREFERENCES, contact_id),
        "survey": (message.prints("survey"), tokens.Kind.SCORE, facts.send_id),
        "clicks": (letterhead.clicks and facts.tracking, tokens.Kind.CLICK, facts.send_id),
    }
    return {
        name: tokens.make_for(letterhead.secret, kind, number)
        for name, (needed, kind, number) in wanted.items()
        if needed
    }


def _consent(asked: Asked, letterhead: Letterhead) -> dict[str, Any]:
    return _filled(
        token=tokens.make_for(letterhead.secret, tokens.Kind.CONFIRM, asked.request),
        purposes=[str(purpose) for purpose in asked.purposes],
        requested_at=asked.requested_at.isoformat(),
        source=re.sub(r"^https?://", "", clean(asked.source) or "") or None,
        wording=clean(asked.wording),
    )


def _order(purchase: PurchaseFacts) -> dict[str, Any]:
    return _filled(
        id=purchase.id,
        number=clean(purchase.key) or str(purchase.id),
        ordered_at=purchase.ordered_at.isoformat(),
        delivered_at=purchase.delivered_at.isoformat() if purchase.delivered_at else None,
        currency=purchase.currency,
        total=purchase.total,
        category=clean(purchase.category),
        lines=[_line(line) for line in purchase.lines if line.name or line.product],
        more=purchase.more,
    )


def _line(line: LineFacts) -> dict[str, Any]:
    quantity = line.quantity
    whole = quantity.is_integer() and abs(quantity) < _EXACT
    return _filled(
        name=clean(line.name) or clean(line.product),
        category=clean(line.category),
        quantity=int(quantity) if whole else quantity,
        amount=line.amount,
        fact=clean(line.fact),
    )


@lru_cache(maxsize=1024)
def _owner(owner: OwnerFacts) -> dict[str, Any]:
    return _filled(
        name=clean(owner.name),
        position=clean(owner.position),
        email=owner.email,
        phone=clean(owner.phone) if phone_link(owner.phone) else None,
    )


@lru_cache(maxsize=16)
def _written(at: datetime) -> str:
    return at.isoformat()


def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _address(address: str, whose: str) -> str:
    written = ascii_address(address)
    if written is None:
        raise MessageError(f"the address of {whose} cannot be written to")
    return written


def _web(address: str) -> str:
    """The address in the letters of the wire."""
    parts = urlsplit(address.rstrip("/"))
    try:
        host = parts.netloc.encode("idna").decode("ascii")
        path = quote(parts.path, safe="/%")
    except UnicodeError as error:
        what = "settings.yaml (web: address) is not an address links can be made of"
        raise MessageError(what) from error
    return f"{parts.scheme}://{host}{path}"

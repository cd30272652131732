"""Messages to send, written out by hand or composed from the shipped templates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.messages.compose import compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.outgoing import Outgoing
from flows.settings import Senders
from flows.store.facts import MessageFacts, OwnerFacts
from flows.store.orders import LineFacts, PurchaseFacts
from segments.policy import Policy

AT = datetime(2026, 4, 14, 7, 30, tzinfo=UTC)
TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
LETTERHEAD = Letterhead(
    Senders.model_validate(
        {
            "name": "Nordholz Büromöbel",
            "email": "post@nordholz.example",
            "imprint": {
                "company": "Nordholz Büromöbel GmbH",
                "address": ["Werkstraße 4", "29221 Celle"],
                "website": "www.nordholz.example",
            },
        }
    ),
    Policy(),
    "abmelden@nordholz.example",
    b"a secret for tests",
    "https://web.nordholz.example",
)


def mail(send_id: int = 1, **different: Any) -> Outgoing:
    """A short message; name what is to be different."""
    usual: dict[str, Any] = {
        "send_id": send_id,
        "to_name": f"Anna {send_id}",
        "to_email": f"anna.{send_id}@kunde.example",
        "from_name": "Nordholz",
        "from_email": "post@nordholz.example",
        "reply_to": "katrin@nordholz.example",
        "subject": "Guten Tag",
        "html": html(f"Frau Meier {send_id}"),
        "text": f"Guten Tag Frau Meier {send_id},\n\nvielen Dank für Ihr Vertrauen.\n",
        "headers": {"List-Unsubscribe": f"<https://web.nordholz.example/u/{send_id}>"},
        "message_id": f"<s{send_id}.x@nordholz.example>",
        "date": AT,
        "journey": "newsletter",
        "step": "april",
        "purpose": "advertising",
        "message": "newsletter",
    }
    return Outgoing(**{**usual, **different})


def mails(count: int, **different: Any) -> list[Outgoing]:
    """So many messages to as many people."""
    return [mail(send_id, **different) for send_id in range(1, count + 1)]


def html(name: str, body: str = "<p>vielen Dank für Ihr Vertrauen.</p>\n") -> str:
    """A small page that greets by name."""
    return (
        '<!doctype html>\n<html lang="de">\n<body>\n'
        f"<h1>Eine gute Entscheidung</h1>\n<p>Guten Tag {name},</p>\n{body}"
        "<p>Herzliche Grüße<br>Katrin Lindner</p>\n</body>\n</html>\n"
    )


def facts(send_id: int = 1, **different: Any) -> MessageFacts:
    """A send of `reassurance`; name what is to be different."""
    usual: dict[str, Any] = {
        "send_id": send_id,
        "enrollment_id": send_id,
        "journey": "reassurance",
        "step": "reassurance",
        "message": "reassurance",
        "purpose": "service",
        "basis": "contract",
        "customer_id": send_id,
        "customer_name": "Tischlerei Meier GmbH",
        "customer_locale": None,
        "contact_id": send_id,
        "email": f"a.{send_id}@kunde.example",
        "salutation": "ms",
        "title": None,
        "first_name": "Anna",
        "last_name": "Meier",
        "contact_locale": "de",
        "owner": OwnerFacts("kl", "Katrin Lindner", "Beraterin", "kl@nordholz.example", None),
        "purchase": purchase(send_id),
    }
    return MessageFacts(**{**usual, **different})


def purchase(number: int = 1, articles: Sequence[str] = ("Tisch Alba",)) -> PurchaseFacts:
    """An order of these articles."""
    lines = tuple(
        LineFacts(f"P{at}", name, "Tische", 1.0 + at, 12_900, "Aus Eiche." if at % 2 else None)
        for at, name in enumerate(articles)
    )
    return PurchaseFacts(number, f"A-{number}", AT, None, "EUR", 12_900, "Tische", lines, 0)


def composed(*all_facts: MessageFacts) -> list[Outgoing]:
    """What the shipped templates make of this."""
    library = Library.open(TEMPLATES)
    return [compose(library, each, LETTERHEAD, AT).outgoing for each in all_facts]

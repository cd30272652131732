"""The shipped templates, a letterhead, and somebody to write to."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.settings import Senders
from flows.store.facts import MessageFacts, OwnerFacts
from flows.store.orders import LineFacts, PurchaseFacts
from segments.policy import Policy
from tests.messages.people import AT

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


@pytest.fixture(scope="session")
def letterhead() -> Letterhead:
    """The house of the demo."""
    senders = Senders.model_validate(
        {
            "name": "Nordholz Büromöbel",
            "email": "post@nordholz.example",
            "colour": "#1f5b4d",
            "imprint": {
                "company": "Nordholz Büromöbel GmbH",
                "address": ["Werkstraße 4", "29221 Celle"],
                "managing_directors": "Dr. Anna Nordholz",
                "commercial_register": "Amtsgericht Lüneburg, HRB 000000",
                "vat_id": "DE000000000",
                "phone": "+49 5141 5550-0",
                "website": "www.nordholz.example",
            },
        }
    )
    return Letterhead(senders, Policy(), "abmelden@nordholz.example", b"a secret for tests")


@pytest.fixture(scope="session")
def library() -> Library:
    """The shipped messages."""
    return Library.open(TEMPLATES)


@pytest.fixture(scope="session")
def facts() -> Callable[..., MessageFacts]:
    """A send of `reassurance`; name what is to be different."""
    usual = MessageFacts(
        send_id=88,
        enrollment_id=3,
        journey="reassurance",
        step="reassurance",
        message="reassurance",
        purpose="service",
        basis="contract",
        customer_id=7,
        customer_name="Tischlerei Meier GmbH",
        customer_locale=None,
        contact_id=4711,
        email="a.meier@kunde.example",
        salutation="ms",
        title="Dr.",
        first_name="Anna",
        last_name="Meier",
        contact_locale="de",
        owner=OwnerFacts("brandt", "Jonas Brandt", "Berater", "b@nordholz.example", "05141 12"),
        purchase=PurchaseFacts(
            5, "A-1", AT, None, "EUR", 123456, "Tische",
            (LineFacts("T1", "Tisch Alba", "Tische", 2.0, 123456, "Aus Eiche."),), 0,
        ),
    )  # fmt: skip

    def made(**different: Any) -> MessageFacts:
        return replace(usual, **different)

    return made


@pytest.fixture(scope="session")
def golden() -> Callable[[str, str], None]:
    """Compare with a file of tests/golden; UPDATE_GOLDEN=1 writes it instead."""
    folder = Path(__file__).resolve().parents[1] / "golden"

    def same(name: str, text: str) -> None:
        file = folder / name
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_text(text, encoding="utf-8", newline="\n")
        assert file.read_text(encoding="utf-8") == text, (
            f"tests/golden/{name} differs. If it is meant: UPDATE_GOLDEN=1 pytest tests/messages"
        )

    return same


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """A templates folder with one sound message, changed by what is given."""

    def made(changes: dict[str, str]) -> Path:
        sound = {
            "_words/de.yaml": (TEMPLATES / "_words/de.yaml").read_text(encoding="utf-8"),
            "_base/style.css": "p { margin: 0; }\n",
            "hello/sample.yaml": "purpose: service\nbasis: contract\n"
            "contact: {first_name: Ada, last_name: Lovelace}\n",
            "hello/de/subject.txt": "Hallo\n",
            "hello/de/preheader.txt": "Ein Satz, der im Posteingang neben dem Betreff steht.\n",
            "hello/de/body.html": "<p>{{ greeting }}</p>\n",
            "hello/de/body.txt": "{{ greeting }}\n",
        }
        for path, text in {**sound, **changes}.items():
            file = tmp_path / "templates" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return tmp_path / "templates"

    return made

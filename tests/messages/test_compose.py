"""What a message says of a person, with whatever the data hold."""

import email
import json
from collections.abc import Callable
from dataclasses import replace
from email import policy

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows import tokens
from flows.errors import MessageError
from flows.messages.compose import again, compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.people import clean, initials, phone_link
from flows.store.facts import MessageFacts
from segments.names import Locale
from tests.messages.people import AT

Facts = Callable[..., MessageFacts]

GREETINGS = [
    ("ms", "Dr.", "Anna", "Meier", "Guten Tag Frau Dr. Meier", "Dear Dr. Meier"),
    ("ms", None, "Anna", "Meier", "Guten Tag Frau Meier", "Dear Ms Meier"),
    ("mr", None, None, "Öztürk", "Guten Tag Herr Öztürk", "Dear Mr Öztürk"),
    ("mr", "Prof. Dr.", None, "Kühn", "Guten Tag Herr Prof. Dr. Kühn", "Dear Prof. Dr. Kühn"),
    ("none", None, "Alex", "Meier", "Guten Tag Alex Meier", "Dear Alex Meier"),
    (None, None, "Alex", "Meier", "Guten Tag Alex Meier", "Dear Alex Meier"),
    (None, "Dr.", None, "Meier", "Guten Tag Dr. Meier", "Dear Dr. Meier"),
    ("ms", None, "Anna", None, "Guten Tag Anna", "Dear Anna"),
    (None, None, None, "Meier", "Guten Tag", "Hello"),
    ("ms", "Dr.", None, None, "Guten Tag", "Hello"),
    ("mr", None, "-", ".", "Guten Tag", "Hello"),
    ("mr", None, " ", "\u200b", "Guten Tag", "Hello"),
    (None, None, None, None, "Guten Tag", "Hello"),
]


@pytest.mark.parametrize(("salutation", "title", "first", "last", "german", "english"), GREETINGS)
def test_greetings_cope_with_what_is_missing(
    library: Library,
    letterhead: Letterhead,
    facts: Facts,
    salutation: str | None,
    title: str | None,
    first: str | None,
    last: str | None,
    german: str,
    english: str,
):
    for locale, wanted in (("de", german), ("en", english)):
        person = facts(
            salutation=salutation,
            title=title,
            first_name=first,
            last_name=last,
            contact_locale=locale,
        )
        text = compose(library, person, letterhead, AT).outgoing.text
        assert text.splitlines()[0] == f"{wanted},"


NASTY = [
    "{{ 7 * 7 }}{% raw %}",
    "<script>alert(1)</script>",
    'Anna" onclick="x',
    "Anna\r\nBcc: everyone@kunde.example",
    "Anna\nX: y",
    "=?utf-8?B?QQ==?=",
    'O\'Neill, "Bob" <x@y.example>',
    "👩‍👩‍👧 Müller",
    "\u202egnp.exe",
    "مريم",
    "A\x00\x07B",
    "\ud800",
    "%(company)s {name}",
]
NAMES = st.one_of(
    st.sampled_from(NASTY), st.text(max_size=40), st.text("<>&\"'{}%\r\n= ?,;@\\", max_size=20)
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=NAMES, last=NAMES, company=NAMES, product=NAMES)
def test_no_name_breaks_headers_markup_or_templates(
    library: Library,
    letterhead: Letterhead,
    facts: Facts,
    first: str,
    last: str,
    company: str,
    product: str,
):
    purchase = facts().purchase
    assert purchase is not None
    line = replace(purchase.lines[0], name=product, fact=first)
    person = facts(
        salutation=None,
        title=None,
        first_name=first,
        last_name=last,
        customer_name=company,
        purchase=replace(purchase, key=last, lines=(line,)),
    )
    composed = compose(library, person, letterhead, AT)
    raw = composed.outgoing.as_bytes()
    assert raw == again(composed.sources, composed.context).as_bytes()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")

    usual = email.message_from_bytes(compose(library, facts(), letterhead, AT).outgoing.as_bytes())
    parsed = email.message_from_bytes(raw, policy=policy.default)
    assert parsed.keys() == usual.keys()
    assert not parsed.defects
    assert [each.addr_spec for each in parsed["to"].addresses] == ["a.meier@kunde.example"]
    for kind, body in (("plain", composed.outgoing.text), ("html", composed.outgoing.html)):
        assert parsed.get_body((kind,)).get_content().replace("\r\n", "\n") == body

    page = BeautifulSoup(composed.outgoing.html, "html.parser")
    assert not page.find_all("script")
    assert not [
        tag for tag in page.find_all(True) if any(key.startswith("on") for key in tag.attrs)
    ]
    shown = clean(product) or clean(line.product)
    assert shown is not None
    assert " ".join(shown.split()) in " ".join(page.get_text().split())
    greeting = json.loads(composed.context)["greeting"]
    assert composed.outgoing.text.startswith(f"{greeting},")


@pytest.mark.parametrize(
    ("contact", "customer", "wanted"),
    [("en", "de", "en"), (None, "en", "en"), (None, None, "de"), ("de", "en", "de")],
)
def test_the_language_is_the_persons_else_the_customers_else_the_houses(
    library: Library,
    letterhead: Letterhead,
    facts: Facts,
    contact: str | None,
    customer: str | None,
    wanted: str,
):
    person = facts(contact_locale=contact, customer_locale=customer)
    assert compose(library, person, letterhead, AT).locale == wanted


def test_a_message_without_that_language_goes_out_in_the_other(
    letterhead: Letterhead, facts: Facts, folder: Callable[[dict[str, str]], object]
):
    library = Library.open(folder({}))  # type: ignore[arg-type]
    composed = compose(library, facts(message="hello", contact_locale="en"), letterhead, AT)
    assert composed.locale == Locale.DE


def test_whoever_cannot_be_written_to_is_an_error_without_personal_data(
    library: Library, letterhead: Letterhead, facts: Facts
):
    cases = [
        (facts(contact_id=None), "send 88 has nobody to write to"),
        (facts(email=None), "send 88 has nobody to write to"),
        (facts(owner=None), "send 88 has no owner"),
        (facts(purpose="advertising", basis=None), "send 88 has no permission to rest on"),
        (facts(email="not an address"), "the address of contact 4711 cannot be written to"),
        (facts(email="a\r\nBcc: b@c.example"), "the address of contact 4711"),
        (facts(message="nothing_like_it"), "templates/nothing_like_it is not there"),
    ]
    for person, wanted in cases:
        with pytest.raises(MessageError, match=wanted) as caught:
            compose(library, person, letterhead, AT)
        assert "kunde.example" not in str(caught.value)
        assert "Meier" not in str(caught.value)


def test_the_envelope_carries_who_answers_and_no_address_in_the_token(
    library: Library, letterhead: Letterhead, facts: Facts
):
    person = facts(purpose="advertising", basis="consent", message="newsletter")
    outgoing = compose(library, person, letterhead, AT).outgoing
    assert outgoing.reply_to == "b@nordholz.example"
    assert outgoing.message_id.startswith("<s88.")
    assert outgoing.message_id.endswith("@nordholz.example>")
    token = outgoing.headers["List-Unsubscribe"].rpartition("%20")[2].rstrip(">")
    assert tokens.read([letterhead.secret], token) == (4711, "advertising")


def test_domains_with_umlauts_are_written_as_the_wire_wants_them(
    library: Library, letterhead: Letterhead, facts: Facts
):
    outgoing = compose(library, facts(email="post@möbel.example"), letterhead, AT).outgoing
    assert outgoing.to_email == "post@xn--mbel-5qa.example"


@pytest.mark.parametrize(
    ("phone", "link"),
    [("+49 (0)5141 55-1", "tel:+495141551"), ("05141 / 12", "tel:0514112"), (None, None)],
)
def test_phone_numbers_can_be_dialled(phone: str | None, link: str | None):
    assert phone_link(phone) == link


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Katrin Lindner", "KL"), ("Elif Yılmaz", "EY"), ("Dr. Jan van der Berg", "DB"), ("Mo", "M")],
)
def test_initials_are_two_letters_at_most(name: str, letters: str):
    assert initials(name) == letters

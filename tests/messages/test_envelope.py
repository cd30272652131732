"""What goes around a message: how to say stop, where it is from, and what is kept of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows import tokens
from flows.errors import MessageError
from flows.messages.compose import Composed, again, compose
from flows.messages.context import Letterhead, sender_id
from flows.messages.library import Library
from flows.store.facts import MessageFacts, OwnerFacts
from flows.store.orders import LineFacts, PurchaseFacts
from segments.names import Basis, Locale, Purpose
from tests.messages.people import AT

Facts = Callable[..., MessageFacts]


@pytest.fixture(scope="session")
def online(letterhead: Letterhead) -> Letterhead:
    """The same house, with a web endpoint."""
    return replace(letterhead, web="https://mail.nordholz.example/")


@pytest.fixture
def newsletter(facts: Facts) -> MessageFacts:
    return facts(
        message="newsletter", journey="monthly", step="send_it", purpose="advertising",
        basis="consent",
    )  # fmt: skip


def test_where_there_is_a_page_stop_takes_one_click(
    library: Library, online: Letterhead, newsletter: MessageFacts
):
    outgoing = compose(library, newsletter, online, AT).outgoing
    page, mail = outgoing.headers["List-Unsubscribe"].split(", ")
    address, _, token = page.strip("<>").rpartition("/")
    assert address == "https://mail.nordholz.example/u"
    assert tokens.read([online.secret], token) == (4711, Purpose.ADVERTISING)
    assert mail == f"<mailto:abmelden@nordholz.example?subject=Abmelden%20{token}>"
    assert outgoing.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    links = [a["href"] for a in BeautifulSoup(outgoing.html, "html.parser")("a")]
    assert page.strip("<>") in links
    assert page.strip("<>") in outgoing.text
    assert not [link for link in links if link.startswith("mailto:abmelden")]


def test_without_a_page_stop_takes_a_mail(
    library: Library, letterhead: Letterhead, newsletter: MessageFacts
):
    headers = compose(library, newsletter, letterhead, AT).outgoing.headers
    assert headers["List-Unsubscribe"].startswith("<mailto:abmelden@nordholz.example?subject=")
    assert headers["List-Unsubscribe"].count("<") == 1
    assert "List-Unsubscribe-Post" not in headers


@pytest.mark.parametrize("purpose", list(Purpose))
def test_only_what_needs_permission_offers_to_stop_it(
    library: Library, online: Letterhead, facts: Facts, purpose: Purpose
):
    optional = purpose in (Purpose.ADVERTISING, Purpose.SURVEY)
    headers = compose(library, facts(purpose=purpose), online, AT).outgoing.headers
    assert ("List-Unsubscribe" in headers) is optional
    assert ("List-Unsubscribe-Post" in headers) is optional
    assert ("List-ID" in headers) is (purpose == Purpose.ADVERTISING)


def test_an_address_in_other_letters_is_written_as_the_wire_wants_it(
    library: Library, letterhead: Letterhead, newsletter: MessageFacts
):
    house = replace(letterhead, web="https://möbel.example:8443/post fach")
    headers = compose(library, newsletter, house, AT).outgoing.headers
    assert headers["List-Unsubscribe"].startswith(
        "<https://xn--mbel-5qa.example:8443/post%20fach/u/"
    )
    house = replace(letterhead, web="https://ﾟ..example")
    with pytest.raises(MessageError, match=r"settings.yaml \(web: address\)"):
        compose(library, newsletter, house, AT)


def test_complaints_are_counted_by_journey_step_and_message(
    library: Library, letterhead: Letterhead, newsletter: MessageFacts
):
    def feedback(person: MessageFacts) -> str:
        return compose(library, person, letterhead, AT).outgoing.headers["Feedback-ID"]

    assert feedback(newsletter) == "monthly:send_it:newsletter:nordholzexample"
    assert feedback(replace(newsletter, step="warte: 3 Täge")) == (
        "monthly:warte_3_T_ge:newsletter:nordholzexample"
    )
    other = replace(newsletter, contact_id=1, email="x@y.example", first_name="B", customer_id=2)
    assert feedback(other) == feedback(newsletter)


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        ("nordholz.example", "nordholzexample"),
        ("a-very-long-name.example", "averylongnameex"),
        ("Firma.example", "firmaexample"),
    ],
)
def test_a_sender_is_known_by_the_letters_of_its_domain(domain: str, found: str):
    assert sender_id(domain) == found


@given(st.from_regex(r"[a-z0-9-]{1,3}\.[a-z]{2}", fullmatch=True) | st.text(max_size=30))
def test_what_a_sender_is_known_by_has_five_to_fifteen_letters(domain: str):
    found = sender_id(domain)
    assert 5 <= len(found) <= 15
    assert found.isascii()
    assert found.isalnum()
    assert found == sender_id(domain)


def test_a_message_says_where_it_belongs(
    library: Library, letterhead: Letterhead, newsletter: MessageFacts
):
    outgoing = compose(library, newsletter, letterhead, AT).outgoing
    assert (outgoing.journey, outgoing.step, outgoing.purpose, outgoing.message) == (
        "monthly", "send_it", "advertising", "newsletter",
    )  # fmt: skip


def test_nobody_is_followed_who_did_not_agree(
    library: Library, letterhead: Letterhead, newsletter: MessageFacts
):
    for tracked in (False, True):
        person = replace(newsletter, tracking=tracked)
        composed = compose(library, person, letterhead, AT)
        assert composed.outgoing.tracking is tracked
        assert again(composed.sources, composed.context).tracking is tracked
        assert not BeautifulSoup(composed.outgoing.html, "html.parser")("img")


def test_of_a_send_only_what_its_message_prints_is_kept(
    library: Library, letterhead: Letterhead, facts: Facts, newsletter: MessageFacts
):
    of_newsletter = compose(library, newsletter, letterhead, AT)
    of_service = compose(library, facts(), letterhead, AT)
    assert json.loads(of_newsletter.context).keys() == {
        "date", "send", "greeting", "contact", "email", "owner", "mark", "token",
    }  # fmt: skip
    assert json.loads(of_service.context).keys() == {
        "date", "send", "greeting", "contact", "email", "owner", "mark", "order",
    }  # fmt: skip
    assert len(of_newsletter.context.encode()) < 550
    for composed in (of_newsletter, of_service):
        assert "HRB" not in composed.context


def test_what_all_messages_share_makes_another_version_when_it_changes(
    library: Library, letterhead: Letterhead, newsletter: MessageFacts
):
    def made(house: Letterhead) -> Composed:
        return compose(library, newsletter, house, AT)

    moved = replace(letterhead, unsubscribe="stop@nordholz.example")
    assert made(moved).template_version != made(letterhead).template_version
    same = replace(letterhead, secret=b"another secret")
    assert made(same).template_version == made(letterhead).template_version
    assert made(moved).context == made(letterhead).context


def test_a_telephone_without_digits_is_none(library: Library, letterhead: Letterhead, facts: Facts):
    owner = OwnerFacts("o", "Jo Brandt", None, "b@nordholz.example", "auf Anfrage")
    outgoing = compose(library, facts(owner=owner), letterhead, AT).outgoing
    assert "auf Anfrage" not in outgoing.text + outgoing.html


WORD = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(["Anna", "von Ahn", "Öztürk"]))
WHEN = st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
LINES = st.builds(
    LineFacts, WORD, WORD, WORD,
    st.floats(0, 1e6, allow_nan=False) | st.sampled_from([1.0, 2.5, 1e22]),
    st.integers(0, 2**53), WORD,
)  # fmt: skip
ORDERS = st.builds(
    PurchaseFacts,
    id=st.integers(1, 2**62),
    key=st.text(max_size=9),
    ordered_at=WHEN,
    delivered_at=st.none() | WHEN,
    currency=st.sampled_from(["EUR", "JPY", "CHF"]),
    total=st.integers(-(2**53), 2**53),
    category=WORD,
    lines=st.lists(LINES, max_size=3).map(tuple),
    more=st.integers(0, 9),
)
PEOPLE = st.builds(
    MessageFacts,
    send_id=st.integers(0, 2**62),
    enrollment_id=st.just(1),
    journey=st.sampled_from(["a", "reassurance"]),
    step=st.text("ab:é ", max_size=5),
    message=st.sampled_from(["newsletter", "reassurance", "reassurance_personal", "win_back"]),
    purpose=st.sampled_from(list(Purpose)),
    basis=st.sampled_from(list(Basis)),
    customer_id=st.integers(1, 2**62),
    customer_name=WORD,
    customer_locale=st.none() | st.sampled_from(list(Locale)),
    contact_id=st.integers(0, 2**62),
    email=st.sampled_from(["a@b.example", "post@möbel.example"]),
    salutation=st.sampled_from(["ms", "mr", "none", None]),
    title=WORD,
    first_name=WORD,
    last_name=WORD,
    contact_locale=st.none() | st.sampled_from(list(Locale)),
    owner=st.builds(
        OwnerFacts, st.just("o"), st.sampled_from(["Jo Brandt", "Ü"]), WORD,
        st.sampled_from(["b@nordholz.example", "b@möbel.example"]), WORD,
    ),
    purchase=st.none() | ORDERS,
    tracking=st.booleans(),
)  # fmt: skip


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(person=PEOPLE, at=WHEN, page=st.sampled_from([None, "https://m.example"]))
def test_what_is_kept_makes_the_same_message_again(
    library: Library, letterhead: Letterhead, person: MessageFacts, at: datetime, page: str | None
):
    composed = compose(library, person, replace(letterhead, web=page), at)
    there_and_back = json.dumps(json.loads(composed.context), ensure_ascii=True)
    made = again(composed.sources, there_and_back)
    assert made == composed.outgoing
    assert made.as_bytes() == composed.outgoing.as_bytes()

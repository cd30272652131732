"""Every message we ship, in every language: looks as agreed, and as compliance demands."""

import email
import json
import re
from collections.abc import Callable
from email import policy

import pytest
from bs4 import BeautifulSoup

from flows.messages.compose import Composed, again, compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.lint import lint
from flows.messages.sample import AT, Sample, read_sample
from segments.names import Locale
from tests.messages.conftest import TEMPLATES

MESSAGES = [
    (file.parents[1].name, file.parent.name)
    for file in sorted(TEMPLATES.glob("[a-z]*/*/subject.txt"))
]


@pytest.fixture(params=MESSAGES, ids=".".join)
def composed(request: pytest.FixtureRequest, library: Library, letterhead: Letterhead) -> Composed:
    """A shipped message to the person of its sample."""
    message, locale = request.param
    sample = read_sample(TEMPLATES / message / "sample.yaml")
    assert isinstance(sample, Sample)
    return compose(library, sample.facts(message, locale), letterhead, AT)


def test_every_message_is_there_in_two_languages():
    assert {message for message, _ in MESSAGES} >= {
        "complaint_closed", "complaint_received", "newsletter", "reassurance",
        "reassurance_personal", "reference", "satisfaction", "second_order", "what_went_wrong",
        "win_back",
    }  # fmt: skip
    assert sorted(MESSAGES) == sorted(
        (message, str(locale)) for message in {name for name, _ in MESSAGES} for locale in Locale
    )


def test_shipped_messages_pass_their_own_check(letterhead: Letterhead):
    assert lint(TEMPLATES, letterhead) == []


def test_messages_look_as_agreed(composed: Composed, golden: Callable[[str, str], None]):
    name = f"{composed.message}.{composed.locale}"
    golden(f"{name}.html", composed.outgoing.html)
    golden(f"{name}.txt", f"Subject: {composed.outgoing.subject}\n\n{composed.outgoing.text}")


def test_a_message_can_be_made_again_byte_for_byte(composed: Composed):
    assert again(composed.sources, composed.context).as_bytes() == composed.outgoing.as_bytes()


def test_messages_are_accessible(composed: Composed):
    page = BeautifulSoup(composed.outgoing.html, "html.parser")
    assert page.html["lang"] == composed.locale
    assert page.title.string == composed.outgoing.subject
    assert page.find("meta", {"name": "viewport"})
    assert page.find("meta", {"name": "color-scheme"})["content"] == "light dark"
    assert len(page.find_all("h1")) == 1
    assert all(table["role"] == "presentation" for table in page.find_all("table"))
    assert not page.find_all(["script", "form", "link", "img"])
    assert all(link.get_text(strip=True) for link in page.find_all("a"))
    sizes = [int(size) for size in re.findall(r"font-size: (\d+)px", str(page.body))]
    assert min(size for size in sizes if size > 1) >= 13
    assert re.search(r"padding: 1[0-9]px[^\"]*line-height: 2[0-9]px", str(page.body))


def test_advertising_can_be_stopped_and_service_offers_nothing_to_stop(composed: Composed):
    headers = composed.outgoing.headers
    mails_that_sell = {"second_order", "win_back", "newsletter", "reference"}
    asks = composed.message in mails_that_sell | {"satisfaction"}
    assert ("List-Unsubscribe" in headers) is asks
    assert ("List-ID" in headers) is (composed.message in mails_that_sell)
    assert ("token" in json.loads(composed.context)) is asks
    assert headers["Auto-Submitted"] == "auto-generated"
    if asks:
        assert "List-Unsubscribe-Post" not in headers
        link = headers["List-Unsubscribe"].strip("<>")
        assert link.startswith("mailto:abmelden@nordholz.example?subject=")
        assert link in composed.outgoing.text
        hrefs = {a.get("href") for a in BeautifulSoup(composed.outgoing.html, "html.parser")("a")}
        assert link in hrefs
        assert "kunde.example" not in link


def test_no_provider_leads_the_way_out_over_its_own_pages(composed: Composed):
    # Where clicks are counted, SendGrid rewrites every link that does not say so (H5).
    page = BeautifulSoup(composed.outgoing.html, "html.parser")
    last = page.find_all("a", class_="foot-link")
    assert all(link["clicktracking"] == "off" for link in last)
    assert bool(last) == ("List-Unsubscribe" in composed.outgoing.headers)


def test_every_message_names_sender_owner_and_imprint(composed: Composed):
    parsed = email.message_from_bytes(composed.outgoing.as_bytes(), policy=policy.default)
    assert str(parsed["from"].addresses[0].addr_spec) == "post@nordholz.example"
    assert str(parsed["reply-to"]) == composed.outgoing.reply_to
    for body in (parsed.get_body(("plain",)), parsed.get_body(("html",))):
        text = body.get_content()
        for wanted in ("Nordholz Büromöbel GmbH", "29221 Celle", "HRB 000000", "Katrin Lindner"):
            assert wanted in text


def test_service_messages_hold_no_button_and_no_price(library: Library):
    for message in ("reassurance", "reassurance_personal"):
        for locale in library.locales(message):
            used = library.message(message, locale).sources
            assert not [path for path in used if path.startswith("_macros")]
            assert not re.search(r"Rabatt|Gutschein|discount|voucher|€", "".join(used.values()))


def test_golden_files_belong_to_messages():
    names = {
        file.name.rpartition(".")[0] for file in (TEMPLATES.parent / "tests/golden").glob("*.*")
    }
    assert names == {".".join(each) for each in MESSAGES}

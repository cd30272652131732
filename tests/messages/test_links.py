"""Links of messages to our own pages, and over our endpoint."""

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from flows import tokens
from flows.messages.clicks import addresses, led_over
from flows.messages.compose import again, compose, links_of
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.lint import lint
from flows.messages.sample import AT, Sample, read_sample
from flows.store.facts import MessageFacts
from flows.tokens import Kind
from tests.messages.conftest import TEMPLATES

WEB = "https://mail.nordholz.example"


@pytest.fixture
def online(letterhead: Letterhead) -> Letterhead:
    return replace(letterhead, web=WEB)


def hrefs(html: str) -> list[str]:
    return [str(link["href"]) for link in BeautifulSoup(html, "html.parser")("a")]


def test_shipped_messages_pass_their_check_with_pages_of_ours(online: Letterhead):
    assert lint(TEMPLATES, online) == []


def test_every_message_leads_to_the_preferences_of_whoever_gets_it(
    library: Library, online: Letterhead, facts: Callable[..., MessageFacts]
):
    for name in ("reassurance", "newsletter"):
        made = compose(library, facts(message=name, contact_id=4711), online, AT).outgoing
        (link,) = [each for each in hrefs(made.html) if each.startswith(f"{WEB}/p/")]
        token = link.removeprefix(f"{WEB}/p/")
        assert tokens.read_for([online.secret], Kind.PREFERENCES, token) == 4711
        assert link in made.text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_a_survey_has_a_link_for_each_score_in_both_forms(
    library: Library, online: Letterhead, locale: str
):
    sample = read_sample(TEMPLATES / "satisfaction" / "sample.yaml")
    assert isinstance(sample, Sample)
    made = compose(library, replace(sample.facts("satisfaction", locale), send_id=42), online, AT)
    scores = [each for each in hrefs(made.outgoing.html) if "/nps/" in each]
    assert [re.sub(r".*\?score=", "", each) for each in scores] == [str(n) for n in range(11)]
    assert set(scores) <= set(made.outgoing.text.split())
    token = scores[0].removeprefix(f"{WEB}/nps/").partition("?")[0]
    assert tokens.read_for([online.secret], Kind.SCORE, token) == 42
    assert again(made.sources, made.context).as_bytes() == made.outgoing.as_bytes()


def test_links_lead_over_us_only_where_settings_and_reader_say_so(
    library: Library, online: Letterhead, facts: Callable[..., MessageFacts]
):
    for clicks in (False, True):
        for tracking in (False, True):
            house = replace(online, clicks=clicks)
            made = compose(library, facts(tracking=tracking), house, AT)
            over = [each for each in hrefs(made.outgoing.html) if each.startswith(f"{WEB}/c/")]
            assert bool(over) is (clicks and tracking)
            assert ("clicks" in json.loads(made.context)) is (clicks and tracking)
            assert f"{WEB}/c/" not in made.outgoing.text
            assert again(made.sources, made.context).as_bytes() == made.outgoing.as_bytes()


def test_what_leads_over_us_leads_where_it_led_before(
    library: Library, online: Letterhead, facts: Callable[..., MessageFacts]
):
    direct = compose(library, facts(tracking=True), online, AT)
    made = compose(library, facts(tracking=True), replace(online, clicks=True), AT)
    targets = links_of(made.sources, made.context)
    assert targets == [
        each
        for each in hrefs(direct.outgoing.html)
        if each.startswith("http") and not each.startswith(WEB)
    ]
    assert targets
    assert links_of(direct.sources, direct.context) == []
    over = {each for each in hrefs(made.outgoing.html) if each.startswith(f"{WEB}/c/")}
    token = tokens.make_for(online.secret, Kind.CLICK, 88)
    assert over == {f"{WEB}/c/{token}/{place}" for place in range(len(targets))}


def test_addresses_come_back_as_a_browser_reads_them():
    html = (
        '<a class="x" href="https://a.example/?b=1&amp;c=2">1</a> <A HREF="http://b.example">2</A>'
        f'<a href="{WEB}/u/t">3</a><a href="mailto:c@d.example">4</a><link href="https://e.example">'
    )
    assert addresses(html, WEB) == ["https://a.example/?b=1&c=2", "http://b.example"]
    assert hrefs(led_over(html, WEB, "T"))[:2] == [f"{WEB}/c/T/0", f"{WEB}/c/T/1"]

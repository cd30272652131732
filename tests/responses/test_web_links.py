"""Links of real messages: looking at them changes nothing, and ours lead where they say."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select

from flows.config import load
from flows.messages.compose import Composed, compose, links_of
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.messages.sample import AT, Sample, read_sample
from flows.shipping import shipped
from flows.store.clicks import MACHINE
from flows.store.models import Response, Send, TemplateVersion
from tests.delivery.rows import NOW, furnish, object_to, put, send
from tests.responses.web import SECRET, endpoint, everything

WEB = "https://mail.nordholz.example"
TEMPLATES = shipped() / "templates"
BROWSER = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "accept-language": "de",
}


@pytest.fixture(scope="module")
def house() -> Letterhead:
    """The shipped project, with pages of its own and links that lead over them."""
    project = load(shipped())
    return Letterhead(project.senders, project.policy, "stop@nordholz.example", SECRET, WEB, True)


@pytest.fixture(scope="module")
def messages(house: Letterhead) -> list[Composed]:
    """Every shipped message in every language, for somebody who permits tracking."""
    library = Library.open(TEMPLATES)
    made = []
    for file in sorted(TEMPLATES.glob("[a-z]*/*/subject.txt")):
        message, locale = file.parents[1].name, file.parent.name
        sample = read_sample(file.parents[1] / "sample.yaml")
        assert isinstance(sample, Sample)
        facts = replace(sample.facts(message, locale), tracking=True)
        made.append(compose(library, facts, house, AT))
    return made


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    with endpoint(engine, targets=links_of) as opened:
        opened.headers.update(BROWSER)
        yield opened


def delivered(engine: Engine, made: Composed, *, minutes: float = 60) -> None:
    """It went out so long ago, as send 1."""
    at = NOW - timedelta(minutes=minutes)
    row = send(1, outcome="delivered", context=made.context, handed_over_at=at)
    with engine.begin() as connection:
        connection.execute(
            insert(TemplateVersion).values(
                version=made.template_version,
                message=made.message,
                locale=made.locale,
                sources=made.sources,
            )
        )
    put(engine, row | {"template_version": made.template_version})


def tracked(engine: Engine) -> None:
    object_to(engine, kind="tracking", purpose="service")


def links(made: Composed) -> list[str]:
    """Every link to us in both forms, and in the headers."""
    hrefs = [str(link["href"]) for link in BeautifulSoup(made.outgoing.html, "html.parser")("a")]
    words = made.outgoing.text.split()
    headers = made.outgoing.headers.get("List-Unsubscribe", "").strip("<>").split(">, <")
    ours = {link for link in (*hrefs, *words, *headers) if link.startswith(WEB)}
    return sorted(link.removeprefix(WEB) for link in ours)


def responses(engine: Engine) -> list[tuple[str, dict[str, str]]]:
    with engine.connect() as connection:
        rows = connection.execute(select(Response.kind, Response.detail).order_by(Response.id))
        return [(row.kind, row.detail) for row in rows]


@pytest.mark.briefly("sqlite")
@given(dice=st.randoms(use_true_random=False))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_looking_at_any_link_of_any_message_changes_nothing(
    client: httpx.Client, engine: Engine, messages: list[Composed], dice: object
):
    # Send 1 is not there for the first example only: a link must be harmless in both cases.
    with engine.connect() as connection:
        there = connection.execute(select(Send.id)).first()
    if there is None:
        delivered(engine, messages[0])
    found = sorted({link for made in messages for link in links(made)})
    pages = {link.split("/")[1] for link in found}
    assert pages == {"c", "doi", "nps", "p", "u"}
    before = everything(engine)
    dice.shuffle(found)  # type: ignore[attr-defined]
    for link in found:
        assert client.head(link).status_code in (200, 302)
        assert client.get(link, headers={"user-agent": "LinkScanner/1"}).status_code in (200, 302)
        assert client.get(f"{link}?lang=en").status_code in (200, 302)
    assert everything(engine) == before


def test_a_link_leads_where_the_message_says_and_nowhere_else(
    client: httpx.Client, engine: Engine, messages: list[Composed]
):
    made = messages[0]
    delivered(engine, made)
    over = [link for link in links(made) if link.startswith("/c/")]
    assert over
    told = {client.get(link).headers["location"] for link in over}
    assert told == set(links_of(made.sources, made.context))
    token = over[0].rpartition("/")[0]
    unknown = client.get("/u/x").text
    for odd in (f"{token}/{len(over)}", f"{token}/{10**30}", "/c/x/0"):
        answer = client.get(odd)
        assert (answer.status_code, answer.text) == (404, unknown)
    for odd in (f"{token}/-1", f"{token}/https://evil.example", token):
        assert client.get(odd).status_code == 404
    assert client.post(over[0]).status_code == 405


def test_a_click_is_kept_once_and_only_of_those_who_permit_it(
    client: httpx.Client, engine: Engine, messages: list[Composed]
):
    delivered(engine, messages[0])
    over = next(link for link in links(messages[0]) if link.startswith("/c/"))
    assert client.get(over).status_code == 302
    assert responses(engine) == []
    tracked(engine)
    assert client.head(over).status_code == 302
    assert responses(engine) == []
    for _ in range(3):
        address = client.get(over).headers["location"]
    assert responses(engine) == [("click", {"url": address})]


@pytest.mark.parametrize(
    "headers",
    [
        {"user-agent": "Mozilla/5.0 (compatible; Barracuda Sentinel)"},
        {"user-agent": ""},
        {"sec-purpose": "prefetch;prerender"},
        {"accept-language": None},
    ],
    ids=str,
)
def test_what_programs_follow_is_marked_and_is_nobodys_click(
    client: httpx.Client, engine: Engine, messages: list[Composed], headers: dict[str, str | None]
):
    delivered(engine, messages[0])
    tracked(engine)
    over = next(link for link in links(messages[0]) if link.startswith("/c/"))
    for name, value in headers.items():
        client.headers.pop(name, None)
        if value is not None:
            client.headers[name] = value
    for _ in range(2):
        assert client.get(over).status_code == 302
    ((kind, detail),) = responses(engine)
    assert (kind, detail["kind"]) == ("unknown", MACHINE)


def test_whoever_follows_a_link_in_the_same_breath_is_a_program(
    client: httpx.Client, engine: Engine, messages: list[Composed]
):
    delivered(engine, messages[0], minutes=0.1)
    tracked(engine)
    over = next(link for link in links(messages[0]) if link.startswith("/c/"))
    client.get(over)
    assert [kind for kind, _ in responses(engine)] == ["unknown"]


def test_a_message_that_is_gone_is_said_to_be(client: httpx.Client, messages: list[Composed]):
    over = next(link for link in links(messages[0]) if link.startswith("/c/"))
    answer = client.get(over)
    assert answer.status_code == 404
    assert "Diese Nachricht haben wir nicht mehr" in answer.text


def test_addresses_hold_nothing_of_whom_they_are_for(messages: list[Composed]):
    for made in messages:
        for link in links(made):
            assert "@" not in urlsplit(link).path
            assert "kunde.example" not in link
            assert Path(urlsplit(link).path).name

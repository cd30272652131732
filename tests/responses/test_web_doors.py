"""What holds for all pages: who may ask how often, how much is read, and what nobody learns."""

import random
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from socket import create_connection
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, text
from starlette.requests import Request

from flows import tokens
from flows.responses.limits import LARGEST_FORM, Limits
from flows.store.consents import request_consent
from flows.store.models import Base, Permission
from flows.tokens import Kind
from segments.names import Purpose
from tests.delivery.rows import NOW, furnish, put, send
from tests.responses.web import SECRET, endpoint, everything, link


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    with endpoint(engine) as opened:
        yield opened


def request(peer: str | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    client = (peer, 1) if peer else None
    return Request({"type": "http", "method": "GET", "headers": headers, "client": client})


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "who"),
    [
        (0, "203.0.113.9", [], "203.0.113.9"),
        (0, "203.0.113.9", ["198.51.100.1"], "203.0.113.9"),
        (0, "127.0.0.1", ["198.51.100.1"], None),
        (0, None, [], None),
        (1, "127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        (1, "127.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        (1, "127.0.0.1", ["6.6.6.6", "198.51.100.1:4711"], "198.51.100.1"),
        (2, "127.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.1"], "198.51.100.1"),
        (2, "10.0.0.1", ["198.51.100.1"], "10.0.0.1"),
        (1, "127.0.0.1", ["garbage"], "unreadable"),
        (1, "::1", ["2001:db8:1:2:3:4:5:6"], "20010db800010002"),
        (1, "::1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ],
)
def test_whoever_asks_is_told_by_our_own_proxies_only(
    proxies: int, peer: str | None, forwarded: list[str], who: str | None
):
    assert Limits(1, proxies).client(request(peer, *forwarded)) == who


def test_an_address_may_ask_so_often_and_again_a_little_later():
    now = [0.0]
    limits = Limits(3, clock=lambda: now[0])
    one, other = request("203.0.113.1"), request("203.0.113.2")
    assert [limits.allows(one) for _ in range(5)] == [True, True, True, False, False]
    assert limits.allows(other)
    now[0] = 20.0
    assert [limits.allows(one) for _ in range(2)] == [True, False]


def test_who_asks_too_often_waits_but_may_always_unsubscribe(engine: Engine):
    furnish(engine)
    with endpoint(engine, limits=Limits(3, proxies=1)) as client:
        client.headers["X-Forwarded-For"] = "198.51.100.1"
        for _ in range(3):
            assert client.get(link(Kind.PREFERENCES)).status_code == 200
        limited = client.get(link(Kind.PREFERENCES))
        assert limited.status_code == 429
        assert limited.headers["Retry-After"] == "60"
        assert client.post("/u/x").status_code == 429
        assert client.post(link(Kind.STOP_ADVERTISING)).status_code == 200
        client.headers["X-Forwarded-For"] = "198.51.100.2"
        assert client.get(link(Kind.PREFERENCES)).status_code == 200


def test_more_than_any_form_holds_is_refused_before_it_is_read(
    client: httpx.Client, engine: Engine
):
    before = everything(engine)
    for page in (link(Kind.PREFERENCES), link(Kind.SCORE)):
        large = b"about=none&x=" + b"x" * LARGEST_FORM
        assert client.post(page, content=large).status_code == 413
    assert client.get(f"/p/{'A' * 10_000}").status_code == 404
    assert everything(engine) == before


def test_a_body_that_never_comes_ends_nothing_but_its_own_connection(
    client: httpx.Client, engine: Engine
):
    before = everything(engine)
    place = urlsplit(str(client.base_url))
    with closing(create_connection((place.hostname or "", place.port or 0))) as half:
        half.sendall(
            f"POST {link(Kind.PREFERENCES)} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"
            "about=none".encode()
        )
        assert client.get("/health").status_code == 200
    assert everything(engine) == before


def test_pages_allow_no_script_no_stranger_and_no_cookie(client: httpx.Client):
    pages = [link(kind) for kind in Kind if kind != Kind.CLICK]
    for answer in (*map(client.get, pages), *map(client.post, pages), client.get("/u/x")):
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "unsafe" not in policy
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert not answer.cookies
        assert "location" not in answer.headers
        assert "<script" not in answer.text
        assert "http" not in answer.text.replace("http-equiv", "")
        assert len(answer.content) < 12_000


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_invented_request_makes_an_error_or_a_change(
    client: httpx.Client, engine: Engine, seed: int
):
    dice = random.Random(seed)  # noqa: S311
    before = everything(engine)
    for _ in range(6):
        page = dice.choice(["u", "p", "nps", "doi", "c"])
        token = tokens.make(SECRET, 1, "advertising")
        place = dice.randrange(32)
        letter = dice.choice("ABab01-_=%~é\u202e ")
        changed = token[:place] + letter + token[place + 1 :]
        body = dice.randbytes(dice.randrange(2_000))
        answer = client.request(
            dice.choice(["GET", "POST", "HEAD"]),
            f"/{page}/{'' if changed == token else changed}",
            content=body,
            headers={
                "content-type": dice.choice(
                    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"]
                ),
                "accept-language": dice.choice(["de", "en;q=x", ",,,;;;", "*" * 200]),
            },
        )
        assert answer.status_code in (404, 405)
    assert everything(engine) == before


def test_a_store_that_is_away_is_no_riddle(engine: Engine):
    furnish(engine)
    with endpoint(engine) as client:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE preference RENAME TO away"))
        for answer in (
            client.get(link(Kind.PREFERENCES)),
            client.post(link(Kind.PREFERENCES), data={"about": "none"}),
        ):
            assert answer.status_code == 503
            assert answer.headers["Retry-After"] == "60"
            assert "Das hat gerade nicht geklappt" in answer.text
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO preference"))
        assert client.get(link(Kind.PREFERENCES)).status_code == 200


def asked(engine: Engine) -> int:
    """The number of a consent that was asked for, and mailed about."""
    furnish(engine)
    put(engine, send(1, purpose="legal", basis="contract", valid_until=NOW + timedelta(days=7)))
    step = Base.metadata.tables["consent_step"]
    with engine.begin() as connection:
        (number,) = request_consent(
            connection,
            1,
            [Purpose.ADVERTISING],
            NOW,
            timedelta(days=7),
            source="form",
            wording="Ja, gern.",
        )
        connection.execute(
            insert(step).values(
                permission_id=number,
                contact_id=1,
                kind="mailed",
                purpose="advertising",
                at=NOW,
                send_id=1,
                wording="Ja, gern.",
            )
        )
    return number


def test_only_the_click_on_the_button_confirms(engine: Engine):
    page = link(Kind.CONFIRM, asked(engine))
    with endpoint(engine) as client:
        before = everything(engine)
        looked = client.get(page)
        assert "Ja, gern." in looked.text
        assert "Bestätigen" in looked.text
        assert everything(engine) == before
        for _ in range(2):
            assert "Danke, Sie sind dabei." in client.post(page).text
        assert "Danke, Sie sind dabei." in client.get(page).text
    with engine.connect() as connection:
        confirmed = connection.execute(select(Permission.confirmed_at, Permission.proof)).one()
    assert confirmed.confirmed_at == NOW
    assert confirmed.proof == "double opt-in: mail of send 1"


def test_what_was_asked_too_long_ago_or_never_is_told_apart_from_nothing(engine: Engine):
    page = link(Kind.CONFIRM, asked(engine))
    with endpoint(engine, clock=lambda: NOW + timedelta(days=8)) as client:
        answers = [client.get(page), client.post(page)]
        answers += [client.get(link(Kind.CONFIRM, 99)), client.post(link(Kind.CONFIRM, 99))]
    for answer in answers:
        assert answer.status_code == 200
        assert "Diese Bestätigung gilt nicht mehr." in answer.text

"""Whatever strangers post or ask is refused: nothing changes, and nobody's name is given away."""

import base64
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, insert, select

from flows import tokens
from flows.responses.apply import respond
from flows.responses.event_routes import Inbound
from flows.responses.signature import SIGNATURE, TIMESTAMP
from flows.store.batches import keep_batches
from flows.store.models import EventBatch, Run
from flows.tokens import Kind
from tests.delivery.rows import DAY, NOW, furnish, put, send
from tests.responses.mails import posted
from tests.responses.posting import NEW, public, signed, told, written
from tests.responses.test_mail_work import DESK
from tests.responses.web import SECRET, endpoint, everything

ANY = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
PAGES = ("u", "p", "nps", "doi", "c")
DOORS = ("/events/sendgrid", "/inbound", "/inbound/x", "/health", "/")
KNOWN = "ada@example.com"

TEXT = st.text(max_size=40)
HEADER = st.text(string.ascii_letters + string.digits + " -_=;,:/+%\"'<>@().", max_size=60).map(
    str.strip
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
BODY = st.one_of(
    st.binary(max_size=300),
    JSON.map(lambda value: str(value).encode("utf-8", "replace")),
    st.dictionaries(
        st.sampled_from(["List-Unsubscribe", "score", "comment", "language"]), TEXT
    ).map(lambda form: "&".join(f"{name}={quote(text)}" for name, text in form.items()).encode()),
    st.just(written(told(1, "unsubscribe"), told(2, "spamreport"))),
)
REAL = tokens.make_for(SECRET, Kind.STOP_ADVERTISING, 1)
TOKEN = st.one_of(
    st.text(max_size=70),
    st.binary(min_size=24, max_size=24).map(lambda raw: base64.urlsafe_b64encode(raw).decode()),
    st.tuples(st.sampled_from(list(Kind)), st.integers(0, 2**63)).map(
        lambda each: tokens.make_for(b"another secret", *each)
    ),
    # One letter of a real one changed.
    st.tuples(st.integers(0, 31), st.sampled_from("Aa0-_=")).map(
        lambda each: REAL[: each[0]] + each[1] + REAL[each[0] + 1 :]
    ),
    st.sampled_from([KNOWN, "nobody@example.com", REAL.lower(), REAL + "=", REAL[:-1], "1"]),
).filter(lambda token: token != REAL and "/" not in token and token not in ("", ".", ".."))
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            SIGNATURE, TIMESTAMP, "content-type", "accept-language", "cookie", "x-forwarded-for",
            "content-encoding", "origin", "referer", "user-agent", "if-none-match", "range",
        ]
    ),
    HEADER,
    max_size=5,
)  # fmt: skip


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    """The whole endpoint, in front of a store with somebody in it; afterwards it is as it was."""
    furnish(engine)
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    before = everything(engine)
    secret = Inbound([public(NEW)], "a-secret-of-the-address")
    with endpoint(engine, inbound=secret, keys=[public(NEW)]) as opened:
        yield opened
    assert everything(engine) == before


def ask(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    answer = client.request(method, path, **more)
    assert answer.status_code < 500, (method, path, answer.status_code)
    assert KNOWN not in answer.text.lower()
    assert "traceback" not in answer.text.lower()
    assert not answer.cookies
    return answer


@ANY
@given(
    st.sampled_from(["GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"]),
    st.sampled_from(DOORS) | TEXT.map(lambda text: "/" + quote(text, safe="/")),
    HEADERS,
    BODY,
)
def test_no_request_of_a_stranger_fails_or_changes_anything(
    client: httpx.Client, method: str, path: str, headers: dict[str, str], body: bytes
) -> None:
    answer = ask(client, method, path, headers=headers, content=body)
    if path != "/health":
        assert answer.status_code in (400, 403, 404, 405, 408, 413, 415)


@ANY
@given(st.sampled_from(PAGES), TOKEN, st.sampled_from(["GET", "POST"]), BODY)
def test_no_token_can_be_guessed_and_none_says_whether_it_nearly_was(
    client: httpx.Client, page: str, token: str, method: str, body: bytes
) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    path = f"/{page}/{quote(token, safe='')}"
    answer = ask(client, method, path, headers=kind, content=body)
    unknown = client.request(method, f"/{page}/{'A' * 32}", headers=kind)
    assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content)
    assert answer.status_code == 404


@ANY
@given(st.sampled_from([KNOWN, "nobody@example.com"]), st.sampled_from(["email", "from", "to"]))
def test_nobody_learns_who_is_known_here(client: httpx.Client, email: str, field: str) -> None:
    event = orjson.dumps([told(1) | {field: email}])
    posts = [
        ask(client, "POST", "/events/sendgrid", content=event),
        ask(client, "POST", "/inbound", files={field: email.encode()}),
        ask(client, "POST", f"/u/{quote(email)}", data={"email": email}),
        ask(client, "GET", "/p/x", params={field: email}),
    ]
    assert [(answer.status_code, len(answer.content) > 500) for answer in posts] == [
        (403, False),
        (403, False),
        (404, True),
        (404, True),
    ]


@ANY
@given(st.integers(0, 400), st.integers(1, 255), st.integers(-(10**6), 10**6))
def test_a_signature_is_for_these_bytes_and_this_moment(
    client: httpx.Client, place: int, change: int, later: int
) -> None:
    body = written(told(1, "unsubscribe"), told(2, "spamreport"))
    place %= len(body)
    bent = body[:place] + bytes([body[place] ^ change]) + body[place + 1 :]
    headers = signed(body)
    assert ask(client, "POST", "/events/sendgrid", content=bent, headers=headers).status_code == 403
    if later:
        moved = headers | {TIMESTAMP: str(int(headers[TIMESTAMP]) + later)}
        answer = ask(client, "POST", "/events/sendgrid", content=body, headers=moved)
        assert answer.status_code == 403


FIELD = st.sampled_from(
    [
        "event", "timestamp", "stammkunde_send", "sg_event_id", "email", "type", "reason", "status",
        "url", "response", "sg_machine_open", "attempt",
    ]
)  # fmt: skip
ODD = st.one_of(
    JSON,
    st.sampled_from(
        [
            "1",
            "9" * 18,
            "9" * 400,
            "-1",
            "\0",
            "a\0@b",
            "\u2028",
            "bounce",
            "unsubscribe",
            "dropped",
        ]
    ),
    st.sampled_from([0, -1, 2**53, 1e300, int(NOW.timestamp()), int(NOW.timestamp()) - 60]),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(FIELD, ODD, max_size=8), max_size=4), st.binary(max_size=60))
def test_whatever_sendgrid_signs_is_worked_through(
    engine: Engine, tmp_path: Path, events: list[dict[str, Any]], mail: bytes
) -> None:
    batches = [
        ("sendgrid", json.dumps([told(1) | event for event in events]).encode()),
        ("sendgrid", json.dumps(events).encode()),
        ("inbound", mail),
        ("inbound", posted(mail)),
    ]
    with engine.begin() as connection:
        keep_batches(connection, batches, NOW)
    respond(engine, tmp_path, now=NOW + 2 * DAY, run_id=1, desk=DESK)
    with engine.connect() as connection:
        waiting = EventBatch.applied_at.is_(None)
        assert connection.scalar(select(func.count()).where(waiting)) == 0


@pytest.fixture(autouse=True)
def _a_run(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Run).values(kind="respond", as_of=NOW, started_at=NOW))

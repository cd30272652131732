"""Posts of events over real HTTP: what is SendGrid's is on the disk, all else is refused."""

import asyncio
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from flows.errors import ConfigError
from flows.responses.apply import respond
from flows.responses.event_routes import LARGEST_BATCH, Inbound, event_routes
from flows.responses.letterbox import Letterbox, LetterboxFullError
from flows.responses.signature import SIGNATURE, TIMESTAMP
from flows.store.models import EventBatch, Reject
from tests.delivery.rows import DAY, NOW, furnish, outcomes, put, send
from tests.responses.posting import NEW, OLD, bodies, endpoint, signed, told, written

EVENTS = "/events/sendgrid"


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    with endpoint(engine, patience=1) as opened:
        yield opened


def test_a_signed_batch_is_kept_byte_for_byte_and_applied_later(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    put(engine, send(2, outcome="in_doubt", handed_over_at=NOW - DAY))
    put(engine, send(3, outcome="in_doubt", handed_over_at=NOW - DAY))
    posts = [written(told(1)), written(told(2, "processed")), written(told(3))]
    for body, key in zip(posts, (OLD, NEW, NEW), strict=True):
        answer = client.post(EVENTS, content=body, headers=signed(body, key))
        assert (answer.status_code, answer.content) == (204, b"")
    assert bodies(engine) == posts
    assert outcomes(engine)[1] == "accepted"
    report = respond(engine, tmp_path, now=NOW, run_id=1)
    assert outcomes(engine) == {1: "delivered", 2: "accepted", 3: "delivered"}
    assert sum(report.new.values()) == 3
    again = respond(engine, tmp_path, now=NOW, run_id=1)
    assert not again.new


def test_a_replayed_batch_is_taken_and_changes_nothing(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    body = written(told(1, "unsubscribe"))
    for _ in range(3):
        assert client.post(EVENTS, content=body, headers=signed(body)).status_code == 204
    report = respond(engine, tmp_path, now=NOW, run_id=1)
    assert (sum(report.new.values()), report.repeated, report.suppressed) == (1, 2, 1)
    client.post(EVENTS, content=body, headers=signed(body, at="1772524800"))
    report = respond(engine, tmp_path, now=NOW, run_id=1)
    assert (sum(report.new.values()), report.repeated, report.suppressed) == (0, 1, 0)


def test_events_that_are_still_to_come_wait_and_those_too_far_ahead_are_refused(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    put(engine, send(2, outcome="accepted", handed_over_at=NOW - DAY))
    for body in (written(told(1)), written(told(2, hours=-40), told(2, "processed"))):
        client.post(EVENTS, content=body, headers=signed(body))
    early = respond(engine, tmp_path, now=NOW - timedelta(hours=2), run_id=1)
    assert (early.waiting, early.refused) == (2, 1)
    assert outcomes(engine) == {1: "accepted", 2: "accepted"}
    respond(engine, tmp_path, now=NOW, run_id=1)
    assert outcomes(engine) == {1: "delivered", 2: "accepted"}
    with engine.connect() as connection:
        (kept,) = connection.execute(select(Reject.column, Reject.reason)).all()
    assert tuple(kept) == ("timestamp", "is not a moment that has been")


@pytest.mark.parametrize("what", ["nothing", "half", "garbage", "stranger", "changed", "long"])
def test_what_sendgrid_did_not_sign_is_refused(
    client: httpx.Client, engine: Engine, what: str
) -> None:
    body = written(told(1))
    headers = {
        "nothing": {},
        "half": {SIGNATURE: signed(body)[SIGNATURE]},
        "garbage": {SIGNATURE: "!!", TIMESTAMP: "x"},
        "stranger": signed(body, ec.generate_private_key(ec.SECP256R1())),
        "changed": signed(body + b" "),
        "long": {SIGNATURE: "A" * 5_000, TIMESTAMP: "1"},
    }[what]
    answer = client.post(EVENTS, content=body, headers=headers)
    assert (answer.status_code, answer.text) == (403, "not signed\n")
    assert bodies(engine) == []


@pytest.mark.parametrize("body", [b"", b"{", b"nil", b"\xff\xfe[\x00]\x00", b"[1, {}]", b"{}"])
def test_a_signed_batch_nobody_can_read_is_kept_with_what_is_wrong(
    client: httpx.Client, engine: Engine, tmp_path: Path, body: bytes
) -> None:
    good = written(told(1))
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    for post in (body, good):
        assert client.post(EVENTS, content=post, headers=signed(post)).status_code == 204
    report = respond(engine, tmp_path, now=NOW, run_id=1)
    assert report.refused >= 1
    assert outcomes(engine) == {1: "delivered"}
    with engine.connect() as connection:
        bad, fine = connection.execute(
            select(EventBatch.body, EventBatch.problem, EventBatch.applied_at).order_by(
                EventBatch.id
            )
        ).all()
    assert bad.body == body
    assert bad.problem
    assert fine.problem is None
    assert bad.applied_at == fine.applied_at == NOW


def test_a_body_larger_than_any_batch_is_refused(client: httpx.Client, engine: Engine) -> None:
    body = b" " * (LARGEST_BATCH + 1)
    whole = client.post(EVENTS, content=body, headers=signed(body))
    chunked = client.post(EVENTS, content=iter([body[:1000], body]), headers=signed(body))
    assert [whole.status_code, chunked.status_code] == [413, 413]
    assert bodies(engine) == []
    largest = b" " * LARGEST_BATCH
    assert client.post(EVENTS, content=largest, headers=signed(largest)).status_code == 204


def raw(client: httpx.Client, request: bytes, *, hang_up: bool = False) -> bytes:
    """What comes back for bytes that are no whole request."""
    address = client.base_url
    with socket.create_connection((address.host, address.port or 80), timeout=10) as opened:
        opened.sendall(request)
        if hang_up:
            return b""
        return b"".join(iter(lambda: opened.recv(4096), b""))


def test_a_post_that_never_ends_is_given_up_and_one_that_breaks_off_leaves_nothing(
    client: httpx.Client, engine: Engine
) -> None:
    begun = b"POST /events/sendgrid HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n[{"
    assert b"408" in raw(client, begun).splitlines()[0]
    raw(client, begun, hang_up=True)
    assert b"400" in raw(client, b"POST /events\x00 nonsense\r\n\r\n").splitlines()[0]
    body = written(told(1))
    assert client.post(EVENTS, content=body, headers=signed(body)).status_code == 204
    assert bodies(engine) == [body]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_posts_are_taken(client: httpx.Client, engine: Engine, method: str) -> None:
    body = written(told(1))
    assert client.request(method, EVENTS, content=body, headers=signed(body)).status_code == 405
    assert bodies(engine) == []


def test_what_cannot_be_stored_is_to_be_posted_again(client: httpx.Client, engine: Engine) -> None:
    body = written(told(1))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE event_batch RENAME TO away"))
    try:
        answer = client.post(EVENTS, content=body, headers=signed(body))
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO event_batch"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert client.post(EVENTS, content=body, headers=signed(body)).status_code == 204
    assert bodies(engine) == [body]


def test_posts_that_come_together_are_stored_together_and_each_is_told(engine: Engine) -> None:
    posts = [bytes([number]) for number in range(50)]

    async def post_all() -> None:
        box = Letterbox(engine, lambda: NOW)
        await asyncio.gather(*(box.keep("sendgrid", post) for post in posts))
        with pytest.raises(LetterboxFullError):
            await box.keep("sendgrid", bytes(130 * 1024 * 1024))

    asyncio.run(post_all())
    assert sorted(bodies(engine)) == posts


def test_everybody_who_waits_hears_that_nothing_was_stored(engine: Engine) -> None:
    async def post_all() -> list[BaseException | None]:
        box = Letterbox(engine, lambda: NOW.replace(tzinfo=None))
        posts = (box.keep("sendgrid", b"x") for _ in range(5))
        return await asyncio.gather(*posts, return_exceptions=True)

    assert all(isinstance(each, SQLAlchemyError) for each in asyncio.run(post_all()))
    assert bodies(engine) == []


def test_a_key_that_is_none_is_told_before_anything_is_served(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="sendgrid_keys"):
        event_routes(engine, ["none"], lambda: NOW)
    with pytest.raises(ConfigError, match="inbound: keys"):
        event_routes(engine, [], lambda: NOW, Inbound(keys=["none"]))

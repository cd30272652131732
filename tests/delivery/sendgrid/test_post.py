"""One request, whatever happens to it: an answer, or whether its body had begun to leave."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import pytest

from flows.delivery.background import new_loop
from flows.delivery.sendgrid import opening
from flows.delivery.sendgrid.answers import Answer, Broken, Meaning, judge
from flows.delivery.sendgrid.post import Line, address_of, checked_key
from flows.errors import DeliveryError
from segments.names import HaltCause
from tests.certificates import FAR_OFF, OVER, Authority
from tests.delivery.sendgrid.conftest import KEY, sendgrid
from tests.delivery.sendgrid.peers import Peer, nobody, read_all, read_head, reply, reset

BODY = b'{"a": "' + b"x" * 9000 + b'"}'
LARGE = b"x" * 8_000_000
T = TypeVar("T")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def run(work: Coroutine[Any, Any, T]) -> T:
    """In the loop we ship."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)


def posted(
    address: str, body: bytes = BODY, seconds: float = 5, times: int = 1, pause: float = 0
) -> list[Answer | Broken]:
    async def work() -> list[Answer | Broken]:
        line = Line(sendgrid(address=address), KEY, 2)
        answers = []
        for _ in range(times):
            answers.append(await line.post(body, seconds))
            await asyncio.sleep(pause)
        await line.close()
        return answers

    return run(work())


def test_a_request_carries_the_key_and_its_body_and_the_answer_comes_back():
    with Peer() as peer:
        (answer,) = posted(peer.address)
    (request,) = peer.requests
    assert answer == Answer(202, f"m-{len(BODY)}")
    assert (request.method, request.path) == ("POST", "/v3/mail/send")
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.body == BODY


def test_a_connection_is_used_again():
    with Peer() as peer:
        answers = posted(peer.address, times=20)
    assert [each.status for each in answers if isinstance(each, Answer)] == [202] * 20
    assert peer.connections == 1


def test_a_connection_closed_between_two_requests_is_replaced():
    def once(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(reply(202, X_Message_Id="m"))
        connection.close()

    with Peer(rude=once) as peer:
        answers = posted(peer.address, times=3, pause=0.05)
    assert answers == [Answer(202, "m")] * 3
    assert peer.connections == 3


def test_nobody_listening_is_known_before_anything_leaves():
    with nobody() as address:
        (answer,) = posted(address)
    assert isinstance(answer, Broken)
    assert (answer.began, answer.hopeless) == (False, False)


def test_a_name_nobody_has_is_known_before_anything_leaves():
    (answer,) = posted("http://no-such-host.invalid")
    assert answer == Broken(False, "its name is not known here (DNS)")


def test_an_encrypted_connection_that_never_stands_is_given_up_before_anything_leaves(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(opening, "CONNECT_SECONDS", 0.3)
    with Peer(rude=lambda connection: time.sleep(1)) as peer:
        (answer,) = posted(f"https://localhost:{peer.port}")
    assert answer == Broken(False, "no connection came about within 0.3 seconds")


def test_a_server_that_does_not_encrypt_gets_nothing():
    def plain(connection: socket.socket) -> None:
        connection.recv(100)
        connection.sendall(reply(400, b"<html>Speak HTTP</html>"))

    with Peer(rude=plain) as peer:
        (answer,) = posted(f"https://localhost:{peer.port}")
    assert answer == Broken(False, "no encrypted connection comes about (TLS)")


def test_a_connection_that_breaks_while_the_encryption_is_agreed_upon_took_nothing():
    with Peer(rude=reset) as peer:
        (answer,) = posted(f"https://localhost:{peer.port}")
    assert isinstance(answer, Broken)
    assert not answer.began


def close_at_once(connection: socket.socket) -> None:
    reset(connection)


def close_before_reading(connection: socket.socket) -> None:
    time.sleep(0.05)
    reset(connection)


def close_after_head(connection: socket.socket) -> None:
    read_head(connection)
    reset(connection)


def close_within_body(connection: socket.socket) -> None:
    _, rest = read_head(connection)
    while len(rest) < 4000:
        rest += connection.recv(1000)
    reset(connection)


def close_after_body(connection: socket.socket) -> None:
    read_all(connection)
    connection.close()


def reset_after_body(connection: socket.socket) -> None:
    read_all(connection)
    reset(connection)


def half_a_status_line(connection: socket.socket) -> None:
    read_all(connection)
    connection.sendall(b"HTTP/1.1 20")
    connection.close()


def half_a_head(connection: socket.socket) -> None:
    read_all(connection)
    connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Mess")
    reset(connection)


def no_http(connection: socket.socket) -> None:
    read_all(connection)
    connection.sendall(b"220 mail.example.com ESMTP\r\n")
    connection.close()


def silence(connection: socket.socket) -> None:
    read_all(connection)
    time.sleep(2)


def deaf(connection: socket.socket) -> None:
    time.sleep(2)


@pytest.mark.parametrize("body", [BODY, LARGE], ids=["small", "large"])
@pytest.mark.parametrize(
    "rude",
    [
        close_before_reading,
        close_after_head,
        close_within_body,
        close_after_body,
        reset_after_body,
        half_a_status_line,
        half_a_head,
        no_http,
        silence,
        deaf,
    ],
    ids=lambda each: each.__name__,
)
def test_no_answer_after_the_body_began_to_leave_is_a_doubt(
    rude: Callable[[socket.socket], None], body: bytes
):
    with Peer(rude=rude) as peer:
        (answer,) = posted(peer.address, body, seconds=0.6)
    assert isinstance(answer, Broken)
    assert answer.began
    assert judge(answer).meaning is Meaning.DOUBT
    assert peer.connections == 1, "and it is not sent again by itself"


def test_a_connection_broken_at_once_is_certain_only_if_nothing_left():
    with Peer(rude=close_at_once) as peer:
        for _ in range(10):
            (answer,) = posted(peer.address)
            assert isinstance(answer, Broken)
    assert peer.connections == 10


def test_an_answer_that_comes_before_the_body_was_read_counts():
    def early(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(reply(413, b"<html>too large</html>", Connection="close"))
        time.sleep(0.3)

    with Peer(rude=early) as peer:
        (answer,) = posted(peer.address, LARGE)
    assert isinstance(answer, Answer)
    assert answer.status == 413


def test_an_answer_cut_off_after_its_head_still_says_what_it_says():
    def cut(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(b"HTTP/1.1 202 OK\r\nX-Message-Id: m\r\nContent-Length: 9\r\n\r\n{")
        connection.close()

    with Peer(rude=cut) as peer:
        (answer,) = posted(peer.address)
    assert answer == Answer(202, "m", b"{")


def test_an_endless_page_is_read_only_as_far_as_it_may_tell_something():
    def endless(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(b"HTTP/1.1 403 No\r\nConnection: close\r\n\r\n")
        while True:
            connection.sendall(b"<p>" * 10_000)

    with Peer(rude=endless) as peer:
        (answer,) = posted(peer.address, seconds=3)
    assert isinstance(answer, Answer)
    assert 100_000 < len(answer.body) < 1_000_000


def test_a_redirect_is_not_followed():
    with Peer(answer=lambda _: reply(307, Location="http://localhost:1/elsewhere")) as peer:
        (answer,) = posted(peer.address)
    assert answer == Answer(307)
    assert len(peer.requests) == 1


def test_the_time_to_wait_is_counted_by_the_clock_of_the_server():
    limits = {
        "Date": "Mon, 02 Mar 2020 08:00:00 GMT",
        "X_RateLimit_Reset": "1583136007",
    }
    with Peer(answer=lambda _: reply(429, **limits)) as peer:
        (answer,) = posted(peer.address)
    assert answer == Answer(429, reset_in=7.0)
    for wrong in ({}, {"X_RateLimit_Reset": "soon"}, {"Date": "today", "X_RateLimit_Reset": "1"}):
        with Peer(answer=lambda _, wrong=wrong: reply(429, **wrong)) as peer:
            assert posted(peer.address) == [Answer(429)]


def test_several_requests_at_once_time_out_each_for_itself():
    async def work(address: str) -> list[Answer | Broken]:
        line = Line(sendgrid(address=address), KEY, 8)
        answers = await asyncio.gather(*[line.post(BODY, 0.4) for _ in range(4)])
        answers.append(await line.post(BODY, 5))
        await line.close()
        return answers

    def fifth_only(connection: socket.socket) -> None:
        read_all(connection)
        if peer.connections > 4:
            connection.sendall(reply(202, X_Message_Id="m"))

    with Peer(rude=fifth_only) as peer:
        # The connections of the first four stay open, without an answer.
        answers = run(work(peer.address))
    assert answers[:4] == [Broken(True, "no answer came within 0.4 seconds")] * 4


@pytest.mark.parametrize(
    ("host", "until", "said"),
    [("localhost", OVER, "expired"), ("elsewhere.example", FAR_OFF, "mismatch")],
    ids=["expired", "of another host"],
)
def test_a_bad_certificate_is_told_as_one(
    trusted: Authority, host: str, until: datetime, said: str
):
    with Peer(secure=trusted.context(host, until)) as peer:
        (answer,) = posted(peer.address)
    assert isinstance(answer, Broken)
    assert (answer.began, answer.hopeless) == (False, True)
    assert "certificate" in answer.what
    assert said in answer.what
    assert peer.requests == []


def test_a_certificate_nobody_vouches_for_is_told_as_one(authority: Authority):
    with Peer(secure=authority.context("localhost")) as peer:
        (answer,) = posted(peer.address)
    assert isinstance(answer, Broken)
    assert answer.hopeless
    assert "certificate" in answer.what


def test_a_good_certificate_lets_messages_pass(trusted: Authority):
    with Peer(secure=trusted.context("localhost")) as peer:
        answers = posted(peer.address, LARGE, times=2)
    assert answers == [Answer(202, f"m-{len(LARGE)}")] * 2
    assert peer.connections == 1


@pytest.mark.parametrize("rude", [close_after_head, silence], ids=["reset", "silence"])
def test_a_doubt_is_one_under_encryption_too(
    trusted: Authority, rude: Callable[[socket.socket], None]
):
    context = trusted.context("localhost")

    def wrapped(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            rude(encrypted)

    with Peer(rude=wrapped) as peer:
        (answer,) = posted(f"https://localhost:{peer.port}", seconds=0.6)
    assert isinstance(answer, Broken)
    assert answer.began


def test_a_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch):
    with Peer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://me:pass%20word@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        (answer,) = posted("http://mail.example.com")
    (request,) = proxy.requests
    assert isinstance(answer, Answer)
    assert answer.status == 202
    assert request.path == "http://mail.example.com/v3/mail/send"
    assert request.headers["proxy-authorization"] == "Basic bWU6cGFzcyB3b3Jk"


def test_a_proxy_that_refuses_took_nothing(monkeypatch: pytest.MonkeyPatch):
    with Peer(answer=lambda _: reply(407, b"<html>Log in</html>")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        (answer,) = posted("https://mail.example.com")
    assert answer == Broken(False, "the proxy does not let us through (407)", hopeless=True)
    (request,) = proxy.requests
    assert request.method == "CONNECT"
    assert KEY not in str(request)


def test_what_is_encrypted_goes_through_the_proxy_unread(
    trusted: Authority, monkeypatch: pytest.MonkeyPatch
):
    asked = []

    def agree(connection: socket.socket) -> None:
        asked.append(connection.recv(1000))
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")

    with Peer(rude=agree, secure=trusted.context("localhost")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://me:secret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        answers = posted("https://localhost:444", times=2)
    assert answers == [Answer(202, f"m-{len(BODY)}")] * 2
    assert [each.path for each in proxy.requests] == ["/v3/mail/send"] * 2
    assert asked == [
        b"CONNECT localhost:444 HTTP/1.1\r\nHost: localhost:444\r\n"
        b"Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
    ]
    assert "proxy-authorization" not in proxy.requests[0].headers


def test_a_proxy_that_is_away_took_nothing(monkeypatch: pytest.MonkeyPatch):
    with nobody() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "")
        (answer,) = posted("https://mail.example.com")
    assert answer == Broken(False, "the proxy cannot be reached")


def test_an_answer_may_come_in_chunks_and_after_an_announcement():
    def slowly(connection: socket.socket) -> None:
        read_all(connection)
        for part in (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad",
            b' Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n',
            b'4\r\n": 1\r\n1\r\n}\r\n0\r\n\r\n',
        ):
            connection.sendall(part)
            time.sleep(0.02)

    with Peer(rude=slowly) as peer:
        (answer,) = posted(peer.address)
    assert answer == Answer(400, None, b'{"a": 1}')


def test_what_nobody_asked_for_does_not_answer_the_next_request():
    def twice(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(reply(202, X_Message_Id="first") + reply(202, X_Message_Id="ghost"))
        time.sleep(0.5)

    with Peer(rude=twice) as peer:
        answers = posted(peer.address, times=2, pause=0.05)
    assert answers == [Answer(202, "first")] * 2
    assert peer.connections == 2


def test_a_head_without_end_is_no_answer():
    def endless(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(b"HTTP/1.1 202 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")

    with Peer(rude=endless) as peer:
        (answer,) = posted(peer.address, seconds=3)
    assert answer == Broken(True, "what came back was not an answer (no HTTP)")


def test_a_proxy_is_passed_by_where_the_environment_says_so(monkeypatch: pytest.MonkeyPatch):
    with Peer() as peer, nobody() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy)
        monkeypatch.setenv("NO_PROXY", "localhost")
        (answer,) = posted(peer.address)
    assert isinstance(answer, Answer)


@pytest.mark.parametrize("key", ["", "  ", "two words", "line\nbreak", "schlüssel"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(key: str):
    with pytest.raises(DeliveryError, match="SENDGRID_API_KEY") as told:
        checked_key(sendgrid(), key)
    assert told.value.cause is HaltCause.KEY
    assert key.strip() == "" or key.strip() not in str(told.value)


def test_an_address_that_is_none_is_told_so():
    with pytest.raises(DeliveryError, match=r"settings\.yaml"):
        posted("http://localhost:99999999")


def test_each_region_has_its_address():
    assert address_of(sendgrid()) == "https://api.sendgrid.com"
    assert address_of(sendgrid(region="eu")) == "https://api.eu.sendgrid.com"
    assert address_of(sendgrid(address="http://localhost:9")) == "http://localhost:9"


def test_no_log_shows_the_key(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with Peer() as peer, nobody() as address:
        posted(peer.address)
        posted(address)
    assert KEY not in caplog.text


def test_the_answer_to_one_request_is_no_more_than_one_timer(monkeypatch: pytest.MonkeyPatch):
    # All requests share one alarm clock: a timer a request would cost a tenth of its time.
    async def work(address: str) -> int:
        line = Line(sendgrid(address=address), KEY, 2)
        await line.post(BODY, 5)
        timers = 0
        loop = asyncio.get_running_loop()
        original = loop.call_at

        def counted(*args: object, **more: object) -> asyncio.TimerHandle:
            nonlocal timers
            timers += 1
            return original(*args, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(loop, "call_at", counted)
        for _ in range(50):
            await line.post(BODY, 5)
        await line.close()
        return timers

    with Peer() as peer:
        assert run(work(peer.address)) < 10

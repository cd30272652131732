"""Calls beside sending: batches, Email Logs and suppressions."""

import logging
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from openapi_schema_validator import OAS31Validator
from python_http_client import Client

from flows.delivery.sendgrid import manage
from flows.errors import DeliveryError
from segments.names import HaltCause
from tests.certificates import OVER, Authority
from tests.delivery.sendgrid.conftest import KEY, NOW, sendgrid
from tests.delivery.sendgrid.peers import Peer, Request, errors, nobody, read_all, reply

PAGE = b"<html>Log in to the Wi-Fi</html>"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "*")


def client(address: str) -> Client:
    return manage.connect(sendgrid(address=address), KEY)


def test_a_batch_number_is_asked_for():
    with Peer(answer=lambda _: reply(201, {"batch_id": "HkJ5yL"})) as peer:
        assert manage.new_batch_id(client(peer.address)) == "HkJ5yL"
    (request,) = peer.requests
    assert (request.method, request.path) == ("POST", "/v3/mail/batch")
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_an_answer_without_a_batch_number_is_none():
    with (
        Peer(answer=lambda _: reply(201, {"id": 3})) as peer,
        pytest.raises(DeliveryError, match="no batch number"),
    ):
        manage.new_batch_id(client(peer.address))


def test_a_batch_is_withdrawn(specs: Callable[[str], dict[str, Any]]):
    answer = {"batch_id": "HkJ5yL", "status": "cancel"}
    with Peer(answer=lambda _: reply(201, answer)) as peer:
        assert manage.cancel_batch(client(peer.address), "HkJ5yL")
    (request,) = peer.requests
    path = specs("tsg_scheduled_sends_v3.json")["paths"][request.path]["post"]
    schema = path["requestBody"]["content"]["application/json"]["schema"]
    # It refers to its own components, which hold no more than the two words there are.
    schema["properties"]["status"] = {"enum": ["pause", "cancel"]}
    assert list(OAS31Validator(schema).iter_errors(request.json)) == []
    assert request.json == answer


@pytest.mark.parametrize(
    ("listed", "certain"),
    [
        ([{"batch_id": "HkJ5yL", "status": "cancel"}], True),
        ([{"batch_id": "HkJ5yL", "status": "pause"}], False),
        ([{"batch_id": "other", "status": "cancel"}], False),
        ([], False),
        ({"strange": 1}, False),
    ],
    ids=["withdrawn before", "paused", "another", "too many", "strange"],
)
def test_a_batch_that_is_withdrawn_already_is_certain_too(listed: Any, certain: bool):
    def answer(request: Request) -> bytes:
        return reply(200, listed) if request.method == "GET" else errors(400, (None, "no"))

    with Peer(answer=answer) as peer:
        assert manage.cancel_batch(client(peer.address), "HkJ5yL") is certain
    assert peer.requests[1].path == "/v3/user/scheduled_sends/HkJ5yL"


def test_the_logs_are_asked_for_an_address_since_a_moment(specs: Callable[[str], dict[str, Any]]):
    found = [{"sg_message_id": "a.b", "to_email": "ada@example.com"}]
    with Peer(answer=lambda _: reply(200, {"messages": found})) as peer:
        assert manage.logs_search(client(peer.address), "ada@example.com", NOW) == found
    (request,) = peer.requests
    schemas = specs("tsg_logs_v3.json")["components"]["schemas"]
    wanted = OAS31Validator(schemas["EmailLogsGetMessagesByFilterRequest"])
    assert list(wanted.iter_errors(request.json)) == []
    assert request.json["query"] == (
        "to_email = 'ada@example.com' AND sg_message_id_created_at > "
        'TIMESTAMP "2026-03-02T08:00:00Z"'
    )


def test_an_address_cannot_end_its_text_early():
    with Peer(answer=lambda _: reply(200, {"messages": []})) as peer:
        manage.logs_search(client(peer.address), "o'brien@example.com", NOW)
        manage.logs_search(client(peer.address), 'x"y@example.com', NOW)
        for evil in ("a'b\"c@example.com", "a\\'b@example.com", "a\n@example.com"):
            with pytest.raises(ValueError, match="cannot be asked"):
                manage.logs_search(client(peer.address), evil, NOW)
    queries = [each.json["query"].split(" AND ")[0] for each in peer.requests]
    assert queries == ['to_email = "o\'brien@example.com"', "to_email = 'x\"y@example.com'"]


def test_logs_that_do_not_understand_are_no_failure_of_the_outlet():
    with (
        Peer(answer=lambda _: errors(400, ("query", "syntax error"))) as peer,
        pytest.raises(ValueError, match="do not understand"),
    ):
        manage.logs_search(client(peer.address), "ada@example.com", NOW)


def test_the_events_of_a_message_come_with_its_arguments():
    whole = {"sg_message_id": "a.b/c", "custom_args": {"stammkunde_send": "1"}, "events": []}
    with Peer(answer=lambda _: reply(200, whole)) as peer:
        assert manage.log_events(client(peer.address), "a.b/c") == whole
    (request,) = peer.requests
    assert (request.method, unquote(request.path)) == ("GET", "/v3/logs/a.b/c")
    assert request.path.count("/") == 3
    with Peer(answer=lambda _: errors(404, (None, "not found"))) as peer:
        assert manage.log_events(client(peer.address), "a") == {}


def test_suppressions_come_page_by_page_each_once():
    listed = [{"email": f"a{number}@example.com", "created": number} for number in range(1100)]
    removed_between_pages = iter([0, 30, 20])

    def answer(request: Request) -> bytes:
        asked = {
            name: int(value) for name, (value,) in parse_qs(urlsplit(request.path).query).items()
        }
        assert (asked["start_time"], asked["end_time"]) == (1_772_438_400, 1_772_442_000)
        del listed[: next(removed_between_pages)]
        return reply(200, listed[asked["offset"] : asked["offset"] + asked["limit"]])

    with Peer(answer=answer) as peer:
        asked = manage.suppressions(client(peer.address), "bounces", NOW, NOW + timedelta(hours=1))
        found = [each["email"] for each in asked]
    assert peer.requests[0].path.startswith("/v3/suppression/bounces?")
    assert len(found) == len(set(found)) == 1100
    assert len(peer.requests) == 3


@pytest.mark.parametrize(
    ("answer", "cause", "words"),
    [
        (errors(401, (None, "authorization required")), HaltCause.KEY, "API key"),
        (errors(403, (None, "access forbidden")), HaltCause.KEY, "does not allow"),
        (errors(429, (None, "too many requests")), HaltCause.PROVIDER, "429"),
        (errors(500, (None, "internal error")), HaltCause.PROVIDER, "500"),
        (reply(200, PAGE), HaltCause.PROVIDER, "not SendGrid's answer"),
        (reply(503, PAGE), HaltCause.PROVIDER, "not SendGrid's answer"),
        (reply(200, b""), HaltCause.PROVIDER, "200"),
    ],
    ids=["401", "403", "429", "500", "page", "page 503", "empty"],
)
def test_every_failure_says_what_it_is(answer: bytes, cause: HaltCause, words: str):
    calls: list[Callable[[Client], object]] = [
        manage.new_batch_id,
        lambda each: manage.cancel_batch(each, "b"),
        lambda each: manage.logs_search(each, "ada@example.com", NOW),
        lambda each: manage.log_events(each, "a"),
        lambda each: list(manage.suppressions(each, "blocks", NOW, NOW)),
    ]
    with Peer(answer=lambda _: answer) as peer:
        for call in calls:
            with pytest.raises(DeliveryError, match=words) as told:
                call(client(peer.address))
            assert told.value.cause is cause
            assert KEY not in str(told.value)


def test_a_host_nobody_answers_at_is_named():
    with nobody() as address, pytest.raises(DeliveryError, match=r"127\.0\.0\.1 cannot be reached"):
        manage.new_batch_id(client(address))
    with pytest.raises(DeliveryError, match=r"nowhere\.invalid cannot be reached"):
        manage.new_batch_id(client("http://nowhere.invalid"))


def test_a_bad_certificate_is_told_as_one(trusted: Authority):
    with (
        Peer(secure=trusted.context("localhost", OVER)) as peer,
        pytest.raises(DeliveryError, match="certificate"),
    ):
        manage.new_batch_id(client(peer.address))


def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(manage, "SECONDS", 0.3)

    def silent(connection: socket.socket) -> None:
        read_all(connection)
        time.sleep(1)

    with Peer(rude=silent) as peer:
        began = time.perf_counter()
        with pytest.raises(DeliveryError, match="within"):
            manage.log_events(client(peer.address), "a")
    assert time.perf_counter() - began < 3


def test_an_answer_cut_off_is_a_failure():
    def cut(connection: socket.socket) -> None:
        connection.recv(10_000)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")
        connection.close()

    with Peer(rude=cut) as peer, pytest.raises(DeliveryError, match="not a whole answer"):
        manage.log_events(client(peer.address), "a")


def test_no_log_shows_the_key(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with Peer(answer=lambda _: reply(201, {"batch_id": "b"})) as peer:
        manage.new_batch_id(client(peer.address))
        assert logging.getLogger("python_http_client").level == logging.WARNING
    assert KEY not in caplog.text


def test_the_region_decides_the_host():
    assert manage.connect(sendgrid(region="eu"), KEY).host == "https://api.eu.sendgrid.com"
    assert manage.connect(sendgrid(), KEY).timeout == manage.SECONDS

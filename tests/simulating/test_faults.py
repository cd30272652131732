"""Every way to fail: which failures leave a message behind, and which do not."""

import http.client
import socket
import time

import pytest

from tests.simulating.posting import call, mail, person, post
from tests.simulator.process import Simulator

WHENS = ("before_body", "after_body", "after_accept")
STATUSES = (400, 401, 403, 413, 429, 500, 502, 503, 504)


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize("status", STATUSES)
def test_any_status_before_or_after_the_message_is_taken(
    simulator: Simulator, status: int, when: str
) -> None:
    simulator.fault(f"status {status}", when, count=1)
    assert post(simulator, mail()).status == status
    assert len(simulator.accepted()) == (when == "after_accept")
    assert post(simulator, mail()).status == 202


@pytest.mark.parametrize("when", WHENS)
@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("reset", ConnectionResetError),
        ("close", http.client.RemoteDisconnected),
        ("cut", http.client.IncompleteRead),
    ],
)
def test_any_break_before_or_after_the_message_is_taken(
    simulator: Simulator, what: str, error: type[Exception], when: str
) -> None:
    simulator.fault(what, when, count=1)
    with pytest.raises(error):
        post(simulator, mail())
    assert len(simulator.accepted()) == (when == "after_accept")


def test_silence_lasts_as_long_as_it_is_told(simulator: Simulator) -> None:
    simulator.fault("timeout", "after_accept", seconds=0.2)
    begun = time.monotonic()
    with pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        post(simulator, mail())
    assert time.monotonic() - begun >= 0.19
    assert len(simulator.accepted()) == 1


def test_a_bad_request_may_blame_somebody_or_nobody(simulator: Simulator) -> None:
    people = [person(f"a{n}@example.com", n) for n in range(5)]
    simulator.fault("status 400 named", seed=3)
    (error,) = post(simulator, mail(personalizations=people)).errors
    assert error["field"] in {f"personalizations.{n}.to.0.email" for n in range(5)}
    simulator.fault("status 400 unnamed")
    (error,) = post(simulator, mail(personalizations=people)).errors
    assert error["field"] is None


def test_a_plan_may_be_used_up(simulator: Simulator) -> None:
    simulator.fault("status 403 quota")
    assert "messaging limits" in post(simulator, mail()).errors[0]["message"]


def test_a_proxy_may_answer_in_its_place(simulator: Simulator) -> None:
    simulator.fault("html")
    page = post(simulator, mail())
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    simulator.fault("html", status=202)
    assert "x-message-id" not in post(simulator, mail()).headers
    simulator.fault("empty")
    nothing = post(simulator, mail())
    assert (nothing.status, nothing.body, "x-message-id" in nothing.headers) == (200, b"", False)


def test_too_many_requests_say_when_to_come_back(simulator: Simulator) -> None:
    simulator.fault("status 429")
    reply = post(simulator, mail())
    assert reply.errors == [{"field": None, "message": "too many requests"}]
    assert reply.headers["x-ratelimit-remaining"] == "0"
    assert int(reply.headers["x-ratelimit-reset"]) > time.time() - 5  # noqa: TID251


def test_so_many_requests_a_second_and_no_more(simulator: Simulator) -> None:
    simulator.pace(per_second=2)
    replies = [post(simulator, mail()) for _ in range(12)]
    assert {reply.status for reply in replies} == {202, 429}
    taken = sum(reply.status == 202 for reply in replies)
    assert simulator.accepted()["7"]["accepted"] == taken
    assert {reply.headers["x-ratelimit-limit"] for reply in replies} == {"2"}


def test_answers_may_take_their_time(simulator: Simulator) -> None:
    simulator.pace(latency=0.1)
    begun = time.monotonic()
    assert post(simulator, mail()).status == 202
    assert time.monotonic() - begun >= 0.1


def test_a_share_of_requests_fails_and_the_same_ones_again(simulator: Simulator) -> None:
    def statuses() -> list[int]:
        simulator.fault("status 503", share=0.3, seed=11)
        return [post(simulator, mail()).status for _ in range(60)]

    first = statuses()
    assert 8 <= first.count(503) <= 30
    assert statuses() == first
    (rule,) = simulator.stats()["faults"]
    assert rule == {"what": "status 503", "when": "after_body", "hits": first.count(503)}


def test_the_first_rule_that_strikes_decides(simulator: Simulator) -> None:
    simulator.faults({"what": "status 500", "count": 1}, {"what": "status 502"})
    assert [post(simulator, mail()).status for _ in range(3)] == [500, 502, 502]


def test_other_calls_fail_when_they_are_meant(simulator: Simulator) -> None:
    simulator.fault("status 500", path="/v3/mail/batch", count=1)
    assert post(simulator, mail()).status == 202
    assert call(simulator, "POST", "/v3/mail/batch").status == 500
    assert call(simulator, "POST", "/v3/mail/batch").status == 201
    for what in ("reset", "close", "cut", "timeout"):
        for when in WHENS:
            simulator.fault(what, when, path="/v3/user/scheduled_sends", seconds=0.05)
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                call(simulator, "GET", "/v3/user/scheduled_sends")
    simulator.fault("status 500", "after_accept", path="/v3/asm/suppressions/global")
    body = {"recipient_emails": ["anna@example.com"]}
    assert call(simulator, "POST", "/v3/asm/suppressions/global", body).status == 500
    assert len(call(simulator, "GET", "/v3/suppression/unsubscribes").said) == 1


def test_while_it_is_down_nobody_gets_through(simulator: Simulator) -> None:
    port = int(simulator.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as open_one:
        assert post(simulator, mail()).status == 202
        simulator.down()
        with pytest.raises(ConnectionResetError):
            open_one.recv(1)
        with pytest.raises(ConnectionRefusedError):
            post(simulator, mail())
    simulator.up()
    assert post(simulator, mail()).status == 202


def test_a_fault_nobody_knows_is_refused(simulator: Simulator) -> None:
    with pytest.raises(RuntimeError, match="is not a fault"):
        simulator.fault("status 418")
    with pytest.raises(RuntimeError, match="before_body"):
        simulator.fault("reset", "never")
    with pytest.raises(RuntimeError, match="no such settings"):
        simulator.fault("reset", often=True)

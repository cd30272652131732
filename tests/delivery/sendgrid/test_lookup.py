"""What became of messages in doubt."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from flows.delivery.outlet import Asked, Evidence
from flows.delivery.sendgrid.lookup import look_up
from flows.delivery.sendgrid.manage import connect
from segments.names import Outcome
from tests.delivery.sendgrid.conftest import KEY, NOW, sendgrid
from tests.delivery.sendgrid.peers import Peer, Request, errors, reply

MINUTE = timedelta(minutes=1)


@dataclass
class SendGrid:
    """What it knows: messages by address, and which batches may be withdrawn."""

    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    batches: set[str] = field(default_factory=set)
    failing: bytes | None = None

    def __call__(self, request: Request) -> bytes:
        if self.failing is not None:
            return self.failing
        if request.path == "/v3/user/scheduled_sends":
            return reply(201 if request.json["batch_id"] in self.batches else 400, {"errors": []})
        if request.path.startswith("/v3/user/scheduled_sends/"):
            return reply(200, [])
        if request.path == "/v3/logs":
            address = request.json["query"].split("'")[1]
            found = self.messages.get(address, [])
            return reply(
                200, {"messages": [{"sg_message_id": each["sg_message_id"]} for each in found]}
            )
        wanted = request.path.removeprefix("/v3/logs/")
        every = [each for found in self.messages.values() for each in found]
        return reply(200, next(each for each in every if each["sg_message_id"] == wanted))


def logged(number: int, request: str = "r1", **more: Any) -> dict[str, Any]:
    return {
        "sg_message_id": f"x{number}.recvd-1.{number}",
        "status": "delivered",
        "events": [{"event": "processed"}],
        "custom_args": {"stammkunde_send": str(number), "stammkunde_request": request},
        **more,
    }


ASKED = Asked(1, "r1", "ada@example.com", NOW - 20 * MINUTE, None, None)
SCHEDULED = replace(ASKED, batch_id="b1", send_at=NOW + 30 * MINUTE)


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[Evidence]]]:
    monkeypatch.setenv("NO_PROXY", "*")
    with Peer() as peer:

        def ask(sendgrid_knows: SendGrid, *asked: Asked) -> list[Evidence]:
            peer.answer = sendgrid_knows
            ask.requests = peer.requests  # type: ignore[attr-defined]
            client = connect(sendgrid(address=peer.address), KEY)
            return list(look_up(client, asked, NOW))

        yield ask


def paths(asking: Any) -> list[str]:
    return [each.path for each in asking.requests]


def test_a_message_in_the_logs_went(asking: Any):
    (evidence,) = asking(SendGrid({"ada@example.com": [logged(9), logged(1)]}), ASKED)
    assert evidence == Evidence(
        1, Outcome.ACCEPTED, "in SendGrid's Email Logs (delivered)", provider_id="x1"
    )
    assert 'TIMESTAMP "2026-03-02T07:35:00Z"' in asking.requests[0].json["query"]


def test_one_that_is_not_there_stays_in_doubt_and_says_what_was_asked(asking: Any):
    (evidence,) = asking(SendGrid({"ada@example.com": [logged(9)]}), ASKED)
    assert evidence == Evidence(
        1,
        Outcome.IN_DOUBT,
        "not in SendGrid's Email Logs: of 1 messages to this address since 2026-03-02 07:35 UTC "
        "none has its number",
    )
    assert "@" not in evidence.known


def test_the_same_message_of_an_earlier_request_is_no_evidence(asking: Any):
    (evidence,) = asking(SendGrid({"ada@example.com": [logged(1, "r0")]}), ASKED)
    assert evidence.outcome is Outcome.IN_DOUBT


def test_a_message_discarded_with_its_batch_is_still_ours(asking: Any):
    discarded = logged(1, status="dropped", events=[{"event": "cancel_drop"}])
    (evidence,) = asking(SendGrid({"ada@example.com": [discarded]}), ASKED)
    assert evidence.outcome is Outcome.QUEUED


def test_messages_sent_later_are_withdrawn_once_a_batch(asking: Any):
    asked = [replace(SCHEDULED, send_id=number) for number in range(1, 20)]
    evidence = asking(SendGrid(batches={"b1"}), *asked)
    assert evidence == [
        Evidence(each.send_id, Outcome.QUEUED, "withdrawn before SendGrid sent it (batch b1)")
        for each in asked
    ]
    assert paths(asking) == ["/v3/user/scheduled_sends"]


def test_it_is_too_late_to_withdraw_what_leaves_within_ten_minutes(asking: Any):
    late = replace(SCHEDULED, send_at=NOW + 10 * MINUTE)
    (evidence,) = asking(SendGrid({"ada@example.com": [logged(1)]}, {"b1"}), late)
    assert evidence.outcome is Outcome.ACCEPTED
    assert "/v3/user/scheduled_sends" not in paths(asking)
    in_time = replace(SCHEDULED, send_at=NOW + 11 * MINUTE)
    (evidence,) = asking(SendGrid(batches={"b1"}), in_time)
    assert evidence.outcome is Outcome.QUEUED


def test_what_cannot_be_withdrawn_is_looked_for_in_the_logs(asking: Any):
    (evidence,) = asking(SendGrid({"ada@example.com": [logged(1)]}), SCHEDULED)
    assert evidence.outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "answer",
    [errors(429, (None, "too many requests")), errors(403, (None, "forbidden")), reply(500)],
    ids=["429", "403", "500"],
)
def test_where_it_cannot_be_asked_all_stay_in_doubt_and_nobody_asks_on(asking: Any, answer: bytes):
    evidence = asking(SendGrid(failing=answer), *[replace(ASKED, send_id=n) for n in range(50)])
    assert [each.outcome for each in evidence] == [Outcome.IN_DOUBT] * 50
    assert all("could not be asked" in each.known for each in evidence)
    assert len(asking.requests) == 1


def test_an_address_that_cannot_be_asked_for_holds_up_nobody_else(asking: Any):
    strange = replace(ASKED, send_id=2, email="a'\"b@example.com")
    evidence = asking(SendGrid({"ada@example.com": [logged(1)]}), strange, ASKED)
    assert [each.outcome for each in evidence] == [Outcome.IN_DOUBT, Outcome.ACCEPTED]


def test_a_strange_entry_of_the_logs_is_passed_over(asking: Any):
    strange = [logged(3, custom_args=None), logged(4, custom_args="1"), logged(5, events=None)]
    (evidence,) = asking(SendGrid({"ada@example.com": [*strange, logged(1, events=None)]}), ASKED)
    assert evidence.outcome is Outcome.ACCEPTED


def test_nobody_asked_for_asks_nobody(asking: Any):
    assert asking(SendGrid()) == []
    assert paths(asking) == []

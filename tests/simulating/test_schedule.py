"""Messages that wait for their moment, and how they are withdrawn."""

from tests.simulating.posting import Reply, call, mail, post
from tests.simulator.process import Simulator

NOON = 1_790_000_000
MINUTE = 60
SCHEDULED = "/v3/user/scheduled_sends"


def batch(simulator: Simulator) -> str:
    """A new batch."""
    return str(call(simulator, "POST", "/v3/mail/batch").said["batch_id"])


def stop(simulator: Simulator, batch_id: str, status: str = "cancel") -> Reply:
    """Cancel or pause a batch."""
    return call(simulator, "POST", SCHEDULED, {"batch_id": batch_id, "status": status})


def later(simulator: Simulator, batch_id: str | None, minutes: int = 20) -> Reply:
    """A message that waits so many minutes."""
    return post(simulator, mail(send_at=NOON + minutes * MINUTE, batch_id=batch_id))


def arrived(simulator: Simulator) -> int:
    """How many messages are there."""
    return len(simulator.mailbox("anna@example.com"))


def test_a_message_waits_for_its_moment(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    assert later(simulator, None).status == 202
    simulator.advance(19 * MINUTE)
    assert (arrived(simulator), simulator.stats()["scheduled"]) == (0, 1)
    simulator.advance(3 * MINUTE)
    assert simulator.mailbox("anna@example.com")[0]["received_at"] == NOON + 20 * MINUTE


def test_a_moment_gone_is_now_and_one_too_far_is_none(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    assert later(simulator, None, minutes=-5).status == 202
    assert arrived(simulator) == 1
    assert later(simulator, None, minutes=72 * 60).status == 202
    assert later(simulator, None, minutes=72 * 60 + 1).errors[0]["field"] == "send_at"


def test_what_is_cancelled_in_time_never_leaves(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    later(simulator, one)
    simulator.advance(10 * MINUTE)
    cancelled = stop(simulator, one)
    assert (cancelled.status, cancelled.said) == (201, {"batch_id": one, "status": "cancel"})
    simulator.advance(60 * MINUTE)
    assert arrived(simulator) == 0
    assert simulator.accepted()["7"] == {"accepted": 1, "withdrawn": 1, "copies": 0}


def test_what_is_cancelled_late_leaves_all_the_same(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    later(simulator, one)
    simulator.advance(10 * MINUTE + 1)
    assert stop(simulator, one).status == 201
    simulator.advance(60 * MINUTE)
    assert simulator.accepted()["7"] == {"accepted": 1, "withdrawn": 0, "copies": 1}


def test_a_request_still_under_way_is_caught_by_the_cancellation(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    stop(simulator, one)
    assert later(simulator, one).status == 202
    simulator.advance(30 * MINUTE)
    assert arrived(simulator) == 0


def test_what_is_paused_leaves_when_it_is_let_go(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    later(simulator, one)
    stop(simulator, one, "pause")
    simulator.advance(60 * MINUTE)
    assert (arrived(simulator), simulator.stats()["scheduled"]) == (0, 1)
    assert call(simulator, "PATCH", f"{SCHEDULED}/{one}", {"status": "pause"}).status == 204
    assert call(simulator, "DELETE", f"{SCHEDULED}/{one}").status == 204
    assert simulator.mailbox("anna@example.com")[0]["received_at"] == NOON + 60 * MINUTE


def test_what_is_paused_may_be_cancelled(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    later(simulator, one)
    stop(simulator, one, "pause")
    simulator.advance(60 * MINUTE)
    assert call(simulator, "PATCH", f"{SCHEDULED}/{one}", {"status": "cancel"}).status == 204
    simulator.advance(60 * MINUTE)
    assert (arrived(simulator), simulator.stats()["withdrawn"]) == (0, 1)


def test_what_is_cancelled_is_listed_until_it_is_let_go(simulator: Simulator) -> None:
    one = batch(simulator)
    assert call(simulator, "GET", f"{SCHEDULED}/{one}").said == []
    stop(simulator, one)
    expected = [{"batch_id": one, "status": "cancel"}]
    assert call(simulator, "GET", SCHEDULED).said == expected
    assert call(simulator, "GET", f"{SCHEDULED}/{one}").said == expected
    call(simulator, "DELETE", f"{SCHEDULED}/{one}")
    assert call(simulator, "GET", SCHEDULED).said == []
    assert call(simulator, "DELETE", f"{SCHEDULED}/{one}").status == 404


def test_a_hundred_batches_may_be_cancelled_and_no_more(simulator: Simulator) -> None:
    made = [batch(simulator) for _ in range(101)]
    assert {stop(simulator, one).status for one in made[:100]} == {201}
    assert stop(simulator, made[100]).status == 400
    call(simulator, "DELETE", f"{SCHEDULED}/{made[0]}")
    assert stop(simulator, made[100]).status == 201


def test_a_word_said_twice_or_of_nothing_is_refused(simulator: Simulator) -> None:
    one = batch(simulator)
    assert stop(simulator, one, "forget").status == 400
    assert stop(simulator, "unknown").status == 400
    assert stop(simulator, one).status == 201
    assert stop(simulator, one).status == 400
    assert call(simulator, "PATCH", f"{SCHEDULED}/unknown", {"status": "pause"}).status == 404


def test_a_batch_lives_ten_days(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    assert call(simulator, "GET", f"/v3/mail/batch/{one}").said == {"batch_id": one}
    simulator.advance(10 * 86400)
    assert call(simulator, "GET", f"/v3/mail/batch/{one}").status == 400
    assert later(simulator, one).errors[0]["field"] == "batch_id"


def test_nobody_hears_of_a_message_before_it_leaves(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    later(simulator, one)
    assert call(simulator, "POST", "/v3/logs", {"query": ""}).said["messages"] == []
    simulator.advance(20 * MINUTE)
    (found,) = call(simulator, "POST", "/v3/logs", {"query": ""}).said["messages"]
    assert found["status"] == "processed"


def test_a_withdrawn_message_is_dropped_in_the_logs(simulator: Simulator) -> None:
    simulator.set_clock(NOON)
    one = batch(simulator)
    later(simulator, one)
    stop(simulator, one)
    simulator.advance(20 * MINUTE)
    (found,) = call(simulator, "POST", "/v3/logs", {"query": "status IN ('dropped')"}).said[
        "messages"
    ]
    details = call(simulator, "GET", f"/v3/logs/{found['sg_message_id']}").said
    assert [event["event"] for event in details["events"]] == ["cancel_drop"]

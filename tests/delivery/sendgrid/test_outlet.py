"""Messages leave through SendGrid: each is accepted, rejected, in doubt, or still ours."""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import pytest

from flows.delivery.outlet import Parcel, Receipt
from flows.delivery.sendgrid import payload, traffic
from flows.delivery.sendgrid.outlet import SendGridOutlet
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from segments.names import HaltCause, Outcome
from tests.certificates import OVER, Authority
from tests.delivery.sendgrid.conftest import KEY, NOW, message, sendgrid
from tests.delivery.sendgrid.peers import (
    Peer,
    Request,
    accepted,
    errors,
    nobody,
    read_all,
    reply,
    reset,
)

Open = Callable[..., SendGridOutlet]


def messages(number: int) -> list[Outgoing]:
    return [message(each) for each in range(1, number + 1)]


def delivered(outlet: SendGridOutlet, mails: list[Outgoing]) -> list[Receipt]:
    return list(outlet.deliver(outlet.pack(mails, NOW)))


def told(outlet: SendGridOutlet, mails: list[Outgoing]) -> tuple[list[Receipt], DeliveryError]:
    """What is known of the messages when the outlet closes, and why it does."""
    receipts: list[Receipt] = []
    try:
        receipts.extend(outlet.deliver(outlet.pack(mails, NOW)))
    except DeliveryError as failure:
        return receipts, failure
    raise AssertionError("it did not close")


def outcomes(receipts: list[Receipt]) -> Counter[Outcome]:
    return Counter(each.outcome for each in receipts)


def send_id(request: Request) -> int:
    (own,) = request.json["personalizations"]
    return int(own["custom_args"]["stammkunde_send"])


def numbered(request: Request) -> bytes:
    return reply(202, X_Message_Id=f"m{send_id(request)}")


def test_each_message_leaves_in_a_request_of_its_own(open_outlet: Open):
    with Peer(answer=numbered) as peer:
        outlet = open_outlet(peer.address)
        parcels = outlet.pack(messages(100), NOW)
        receipts = list(outlet.deliver(parcels))
    assert sorted(each.send_id for each in receipts) == list(range(1, 101))
    assert all(each == Receipt(each.send_id, Outcome.ACCEPTED, f"m{each.send_id}") for each in receipts)  # fmt: skip  # noqa: E501
    assert len({each.request_id for each in parcels}) == 100
    by_send = {send_id(request): request.body for request in peer.requests}
    for parcel in parcels:
        (mail,) = parcel.messages
        assert by_send[mail.send_id] == payload.single(mail, parcel.request_id, sendgrid())


def test_connections_stay_open_between_blocks_and_are_no_more_than_allowed(open_outlet: Open):
    at_once = most = 0
    lock = threading.Lock()

    def slow(request: Request) -> bytes:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.01)
        with lock:
            at_once -= 1
        return accepted(request)

    with Peer(answer=slow) as peer:
        outlet = open_outlet(peer.address, connections=8, share=2)
        for _ in range(3):
            assert outcomes(delivered(outlet, messages(60))) == {Outcome.ACCEPTED: 60}
    assert 2 <= most <= 4
    assert peer.connections <= 4


def test_parcels_are_taken_only_when_they_are_about_to_leave(open_outlet: Open):
    taken: list[int] = []

    def until_ten(parcels: list[Parcel]) -> Iterator[Parcel]:
        for parcel in parcels[:10]:
            taken.append(len(taken) - len(peer.requests))
            yield parcel

    def slow(request: Request) -> bytes:
        time.sleep(0.02)
        return accepted(request)

    with Peer(answer=slow) as peer:
        outlet = open_outlet(peer.address, connections=2)
        receipts = list(outlet.deliver(until_ten(outlet.pack(messages(50), NOW))))
    assert len(receipts) == len(peer.requests) == 10
    assert max(taken) <= 2


def test_nothing_to_deliver_connects_to_nobody(open_outlet: Open):
    with Peer() as peer:
        assert delivered(open_outlet(peer.address), []) == []
    assert peer.connections == 0


def test_an_error_of_whoever_gives_the_parcels_is_passed_on(open_outlet: Open):
    def broken(parcels: list[Parcel]) -> Iterator[Parcel]:
        yield from parcels[:3]
        raise LookupError("no more")

    with Peer() as peer:
        outlet = open_outlet(peer.address)
        receipts = []
        with pytest.raises(LookupError):
            receipts.extend(outlet.deliver(broken(outlet.pack(messages(5), NOW))))
        given = outlet.deliver(broken(outlet.pack(messages(5), NOW)))
        assert [next(given).outcome for _ in range(3)] == [Outcome.ACCEPTED] * 3
        with pytest.raises(LookupError):
            next(given)


def test_a_message_sendgrid_refuses_is_rejected_and_the_others_go(open_outlet: Open):
    def choosy(request: Request) -> bytes:
        if send_id(request) == 3:
            return errors(
                400, ("personalizations.0.to.0.email", "Does not contain a valid address.")
            )
        return accepted(request)

    with Peer(answer=choosy) as peer:
        receipts = delivered(open_outlet(peer.address), messages(6))
    (rejected,) = [each for each in receipts if each.outcome != Outcome.ACCEPTED]
    assert rejected == Receipt(
        3,
        Outcome.REJECTED,
        detail="SendGrid refuses this message: Does not contain a valid address",
    )


def test_a_message_sendgrid_would_never_take_does_not_leave(open_outlet: Open):
    with Peer() as peer:
        receipts = delivered(open_outlet(peer.address), [message(1), message(2, html="")])
    assert outcomes(receipts) == {Outcome.ACCEPTED: 1, Outcome.REJECTED: 1}
    assert len(peer.requests) == 1


def test_a_message_too_large_for_sendgrid_is_rejected(open_outlet: Open):
    with Peer(answer=lambda _: errors(413, (None, "content too large"))) as peer:
        receipts = delivered(open_outlet(peer.address), messages(1))
    assert receipts == [Receipt(1, Outcome.REJECTED, detail="SendGrid finds the message too large")]


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (errors(401, (None, "authorization required")), HaltCause.KEY),
        (errors(403, (None, "You have exceeded your messaging limits")), HaltCause.QUOTA),
        (errors(403, ("from", "does not match a verified Sender Identity")), HaltCause.KEY),
        (reply(403, b"<html>Blocked by policy</html>"), HaltCause.PROVIDER),
        (reply(302, Location="https://login.example.com"), HaltCause.PROVIDER),
    ],
    ids=["key", "quota", "sender", "proxy", "portal"],
)
def test_a_setup_that_cannot_work_costs_one_request(
    open_outlet: Open, answer: bytes, cause: HaltCause
):
    with Peer(answer=lambda _: answer) as peer:
        outlet = open_outlet(peer.address)
        with pytest.raises(DeliveryError) as told:
            delivered(outlet, messages(500))
    assert told.value.cause is cause
    assert KEY not in str(told.value)
    assert len(peer.requests) == 1


def test_messages_under_way_when_the_key_is_withdrawn_have_their_receipts(open_outlet: Open):
    numbers = count()

    def withdrawn(request: Request) -> bytes:
        return accepted(request) if next(numbers) < 50 else errors(401, (None, "no"))

    with Peer(answer=withdrawn) as peer:
        outlet = open_outlet(peer.address)
        receipts, failure = told(outlet, messages(200))
    assert outcomes(receipts) == {Outcome.ACCEPTED: 50}
    assert failure.cause is HaltCause.KEY
    assert len(peer.requests) < 120


def test_an_unreachable_host_is_told_quickly(open_outlet: Open):
    with nobody() as address:
        outlet = open_outlet(address)
        began = time.perf_counter()
        with pytest.raises(DeliveryError, match=r"127\.0\.0\.1") as told:
            delivered(outlet, messages(100))
    assert told.value.cause is HaltCause.PROVIDER
    assert time.perf_counter() - began < 3


def test_an_expired_certificate_is_told_at_once(open_outlet: Open, trusted: Authority):
    with Peer(secure=trusted.context("localhost", OVER)) as peer:
        outlet = open_outlet(peer.address)
        with pytest.raises(DeliveryError, match="certificate"):
            delivered(outlet, messages(100))
        assert peer.connections == 1


def test_a_connection_that_does_not_come_about_is_tried_again(
    open_outlet: Open, trusted: Authority
):
    numbers = count()

    def twice(connection: socket.socket) -> None:
        if next(numbers) < 2:
            reset(connection)

    with Peer(secure=trusted.context("localhost"), rude=twice) as peer:
        receipts = delivered(open_outlet(peer.address), messages(5))
    assert outcomes(receipts) == {Outcome.ACCEPTED: 5}
    assert len(peer.requests) == 5


def test_a_message_that_finds_no_connection_while_others_do_is_still_ours(
    open_outlet: Open, trusted: Authority
):
    numbers = count()
    first_done = threading.Event()

    def only_the_first(connection: socket.socket) -> None:
        if next(numbers) > 0:
            reset(connection)

    def slow(request: Request) -> bytes:
        time.sleep(0.02)
        return accepted(request)

    with Peer(secure=trusted.context("localhost"), rude=only_the_first, answer=slow) as peer:
        receipts = delivered(open_outlet(peer.address, connections=2), messages(120))
    first_done.set()
    assert outcomes(receipts)[Outcome.QUEUED] >= 1
    assert outcomes(receipts)[Outcome.ACCEPTED] == len(peer.requests)
    assert len(receipts) == 120


def test_a_server_that_fails_puts_no_more_in_doubt_than_it_may(open_outlet: Open):
    with Peer(answer=lambda _: reply(500)) as peer:
        receipts, failure = told(open_outlet(peer.address, most_failures=4), messages(500))
    assert outcomes(receipts) == {Outcome.IN_DOUBT: 4}
    assert {each.detail for each in receipts} == {"SendGrid answered 500"}
    assert len(peer.requests) == 4
    assert failure.cause is HaltCause.PROVIDER
    assert str(failure) == (
        "4 requests in a row went wrong at SendGrid, the last one: SendGrid answered 500"
    )


def test_one_that_begins_to_fail_is_left_soon(open_outlet: Open):
    numbers = count()

    def dying(request: Request) -> bytes:
        time.sleep(0.002)
        return accepted(request) if next(numbers) < 100 else reply(502)

    with Peer(answer=dying) as peer:
        receipts, failure = told(open_outlet(peer.address, connections=8), messages(500))
    assert outcomes(receipts)[Outcome.ACCEPTED] == 100
    assert 5 <= outcomes(receipts)[Outcome.IN_DOUBT] <= 13
    assert len(peer.requests) == len(receipts)
    assert failure.cause is HaltCause.PROVIDER


def test_a_doubt_is_never_posted_again(open_outlet: Open):
    def silent_for_odd(request: Request) -> bytes:
        return numbered(request) if send_id(request) % 2 else reply(503)

    with Peer(answer=silent_for_odd) as peer:
        receipts = delivered(open_outlet(peer.address, most_failures=30), messages(40))
    assert outcomes(receipts) == {Outcome.ACCEPTED: 20, Outcome.IN_DOUBT: 20}
    assert max(Counter(map(send_id, peer.requests)).values()) == 1


def test_too_many_requests_are_held_until_sendgrid_counts_anew(open_outlet: Open):
    refused_at: list[float] = []
    arrived_at: list[float] = []

    def strict(request: Request) -> bytes:
        arrived_at.append(time.perf_counter())
        time.sleep(0.005)
        if len(arrived_at) < 40 or refused_at:
            return accepted(request)
        refused_at.append(time.perf_counter())
        return errors(
            429,
            (None, "too many requests"),
            Date="Mon, 02 Mar 2020 08:00:00 GMT",
            X_RateLimit_Reset="1583136001",
        )

    with Peer(answer=strict) as peer:
        receipts = delivered(open_outlet(peer.address, connections=8), messages(300))
    assert outcomes(receipts) == {Outcome.ACCEPTED: 300}
    # What was under way is answered; nobody begins anything before the second is over.
    held = [each - refused_at[0] for each in arrived_at if each > refused_at[0]]
    assert [each for each in held if 0.3 < each < 1.0] == []
    assert len([each for each in held if each <= 0.3]) <= 30


def test_a_message_that_would_wait_too_long_goes_back_and_says_when(
    open_outlet: Open, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(traffic, "IN_HAND", 0.1)
    numbers = count()

    def strict(request: Request) -> bytes:
        return accepted(request) if next(numbers) else errors(429, (None, "too many requests"))

    with Peer(answer=strict) as peer:
        receipts = delivered(open_outlet(peer.address), messages(5))
    (queued,) = [each for each in receipts if each.outcome is Outcome.QUEUED]
    assert outcomes(receipts) == {Outcome.ACCEPTED: 4, Outcome.QUEUED: 1}
    assert queued.later is not None
    assert 0.3 < queued.later.total_seconds() < 2


def test_a_refusal_for_a_long_time_rests_the_outlet(open_outlet: Open):
    strict = errors(
        429,
        (None, "too many requests"),
        Date="Mon, 02 Mar 2020 08:00:00 GMT",
        X_RateLimit_Reset="1583139600",
    )
    with Peer(answer=lambda _: strict) as peer:
        outlet = open_outlet(peer.address)
        with pytest.raises(DeliveryError, match="429") as told:
            delivered(outlet, messages(20))
    assert told.value.cause is HaltCause.PROVIDER
    assert len(peer.requests) == 1


def test_the_pace_of_the_settings_is_kept(open_outlet: Open):
    left: list[float] = []

    def noted(request: Request) -> bytes:
        left.append(time.perf_counter())
        return accepted(request)

    with Peer(answer=noted) as peer:
        outlet = open_outlet(peer.address, per_second=100, share=2)
        assert outcomes(delivered(outlet, messages(30))) == {Outcome.ACCEPTED: 30}
    assert max(left) - min(left) >= 28 / 50 - 0.05


def test_the_sandbox_takes_messages_without_numbers(open_outlet: Open):
    with Peer(answer=lambda _: reply(200)) as peer:
        receipts = delivered(open_outlet(peer.address, sandbox=True), messages(3))
    assert outcomes(receipts) == {Outcome.ACCEPTED: 3}
    assert all(
        each.json["mail_settings"]["sandbox_mode"] == {"enable": True} for each in peer.requests
    )


def test_a_page_with_202_is_a_doubt(open_outlet: Open):
    with Peer(answer=lambda _: reply(202, b"<html>Welcome to our Wi-Fi</html>")) as peer:
        receipts = delivered(open_outlet(peer.address), messages(2))
    assert outcomes(receipts) == {Outcome.IN_DOUBT: 2}


def test_whoever_stops_reading_waits_for_what_is_under_way_and_begins_nothing(open_outlet: Open):
    def slow(request: Request) -> bytes:
        time.sleep(0.05)
        return accepted(request)

    with Peer(answer=slow) as peer:
        outlet = open_outlet(peer.address, connections=2)
        given = outlet.deliver(outlet.pack(messages(1000), NOW))
        next(given)
        given.close()
        arrived = len(peer.requests)
        time.sleep(0.15)
        # On a busy machine many a request is answered until the reader gets to stop.
        assert len(peer.requests) == arrived < 500


def test_an_interrupt_leaves_no_request_without_its_receipt(open_outlet: Open):
    def slow(request: Request) -> bytes:
        time.sleep(0.02)
        return accepted(request)

    with Peer(answer=slow) as peer:
        outlet = open_outlet(peer.address, connections=4)
        given = outlet.deliver(outlet.pack(messages(1000), NOW))
        receipts = [next(given)]
        receipts.append(given.throw(KeyboardInterrupt()))
        with suppress(KeyboardInterrupt):
            for receipt in given:
                receipts.append(receipt)
        arrived = {send_id(each) for each in peer.requests}
    assert len(arrived) < 1000
    assert arrived == {each.send_id for each in receipts}
    assert outcomes(receipts) == {Outcome.ACCEPTED: len(arrived)}


def test_it_works_where_a_loop_is_running_already(open_outlet: Open):
    async def work() -> list[Receipt]:
        return delivered(outlet, messages(5))

    with Peer() as peer:
        outlet = open_outlet(peer.address)
        assert outcomes(asyncio.run(work())) == {Outcome.ACCEPTED: 5}


def test_it_can_be_closed_at_any_time_and_used_again(open_outlet: Open):
    with Peer() as peer:
        outlet = open_outlet(peer.address)
        outlet.close()
        delivered(outlet, messages(2))
        outlet.close()
        outlet.close()
        with outlet:
            assert outcomes(delivered(outlet, messages(2))) == {Outcome.ACCEPTED: 2}
    assert threading.active_count() < 20


def test_what_is_no_key_is_refused_before_anything_is_done():
    with pytest.raises(DeliveryError) as told:
        SendGridOutlet.open("post", sendgrid(), "not a key")
    assert told.value.cause is HaltCause.KEY
    assert "not a key" not in str(told.value)


def whole(request: Request) -> list[int]:
    return [int(own["custom_args"]["stammkunde_send"]) for own in request.json["personalizations"]]


def test_many_messages_leave_in_one_request(open_outlet: Open):
    with Peer() as peer:
        receipts = delivered(open_outlet(peer.address, mode="batched"), messages(40))
    assert outcomes(receipts) == {Outcome.ACCEPTED: 40}
    assert sorted(each for sent in peer.requests for each in whole(sent)) == list(range(1, 41))
    assert len(peer.requests) < 5


def test_of_a_request_refused_for_one_message_the_others_are_sent_again(open_outlet: Open):
    def choosy(request: Request) -> bytes:
        if 7 in (sends := whole(request)):
            return errors(400, (f"personalizations.{sends.index(7)}.to.0.email", "Not valid."))
        return accepted(request)

    with Peer(answer=choosy) as peer:
        receipts = delivered(open_outlet(peer.address, mode="batched"), messages(40))
    (rejected,) = [each for each in receipts if each.outcome is not Outcome.ACCEPTED]
    assert (rejected.send_id, rejected.outcome) == (7, Outcome.REJECTED)
    assert len(receipts) == 40
    assert len(peer.requests) <= 4


@pytest.mark.parametrize(
    "refusal",
    [
        errors(400, (None, None)),
        errors(400, ("personalizations.4000.to", "Nobody is there")),
        errors(413, (None, "content too large")),
    ],
    ids=["unnamed", "named wrongly", "too large"],
)
def test_a_message_at_fault_nobody_names_is_found_by_halving(open_outlet: Open, refusal: bytes):
    with Peer(answer=lambda each: refusal if 7 in whole(each) else accepted(each)) as peer:
        receipts = delivered(open_outlet(peer.address, mode="batched"), messages(40))
    (rejected,) = [each for each in receipts if each.outcome is not Outcome.ACCEPTED]
    assert (rejected.send_id, rejected.outcome) == (7, Outcome.REJECTED)
    assert len(receipts) == 40
    sent = Counter(each for request in peer.requests for each in whole(request))
    assert len(peer.requests) <= 16
    assert set(sent) == set(range(1, 41))


def test_what_leaves_under_one_batch_number_shares_one_fate(open_outlet: Open):
    # The number is withdrawn as a whole: an accepted part would go with a part in doubt.
    numbers = count(1)

    def choosy(request: Request) -> bytes:
        if request.path == "/v3/mail/batch":
            return reply(201, {"batch_id": f"batch{next(numbers)}"})
        return errors(400, (None, None)) if 7 in whole(request) else accepted(request)

    with Peer(answer=choosy) as peer:
        outlet = open_outlet(peer.address, mode="batched", undo="20 minutes")
        (parcel,) = outlet.pack(messages(40), NOW)
        receipts = list(outlet.deliver([parcel]))
    assert parcel.batch_id == "batch1"
    sends = [each for each in peer.requests if each.path == "/v3/mail/send"]
    taken = [each for each in sends if 7 not in whole(each)]
    assert len(taken) == 1
    assert {each.json["batch_id"] for each in sends} == {"batch1"}
    assert outcomes(receipts)[Outcome.ACCEPTED] == len(whole(taken[0]))
    assert outcomes(receipts)[Outcome.QUEUED] >= 1
    assert len(receipts) == 40
    for each in receipts:
        assert (each.later is not None) == (each.outcome is Outcome.QUEUED)


def test_a_doubt_of_a_large_request_is_one_of_all_its_messages(open_outlet: Open):
    def silent(connection: socket.socket) -> None:
        read_all(connection)
        connection.close()

    with Peer(rude=silent) as peer:
        receipts = delivered(open_outlet(peer.address, mode="batched"), messages(40))
    assert outcomes(receipts) == {Outcome.IN_DOUBT: 40}
    assert peer.connections < 5

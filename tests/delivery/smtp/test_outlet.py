"""What leaves, how fast and over how many connections, and that each message is taken once."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from flows.delivery.outlet import Asked as InDoubt
from flows.delivery.outlet import Parcel, Receipt
from flows.delivery.smtp.outlet import SmtpOutlet
from flows.delivery.smtp.pool import MESSAGES_EACH
from segments.names import Outcome
from tests.delivery.smtp.desk import Answer, Asked, desk
from tests.delivery.smtp.mails import NOW, deliver, mail, mails, outlet, send, settings, taken
from tests.delivery.smtp.office import office


def test_each_message_is_taken_once_as_it_was_composed() -> None:
    with office() as server:
        receipts = send(server.port, *mails(30), connections=3)
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert receipts.keys() == set(range(1, 31))
    found = {envelope.rcpt_tos[0]: envelope for envelope in server.taken}
    assert len(server.taken) == len(found) == 30
    for message in mails(30):
        envelope = found[message.to_email]
        assert envelope.content == message.as_bytes()
        assert envelope.mail_from == message.from_email
        assert envelope.rcpt_tos == [message.to_email]
        assert receipts[message.send_id].provider_id in {f"NR{n}-TEST" for n in range(1, 31)}


def test_whatever_is_written_arrives_byte_for_byte() -> None:
    with office() as server, outlet(server.port) as opened:

        @trying(max_examples=40, deadline=None)
        @given(st.text(), st.text(alphabet=".\r\n x=ä"), st.text(st.characters(categories=["L"])))
        def arrives(html: str, text: str, subject: str) -> None:
            message = mail(1, html=html, text=text, subject=subject)
            assert deliver(opened, message)[1].outcome is Outcome.ACCEPTED
            assert server.taken[-1].content == message.as_bytes()

        arrives()


def test_connections_are_kept_from_one_delivery_to_the_next() -> None:
    with desk() as server, outlet(server.port, connections=2) as opened:
        for block in range(5):
            deliver(opened, *mails(4, 1 + 4 * block))
    assert len(server.taken) == 20
    assert server.connections <= 2


def test_only_as_many_connections_as_allowed_and_one_for_a_single_message() -> None:
    with desk() as server:
        send(server.port, *mails(40), connections=3)
    assert 1 <= server.connections <= 3
    with desk() as server:
        send(server.port, mail(1), connections=8)
    assert server.connections == 1


def test_processes_that_send_at_once_share_the_connections_and_the_pace() -> None:
    with desk() as server:
        began = time.monotonic()
        shared = settings(server.port, connections=4, per_second=40)
        with SmtpOutlet.open("post", shared, None, None, share=4) as opened:
            deliver(opened, *mails(4))
        assert time.monotonic() - began > 0.25
    assert server.connections == 1


def test_a_pace_is_kept() -> None:
    with desk() as server, outlet(server.port, connections=4, per_second=40) as opened:
        began = time.monotonic()
        deliver(opened, *mails(5))
        deliver(opened, *mails(5, 6))
        assert 0.2 < time.monotonic() - began < 1.5


def test_a_connection_is_renewed_after_so_many_messages() -> None:
    with desk() as server:
        send(server.port, *mails(MESSAGES_EACH + 5))
    assert server.connections == 2
    assert Counter(each.connection for each in server.heard if each.word == "MAIL") == {
        1: MESSAGES_EACH,
        2: 5,
    }
    assert sum(each.word == "QUIT" for each in server.heard) == 2


def test_an_interrupt_begins_nothing_more_and_loses_no_receipt() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.word == "." and asked.count == 3:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return None

    receipts: list[Receipt] = []
    with desk(answer) as server, outlet(server.port) as opened:
        delivery = opened.deliver(opened.pack(mails(10), NOW))
        with suppress(KeyboardInterrupt):
            for receipt in delivery:
                receipts.append(receipt)
    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED] * len(server.taken)
    assert len(server.taken) < 6


def test_it_sends_where_a_loop_is_running_already() -> None:
    async def inside(port: int) -> dict[int, Receipt]:
        return send(port, mail(1))

    with desk() as server:
        assert asyncio.run(inside(server.port))[1].outcome is Outcome.ACCEPTED


def test_a_parcel_is_taken_only_when_it_is_about_to_leave() -> None:
    asked_for: list[int] = []

    with desk() as server, outlet(server.port) as opened:

        def parcels() -> Iterator[Parcel]:
            for parcel in opened.pack(mails(20), NOW):
                asked_for.append(len(server.taken))
                yield parcel

        list(opened.deliver(parcels()))
    assert asked_for == list(range(20))


def test_parcels_that_end_early_leave_the_rest_alone() -> None:
    with desk() as server, outlet(server.port, connections=3) as opened:
        parcels = iter(opened.pack(mails(20), NOW)[:7])
        assert len(list(opened.deliver(parcels))) == 7
        assert list(opened.deliver(())) == []
    assert len(server.taken) == 7


def test_nothing_to_send_opens_no_connection() -> None:
    with desk() as server:
        assert send(server.port) == {}
    assert server.connections == 0


def test_a_delivery_left_in_the_midst_begins_nothing_more_and_the_next_one_works() -> None:
    with desk() as server, outlet(server.port, connections=2) as opened:
        delivery = opened.deliver(opened.pack(mails(50), NOW))
        next(delivery)
        delivery.close()
        begun = sum(each.word == "." for each in server.heard)
        assert begun < 10
        receipts = deliver(opened, *mails(10, 51))
        assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert max(taken(server.taken).values()) == 1


def test_what_goes_wrong_with_the_parcels_is_not_swallowed() -> None:
    def parcels(opened: SmtpOutlet) -> Iterator[Parcel]:
        yield from opened.pack(mails(2), NOW)
        raise RuntimeError("no more parcels")

    with desk() as server, outlet(server.port) as opened:
        receipts: list[Receipt] = []
        with pytest.raises(RuntimeError, match="no more parcels"):
            receipts.extend(opened.deliver(parcels(opened)))
    assert len(server.taken) == 2


def test_each_message_is_a_parcel_of_its_own() -> None:
    with outlet(25) as opened:
        parcels = opened.pack(mails(3), NOW)
    assert [parcel.messages for parcel in parcels] == [(message,) for message in mails(3)]
    assert len({parcel.request_id for parcel in parcels}) == 3
    assert all(len(parcel.request_id) <= 40 for parcel in parcels)


def test_a_mail_server_knows_nothing_of_messages_in_doubt() -> None:
    asked = [InDoubt(number, "r", "ada@example.com", NOW, None, None) for number in (1, 2)]
    with outlet(25) as opened:
        found = list(opened.look_up(asked, NOW))
    assert [(each.send_id, each.outcome) for each in found] == [
        (1, Outcome.IN_DOUBT),
        (2, Outcome.IN_DOUBT),
    ]
    assert "keeps no record" in found[0].known


def test_a_closed_outlet_sends_nothing() -> None:
    with outlet(25) as opened:
        pass
    opened.close()
    with pytest.raises(ValueError, match="closed"):
        list(opened.deliver(opened.pack([mail(1)], NOW)))

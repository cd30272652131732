"""What becomes of every message: taken once, kept for later, refused, in doubt, or not begun."""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from flows.delivery.outlet import Asked as InDoubt
from flows.delivery.outlet import Parcel, Receipt
from flows.delivery.smtp import pool
from flows.delivery.smtp.judge import REFUSALS
from flows.delivery.smtp.outlet import PATIENCE, SmtpOutlet
from flows.delivery.smtp.pool import MESSAGES_EACH
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from segments.names import HaltCause, Outcome
from segments.spans import Span
from tests.delivery.smtp.desk import Act, Answer, Asked, Desk, desk, says
from tests.delivery.smtp.mails import NOW, deliver, mail, outlet, send, settings
from tests.delivery.smtp.office import office

SHORT = Span(0.2 / 60, "minutes")


def mails(count: int, first: int = 1) -> list[Outgoing]:
    return [mail(number) for number in range(first, first + count)]


def stopped(
    port: int, *messages: Outgoing, **changes: object
) -> tuple[list[Receipt], DeliveryError]:
    """The receipts that were given before delivering stopped, and why it did."""
    receipts: list[Receipt] = []
    with outlet(port, **changes) as opened, pytest.raises(DeliveryError) as caught:
        receipts.extend(opened.deliver(opened.pack(messages, NOW)))
    return receipts, caught.value


def gather(through: SmtpOutlet, *messages: Outgoing) -> tuple[list[Receipt], DeliveryError | None]:
    """Receipts one by one, as a caller sees them, and what ended them."""
    receipts: list[Receipt] = []
    try:
        for receipt in through.deliver(through.pack(messages, NOW)):
            receipts.append(receipt)
    except DeliveryError as error:
        return receipts, error
    return receipts, None


def to(number: int, answer: Answer, word: str = "RCPT") -> Callable[[Asked], Answer]:
    """The message to this recipient gets that answer."""
    return lambda asked: answer if asked.word == word and f"ada{number}@" in asked.line else None


def taken(server: Desk) -> Counter[str]:
    """How often the server took each message, by subject."""
    return Counter(
        line.decode().removeprefix("Subject: ")
        for content in server.taken
        for line in content.split(b"\r\n")
        if line.startswith(b"Subject: ")
    )


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


def test_who_is_greylisted_is_tried_again_later_and_the_others_get_theirs() -> None:
    with desk(to(2, "450 4.2.0 Greylisted, come back")) as server:
        receipts = send(server.port, *mails(3))
    later = receipts.pop(2)
    assert (later.outcome, later.later, later.hard) == (Outcome.QUEUED, PATIENCE, False)
    assert later.detail == ("greylisted, to be tried again later: 450 4.2.0 Greylisted, come back")
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}


def test_an_unknown_mailbox_is_said_to_be_one_and_a_refusal_is_not() -> None:
    def answer(asked: Asked) -> Answer:
        return to(1, "550 5.1.1 <ada1@example.com>: User unknown")(asked) or to(
            2, "550 5.7.1 not with that reputation"
        )(asked)

    with desk(answer) as server:
        receipts = send(server.port, *mails(3))
    assert (receipts[1].outcome, receipts[1].hard) == (Outcome.REJECTED, True)
    assert receipts[1].detail == "there is no such mailbox: 550 5.1.1 <address>: User unknown"
    assert (receipts[2].outcome, receipts[2].hard) == (Outcome.REJECTED, False)
    assert receipts[2].detail == ("the recipient was refused: 550 5.7.1 not with that reputation")
    assert receipts[3].outcome is Outcome.ACCEPTED


def test_a_message_refused_for_what_it_says_suppresses_nobody() -> None:
    with desk(says(END="554 5.7.1 this is spam")) as server:
        receipts = send(server.port, mail(1))
    assert receipts[1] == Receipt(
        1, Outcome.REJECTED, detail="the message was refused: 554 5.7.1 this is spam"
    )


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET, Act.KEEP_SILENT])
def test_a_line_that_breaks_after_the_dot_leaves_one_message_in_doubt(act: Act) -> None:
    def answer(asked: Asked) -> Answer:
        return act if asked.word == "." and asked.count == 2 else None

    with desk(answer) as server:
        receipts = send(server.port, *mails(4), timeout=SHORT)
    assert [receipts[number].outcome for number in range(1, 5)] == [
        Outcome.ACCEPTED,
        Outcome.IN_DOUBT,
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
    ]
    assert "did not say whether it took it" in str(receipts[2].detail)
    assert sum(taken(server).values()) == 3


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_restarts_in_between_costs_nothing(word: str, pipelining: bool) -> None:
    def answer(asked: Asked) -> Answer:
        return "421 4.3.2 restarting" if asked.word == word and asked.count == 3 else None

    with desk(answer, extensions=("PIPELINING",) if pipelining else ()) as server:
        receipts = send(server.port, *mails(6))
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert taken(server) == {f"Hello {number}": 1 for number in range(1, 7)}
    assert server.connections == 2


def test_connections_the_server_ended_while_nobody_sent_are_opened_anew() -> None:
    with desk() as server, outlet(server.port, connections=3) as opened:
        assert len(deliver(opened, *mails(12))) == 12
        server.end_connections()
        receipts = deliver(opened, *mails(12, 13))
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert sum(taken(server).values()) == 24


def test_a_connection_that_rested_is_asked_whether_it_still_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "_RESTED", -1.0)

    def answer(asked: Asked) -> Answer:
        return Act.KEEP_SILENT if asked.word == "RSET" and asked.connection == 1 else None

    with desk(answer) as server, outlet(server.port, timeout=SHORT) as opened:
        deliver(opened, mail(1))
        receipts = deliver(opened, mail(2))
    assert receipts[2].outcome is Outcome.ACCEPTED
    assert server.connections == 2
    assert "RSET" in server.words()


def test_a_server_that_lets_few_in_gets_few() -> None:
    def answer(asked: Asked) -> Answer:
        too_many = asked.word == "GREETING" and asked.connection > 2
        return "421 4.7.0 too many connections from you" if too_many else None

    with desk(answer) as server:
        receipts = send(server.port, *mails(60), connections=6)
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert sum(taken(server).values()) == 60


def test_a_message_the_server_always_ends_at_waits_and_holds_nobody_up() -> None:
    with desk(to(2, Act.HANG_UP)) as server:
        receipts = send(server.port, *mails(5))
    poison = receipts.pop(2)
    assert (poison.outcome, poison.later) == (Outcome.QUEUED, None)
    assert "before the message had been handed over" in str(poison.detail)
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert server.connections == 4


def test_a_server_that_goes_away_takes_no_message_with_it() -> None:
    with desk() as server, outlet(server.port, connections=3) as opened:
        delivery = opened.deliver(opened.pack(mails(200), NOW))
        receipts = [next(delivery)]
        server.shut()
        with pytest.raises(DeliveryError) as caught:
            receipts.extend(delivery)
    assert caught.value.cause is HaltCause.PROVIDER
    outcomes = Counter(receipt.outcome for receipt in receipts)
    assert outcomes[Outcome.REJECTED] == 0
    accepted = {f"Hello {each.send_id}" for each in receipts if each.outcome == Outcome.ACCEPTED}
    doubted = {f"Hello {each.send_id}" for each in receipts if each.outcome == Outcome.IN_DOUBT}
    assert accepted <= taken(server).keys() <= accepted | doubted


@pytest.mark.parametrize(
    ("word", "said", "advice"),
    [
        ("MAIL", "550 5.7.1 not as this sender", "config/senders.yaml"),
        ("RCPT", "553 5.7.1 Sender address rejected: not owned by user", "config/senders.yaml"),
        ("RCPT", "554 5.7.1 Relay access denied", "let this machine in"),
        ("MAIL", "530 5.7.0 Authentication required", '"user" and "password"'),
        ("RCPT", "550 5.7.1 authentication required", '"user" and "password"'),
    ],
)
def test_what_is_wrong_with_us_costs_no_message(word: str, said: str, advice: str) -> None:
    with desk(says(**{word: said})) as server:
        receipts, error = stopped(server.port, *mails(50))
    assert receipts == []
    assert error.cause is HaltCause.KEY
    assert said in str(error)
    assert advice in str(error)
    assert str(error).startswith('outlet "post": ')


def test_one_recipient_who_is_no_business_of_the_relay_is_refused_alone() -> None:
    with desk(to(2, "554 5.7.1 Relay access denied")) as server:
        receipts = send(server.port, *mails(3))
    assert [receipts[number].outcome for number in (1, 2, 3)] == [
        Outcome.ACCEPTED,
        Outcome.REJECTED,
        Outcome.ACCEPTED,
    ]
    assert not receipts[2].hard


def test_a_server_that_refuses_everything_is_not_fed_the_whole_queue() -> None:
    with desk(says(RCPT="550 5.7.1 your network is on a block list")) as server:
        receipts, error = stopped(server.port, *mails(100))
    assert Counter(receipt.outcome for receipt in receipts) == {Outcome.REJECTED: REFUSALS}
    assert error.cause is HaltCause.PROVIDER
    assert f"refused {REFUSALS} messages in a row" in str(error)


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        ({"MAIL": "451 4.7.1 slow down"}, Outcome.QUEUED),
        ({"DATA": "452 4.3.1 no room"}, Outcome.QUEUED),
        ({"END": "451 4.3.0 cannot write"}, Outcome.QUEUED),
        ({"MAIL": Act.HANG_UP}, Outcome.QUEUED),
        ({"END": Act.HANG_UP}, Outcome.IN_DOUBT),
    ],
)
def test_trouble_is_told_apart_from_a_recipient_who_wants_patience(
    answers: dict[str, Answer], outcome: Outcome
) -> None:
    """Without `later` it speaks against the outlet, and whoever delivers lets that rest."""
    with desk(says(**answers)) as server:
        receipts = send(server.port, *mails(3))
    assert {receipt.outcome for receipt in receipts.values()} == {outcome}
    assert all(receipt.later is None and receipt.detail for receipt in receipts.values())


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
    assert max(taken(server).values()) == 1


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

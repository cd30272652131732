"""What becomes of messages where a server refuses, waits, breaks off, or lets nobody in."""

from collections import Counter
from collections.abc import Callable

import pytest

from flows.delivery.outlet import Receipt
from flows.delivery.smtp import pool
from flows.delivery.smtp.judge import REFUSALS
from flows.delivery.smtp.outlet import PATIENCE
from flows.errors import DeliveryError
from segments.names import HaltCause, Outcome
from segments.spans import Span
from tests.delivery.smtp.desk import Act, Answer, Asked, desk, says
from tests.delivery.smtp.mails import NOW, deliver, gather, mail, mails, outlet, send, taken

SHORT = Span(0.2 / 60, "minutes")


def to(number: int, answer: Answer, word: str = "RCPT") -> Callable[[Asked], Answer]:
    """The message to this recipient gets that answer."""
    return lambda asked: answer if asked.word == word and f"ada{number}@" in asked.line else None


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
    assert sum(taken(server.taken).values()) == 3


@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA", "."])
@pytest.mark.parametrize("pipelining", [True, False])
def test_a_server_that_restarts_in_between_costs_nothing(word: str, pipelining: bool) -> None:
    def answer(asked: Asked) -> Answer:
        return "421 4.3.2 restarting" if asked.word == word and asked.count == 3 else None

    with desk(answer, extensions=("PIPELINING",) if pipelining else ()) as server:
        receipts = send(server.port, *mails(6))
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert taken(server.taken) == {f"Hello {number}": 1 for number in range(1, 7)}
    assert server.connections == 2


def test_connections_the_server_ended_while_nobody_sent_are_opened_anew() -> None:
    with desk() as server, outlet(server.port, connections=3) as opened:
        assert len(deliver(opened, *mails(12))) == 12
        server.end_connections()
        receipts = deliver(opened, *mails(12, 13))
    assert {receipt.outcome for receipt in receipts.values()} == {Outcome.ACCEPTED}
    assert sum(taken(server.taken).values()) == 24


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
    assert sum(taken(server.taken).values()) == 60


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
    assert accepted <= taken(server.taken).keys() <= accepted | doubted


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
    with desk(says(**{word: said})) as server, outlet(server.port) as opened:
        receipts, error = gather(opened, *mails(50))
    assert error is not None
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


@pytest.mark.parametrize(
    "said", ["550 5.7.1 your network is on a block list", "550 5.1.1 User unknown"]
)
def test_a_server_that_refuses_everything_is_not_fed_the_whole_queue(said: str) -> None:
    with desk(says(RCPT=said)) as server, outlet(server.port) as opened:
        receipts, error = gather(opened, *mails(100))
    assert error is not None
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

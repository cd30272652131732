"""Messages over one connection: commands alone and together, every refusal, every end."""

import asyncio
from itertools import product

import pytest

from flows.delivery.smtp.answers import Meaning, Told
from flows.delivery.smtp.opening import Way, open_session
from flows.delivery.smtp.session import Session
from segments.spans import Span
from tests.delivery.smtp.desk import Act, Answer, Asked, Desk, desk, says
from tests.delivery.smtp.mails import settings

SHORT = Span(0.2 / 60, "minutes")
PIPELINING = ("PIPELINING", "SIZE 1000000")
CONTENT = b"Subject: x\r\n\r\n.dots\r\n..\r\n.\r\nend\r\n"


def hand_over(at: Desk, times: int = 1, content: bytes = CONTENT, **changes: object) -> list[Told]:
    """Offer the same message again and again over one connection."""

    async def talk() -> list[Told]:
        session = await open_session(Way.to("post", settings(at.port, **changes), None))
        try:
            return [await offer(session, content) for _ in range(times)]
        finally:
            await session.quit()

    return asyncio.run(talk())


async def offer(session: Session, content: bytes = CONTENT) -> Told:
    return await session.hand_over("shop@example.org", "ada@example.com", content)


@pytest.fixture(params=[PIPELINING, ("SIZE 1000000",), ()], ids=["pipelining", "size", "plain"])
def extensions(request: pytest.FixtureRequest) -> tuple[str, ...]:
    offered: tuple[str, ...] = request.param
    return offered


def test_a_message_arrives_byte_for_byte(extensions: tuple[str, ...]) -> None:
    with desk(extensions=extensions) as server:
        first, second = hand_over(server, 2)
    assert (first.meaning, first.taken_as) == (Meaning.TAKEN, "D3SK")
    assert second.meaning is Meaning.TAKEN
    assert server.taken == [CONTENT, CONTENT]
    assert server.words() == ["MAIL", "RCPT", "DATA", "."] * 2
    size = f" SIZE={len(CONTENT)}" if extensions else ""
    assert [each.line for each in server.heard if each.word in ("MAIL", "RCPT")][:2] == [
        f"MAIL FROM:<shop@example.org>{size}",
        "RCPT TO:<ada@example.com>",
    ]


@pytest.mark.parametrize(
    "content", [b".\r\n", b"", b".", b"no end", b"\r\n.\r\n.\r\n", b"..\r\n.a\r\n" * 40_000]
)
def test_no_content_ends_a_message_early(content: bytes) -> None:
    with desk() as server:
        (only,) = hand_over(server, content=content)
    assert only.meaning is Meaning.TAKEN
    whole = content if content.endswith(b"\r\n") else content + b"\r\n"
    assert server.taken == [whole]


def test_commands_leave_together_only_where_the_server_takes_them_together() -> None:
    with desk(extensions=PIPELINING) as server:
        hand_over(server)
    assert ["MAIL", "RCPT", "DATA"] in server.groups
    with desk(extensions=()) as server:
        hand_over(server)
    assert ["MAIL", "RCPT", "DATA"] not in server.groups
    assert all(len(group) == 1 for group in server.groups[:4])


NO = {"MAIL": "550 5.7.1 not you", "RCPT": "550 5.1.1 unknown", "DATA": "451 4.3.0 not now"}
MIXTURES = [mix for mix in product((False, True), repeat=3) if any(mix)]


@pytest.mark.parametrize("mixture", MIXTURES, ids=lambda mix: "".join("-x"[no] for no in mix))
def test_after_any_mixture_of_refusals_the_first_counts_and_the_next_message_goes(
    extensions: tuple[str, ...], mixture: tuple[bool, ...]
) -> None:
    refused = {word: NO[word] for word, no in zip(NO, mixture, strict=True) if no}

    def answer(asked: Asked) -> Answer:
        if asked.word not in NO or server.words().count("MAIL") > 1:
            return None
        if asked.word in refused:
            return refused[asked.word]
        # Who had no sender knows no recipient, and who has no recipient takes no content.
        before = list(NO)[: list(NO).index(asked.word)]
        return "503 5.5.1 not yet" if any(word in refused for word in before) else None

    meanings = {"MAIL": Meaning.SENDER, "RCPT": Meaning.UNKNOWN, "DATA": Meaning.BUSY}
    with desk(answer, extensions=extensions) as server:
        first, second = hand_over(server, 2)
    assert first.meaning is meanings[next(iter(refused))]
    assert second.meaning is Meaning.TAKEN
    assert server.taken == [CONTENT]
    assert server.words().count("RSET") == 1
    assert server.connections == 1


def test_a_server_that_awaits_the_content_for_nobody_gets_an_empty_one() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.word == "RCPT" and asked.count == 1:
            return "450 4.2.0 greylisted"
        if asked.word == "." and asked.count == 1:
            return "554 5.5.1 no valid recipients"
        return None

    with desk(answer) as server:
        first, second = hand_over(server, 2)
    assert first.meaning is Meaning.PATIENCE
    assert second.meaning is Meaning.TAKEN
    assert server.taken == [CONTENT]
    assert server.words() == ["MAIL", "RCPT", "DATA", "."] * 2


def test_even_one_that_agrees_to_it_is_not_believed() -> None:
    with desk(says(RCPT="550 5.1.1 unknown")) as server:
        (only,) = hand_over(server)
    assert only.meaning is Meaning.UNKNOWN
    assert server.taken == [b""]


def test_a_recipient_taken_without_a_sender_gets_nothing_at_all() -> None:
    with desk(says(MAIL="550 5.7.1 not you")) as server:
        first, second = hand_over(server, 2)
    assert first.meaning is Meaning.SENDER
    assert second.meaning is Meaning.OVER
    assert server.taken == []


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET, "421 4.3.2 going down", "garbage"])
@pytest.mark.parametrize("word", ["MAIL", "RCPT", "DATA"])
def test_before_the_content_every_end_means_that_nothing_was_taken(
    extensions: tuple[str, ...], word: str, act: Answer
) -> None:
    with desk(says(**{word: act}), extensions=extensions) as server:
        (only,) = hand_over(server)
    assert only.meaning is Meaning.OVER
    assert server.taken == []


@pytest.mark.parametrize("act", [Act.HANG_UP, "421 4.3.2 going down"])
def test_a_refusal_counts_that_was_heard_before_the_end(act: Answer) -> None:
    with desk(says(RCPT="550 5.1.1 unknown", DATA=act)) as server:
        (only,) = hand_over(server)
    assert only.meaning is Meaning.UNKNOWN


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET])
def test_a_line_that_breaks_in_the_midst_of_the_content_took_nothing(act: Act) -> None:
    with desk(says(CONTENT=act), extensions=("PIPELINING",)) as server:
        (only,) = hand_over(server, content=b"x\r\n" * 8_000_000)
    assert only.meaning is Meaning.OVER
    assert server.taken == []


def test_a_refusal_in_the_midst_of_the_content_is_heard() -> None:
    with desk(says(CONTENT="552 5.3.4 too big for us"), extensions=()) as server:
        (only,) = hand_over(server, content=b"x\r\n" * 8_000_000)
    assert only.meaning in (Meaning.REFUSED, Meaning.OVER)
    assert server.taken == []


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET, Act.KEEP_SILENT, "garbage", "354 more"])
def test_without_an_answer_to_the_whole_message_nobody_knows(act: Answer) -> None:
    with desk(says(END=act)) as server:
        (only,) = hand_over(server, timeout=SHORT)
    assert only.meaning is Meaning.DOUBT
    assert only.sentence.startswith("the whole message had been handed over")


def test_a_final_answer_is_an_answer() -> None:
    for said, meaning in (
        ("451 4.7.1 later", Meaning.PATIENCE),
        ("554 5.7.1 spam", Meaning.REFUSED),
        ("421 4.3.2 going down", Meaning.OVER),
    ):
        with desk(says(END=said)) as server:
            assert [told.meaning for told in hand_over(server)] == [meaning]


@pytest.mark.parametrize("act", [Act.KEEP_SILENT, Act.DRIP])
@pytest.mark.parametrize("word", ["MAIL", "DATA"])
def test_no_answer_is_awaited_for_ever(extensions: tuple[str, ...], word: str, act: Act) -> None:
    with desk(says(**{word: act}), extensions=extensions) as server:
        (only,) = hand_over(server, timeout=SHORT)
    assert only.meaning is Meaning.OVER
    assert "did not answer within 0.2 seconds" in only.sentence


def test_a_server_that_reads_no_further_is_left() -> None:
    with desk(slow_reader=True, extensions=("PIPELINING",)) as server:
        (only,) = hand_over(server, content=b"x\r\n" * 8_000_000, timeout=SHORT)
    assert only.meaning is Meaning.OVER
    assert "took no more of the message within 0.2 seconds" in only.sentence


def test_a_message_too_big_for_the_server_is_not_offered() -> None:
    with desk(extensions=("SIZE 20",)) as server:
        (only,) = hand_over(server)
    assert only.meaning is Meaning.REFUSED
    assert only.sentence == f"the message has {len(CONTENT)} bytes, and the mail server takes 20"
    assert server.words() == []


def test_answers_of_many_lines_and_in_pieces_are_put_together() -> None:
    with desk(says(RCPT="550-5.1.1 The mailbox\r\n550-5.1.1 is\r\n550 5.1.1 gone")) as server:
        (only,) = hand_over(server)
    assert only.sentence == "there is no such mailbox: 550 5.1.1 The mailbox is gone"


@pytest.mark.parametrize("flood", ["250-more\r\n" * 500, "x" * 20_000, "250 a\r\n" * 40])
def test_a_server_that_never_comes_to_an_end_is_left(flood: str) -> None:
    with desk(says(MAIL=flood)) as server:
        (only,) = hand_over(server)
    assert only.meaning is Meaning.OVER

"""What the answers of real mail servers mean: who is suppressed, tried again, or told."""

import pytest

from flows.delivery.smtp.answers import Meaning, Reply, Stage, told

_RECIPIENT = {
    # Nobody lives there.
    "550 5.1.1 <ada@example.com>: Recipient address rejected: User unknown": Meaning.UNKNOWN,
    "550-5.1.1 The account does not exist": Meaning.UNKNOWN,
    "550 Unknown user": Meaning.UNKNOWN,
    "550 Unrouteable address": Meaning.UNKNOWN,
    "550 Requested action not taken: mailbox unavailable": Meaning.UNKNOWN,
    "550 5.5.0 Requested action not taken: mailbox unavailable": Meaning.UNKNOWN,
    "550 5.1.10 Recipient not found by SMTP address lookup": Meaning.UNKNOWN,
    "550 5.2.1 The email account that you tried to reach is disabled": Meaning.UNKNOWN,
    "551 User not local; please try <b@example.org>": Meaning.UNKNOWN,
    "553 sorry, no mailbox here by that name (#5.7.1)": Meaning.REFUSED,
    "550 sorry, no mailbox here by that name (#5.1.1)": Meaning.UNKNOWN,
    "553 Requested action not taken: mailbox name not allowed": Meaning.UNKNOWN,
    "550 #5.1.0 Address rejected unknown user": Meaning.UNKNOWN,
    # It is about the message, the recipient's wishes or our reputation.
    "550 5.7.1 Message rejected as spam": Meaning.REFUSED,
    "554 5.7.1 <ada@example.com>: Recipient address rejected: Access denied": Meaning.REFUSED,
    "550 Rejected: unknown reverse DNS": Meaning.REFUSED,
    "552 5.2.2 The mailbox is full": Meaning.REFUSED,
    "550 5.4.1 Recipient address rejected: Access denied": Meaning.REFUSED,
    "550 mailbox unavailable: blocked by our policy": Meaning.REFUSED,
    "501 malformed address": Meaning.REFUSED,
    # It is about us.
    "554 5.7.1 <ada@example.com>: Relay access denied": Meaning.STRANGER,
    "550 relay not permitted": Meaning.STRANGER,
    "551 5.7.1 relaying denied": Meaning.STRANGER,
    "554 5.7.1 <unknown[192.0.2.1]>: Client host rejected: Access denied": Meaning.STRANGER,
    "550 5.1.0 <shop@example.org>: Sender address rejected: User unknown in table": Meaning.SENDER,
    "553 5.7.1 <shop@example.org>: Sender address rejected: not owned by user x": Meaning.SENDER,
    "550 5.1.8 Bad sender's system address": Meaning.SENDER,
    "530 5.7.0 Authentication required": Meaning.LOGIN,
    "550 5.7.1 Client was not authenticated": Meaning.LOGIN,
    "503 5.5.1 AUTH first": Meaning.LOGIN,
    # Later.
    "450 4.2.0 <ada@example.com>: Recipient address rejected: Greylisted": Meaning.PATIENCE,
    "451 4.7.1 Greylisting in action, please come back later": Meaning.PATIENCE,
    "451 please try again": Meaning.PATIENCE,
    "452 4.2.2 The mailbox is over quota": Meaning.PATIENCE,
    "450 4.2.1 The user is receiving mail at a rate too fast": Meaning.PATIENCE,
    "450 4.1.8 <shop@example.org>: Sender address rejected: Domain not found": Meaning.BUSY,
    "452 4.3.1 Insufficient system storage": Meaning.BUSY,
    "450 4.7.1 Client host rejected: cannot find your hostname": Meaning.BUSY,
    "421 4.7.0 too many errors": Meaning.OVER,
    "503 5.5.1 Error: nested MAIL command": Meaning.GARBLED,
    "334 what": Meaning.GARBLED,
    "250 Ok": Meaning.TAKEN,
    "251 User not local; will forward": Meaning.TAKEN,
}
_OTHERS = [
    (Stage.SENDER, "250 Ok", Meaning.TAKEN),
    (Stage.SENDER, "550 5.7.1 you may not send as this", Meaning.SENDER),
    (Stage.SENDER, "501 5.1.7 Bad sender address syntax", Meaning.SENDER),
    (Stage.SENDER, "552 5.3.4 Message size exceeds fixed limit", Meaning.REFUSED),
    (Stage.SENDER, "530 Must issue a STARTTLS command first", Meaning.LOGIN),
    (Stage.SENDER, "451 4.7.1 slow down", Meaning.BUSY),
    (Stage.SENDER, "421 going down", Meaning.OVER),
    (Stage.DATA, "354 go on", Meaning.TAKEN),
    (Stage.DATA, "250 what", Meaning.GARBLED),
    (Stage.DATA, "554 no valid recipients", Meaning.REFUSED),
    (Stage.DATA, "451 not now", Meaning.BUSY),
    (Stage.CONTENT, "250 2.0.0 Ok: queued as 4XK", Meaning.TAKEN),
    (Stage.CONTENT, "554 5.7.1 Spam message rejected", Meaning.REFUSED),
    (Stage.CONTENT, "552 5.3.4 too big", Meaning.REFUSED),
    (Stage.CONTENT, "550 mailbox unavailable", Meaning.REFUSED),
    (Stage.CONTENT, "550 5.1.1 no such user", Meaning.UNKNOWN),
    (Stage.CONTENT, "550 5.7.60 Client does not have permissions to send as", Meaning.SENDER),
    (Stage.CONTENT, "500 line too long", Meaning.REFUSED),
    (Stage.CONTENT, "451 4.7.1 Greylisted after DATA", Meaning.PATIENCE),
    (Stage.CONTENT, "451 4.3.0 queue file write error", Meaning.BUSY),
    (Stage.CONTENT, "421 4.3.2 going down", Meaning.OVER),
    (Stage.CONTENT, "354 go on", Meaning.GARBLED),
]


def reply(line: str) -> Reply:
    return Reply(int(line[:3]), line[4:])


@pytest.mark.parametrize("line", _RECIPIENT)
def test_an_answer_about_a_recipient_is_about_them_or_about_us(line: str) -> None:
    assert told(Stage.RECIPIENT, reply(line)).meaning is _RECIPIENT[line]


@pytest.mark.parametrize(
    ("stage", "line", "meaning"), _OTHERS, ids=[line for _, line, _ in _OTHERS]
)
def test_an_answer_elsewhere_has_its_meaning(stage: Stage, line: str, meaning: Meaning) -> None:
    assert told(stage, reply(line)).meaning is meaning


def test_nobody_is_suppressed_for_a_final_answer_that_names_no_mailbox() -> None:
    """A bare 550 after the content is about the content more often than not."""
    for code in range(500, 560):
        assert (
            told(Stage.CONTENT, Reply(code, "mailbox unavailable")).meaning is not Meaning.UNKNOWN
        )
        assert told(Stage.SENDER, Reply(code, "5.1.1 unknown")).meaning is not Meaning.UNKNOWN


@pytest.mark.parametrize("stage", Stage)
def test_every_code_means_something_at_every_stage(stage: Stage) -> None:
    for code in range(200, 600):
        found = told(stage, Reply(code, "words"))
        assert found.meaning is Meaning.TAKEN or found.sentence.endswith(f": {code} words")
        assert (found.meaning is Meaning.TAKEN) == (
            code == 354 if stage is Stage.DATA else code < 300
        )


def test_what_is_kept_of_an_answer_names_nobody_and_ends() -> None:
    said = Reply(
        550,
        "5.1.1 <Ada.O'Hara@example.com>: no mailbox\n5.1.1 ada@example.com\x00 is unknown"
        + " here" * 99,
    ).said
    assert said.startswith("550 5.1.1 <address>: no mailbox <address> is unknown here")
    assert "@" not in said
    assert len(said) == 300


def test_greylisting_is_called_by_its_name() -> None:
    sentence = told(
        Stage.RECIPIENT, Reply(450, "4.2.0 Greylisted, see http://example.org")
    ).sentence
    assert sentence.startswith("greylisted, to be tried again later: 450 4.2.0")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2.0.0 Ok: queued as 4XYZabc", "4XYZabc"),
        ("OK id=1qXyz-0001Ab-2C", "1qXyz-0001Ab-2C"),
        ("Ok 010201928374abcd-11111111-2222-3333-4444-555555555555-000000", "010201928374abcd-"),
        ("2.0.0 accepted", None),
    ],
)
def test_the_number_a_server_gives_a_message_is_kept(text: str, number: str | None) -> None:
    taken_as = told(Stage.CONTENT, Reply(250, text)).taken_as
    assert taken_as == number if number is None else (taken_as or "").startswith(number)

"""Against a real Postfix: STARTTLS, pipelining, refusals in its own words, and what it delivers."""

from collections.abc import Iterator

import pytest

from flows.delivery.outlet import Receipt
from flows.delivery.smtp.outlet import SmtpOutlet
from segments.names import HaltCause, Outcome
from tests.certificates import Authority
from tests.delivery.smtp.mails import gather, mail, settings
from tests.delivery.smtp.postfix import Postfix, postfix, why_not
from tests.delivery.smtp.test_signing import DKIM, RSA, pem, verified

BOXES = 20


@pytest.fixture(scope="module")
def post(authority: Authority) -> Iterator[Postfix]:
    """One Postfix for all of them."""
    if reason := why_not():
        pytest.skip(reason)
    with postfix(authority, BOXES) as running:
        yield running


@pytest.fixture
def through(post: Postfix, authority: Authority) -> Iterator[SmtpOutlet]:
    """An outlet that signs."""
    how = settings(
        post.port, security="starttls", authority=authority.file, connections=3, dkim=DKIM
    )
    with SmtpOutlet.open("post", how, None, pem(RSA)) as opened:
        yield opened


def test_what_postfix_delivers_is_what_was_composed(post: Postfix, through: SmtpOutlet) -> None:
    mails = [mail(number) for number in range(1, BOXES + 1)]
    receipts, error = gather(through, *mails)
    assert error is None
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    assert len({receipt.provider_id for receipt in receipts}) == BOXES
    for message in mails:
        (content,) = post.wait_for(f"ada{message.send_id}", 1)
        _, mark, rest = content.partition(b"\r\nFrom: ")
        assert mark[2:] + rest == message.as_bytes()
        assert verified(content)


def test_postfix_refuses_in_its_own_words_and_each_is_understood(through: SmtpOutlet) -> None:
    receipts, error = gather(
        through,
        mail(1, to_email="ada1@example.com"),
        mail(2, to_email="greylisted@example.com"),
        mail(3, to_email="nobody@example.com"),
        mail(4, to_email="choosy@example.com"),
        mail(5, to_email="ada1@example.com", subject="Cheap pills"),
        mail(6, to_email="ada2@example.com"),
    )
    assert error is None
    found = {receipt.send_id: receipt for receipt in receipts}
    assert {number: (each.outcome, each.hard) for number, each in found.items()} == {
        1: (Outcome.ACCEPTED, False),
        2: (Outcome.QUEUED, False),
        3: (Outcome.REJECTED, True),
        4: (Outcome.REJECTED, False),
        5: (Outcome.REJECTED, False),
        6: (Outcome.ACCEPTED, False),
    }
    assert found[2].later is not None
    assert "greylisted" in str(found[2].detail)
    assert "there is no such mailbox: 550 5.1.1 <address>" in str(found[3].detail)
    assert "we want no pills" in str(found[5].detail)
    assert not any("@" in str(receipt.detail) for receipt in receipts)


def test_a_postfix_that_does_not_know_us_costs_no_message(through: SmtpOutlet) -> None:
    receipts: list[Receipt]
    receipts, error = gather(through, *(mail(n, to_email="a@elsewhere.example") for n in (1, 2)))
    assert receipts == []
    assert error is not None
    assert error.cause is HaltCause.KEY
    assert "Relay access denied" in str(error)

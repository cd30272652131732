"""Through the rehearsal stage, which knows all of SendGrid's rules: receipts say what is so."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flows.delivery.outlet import Asked, Parcel, Receipt
from flows.delivery.sendgrid.outlet import SendGridOutlet
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from segments.names import HaltCause, Outcome
from tests.delivery.sendgrid.conftest import KEY, message
from tests.simulator.account import SCOPES
from tests.simulator.process import Simulator

Open = Callable[..., SendGridOutlet]
MODES = pytest.mark.parametrize("mode", ["single", "batched"])


@pytest.fixture
def account(simulator: Simulator) -> Simulator:
    """The simulator, which knows our key."""
    simulator.account(keys={KEY: list(SCOPES)})
    return simulator


def messages(number: int, **changes: Any) -> list[Outgoing]:
    return [message(each, **changes) for each in range(1, number + 1)]


def delivered(outlet: SendGridOutlet, parcels: list[Parcel]) -> dict[int, Receipt]:
    """Receipts by send; whoever has none, as the outlet closed, is still ours."""
    receipts: dict[int, Receipt] = {}
    try:
        for receipt in outlet.deliver(parcels):
            assert receipts.setdefault(receipt.send_id, receipt) is receipt, "one receipt each"
    except DeliveryError as closed:
        for parcel in parcels:
            for mail in parcel.messages:
                receipts.setdefault(
                    mail.send_id, Receipt(mail.send_id, Outcome.QUEUED, detail=str(closed))
                )
    return receipts


def asked(parcels: list[Parcel], receipts: dict[int, Receipt], at: datetime) -> list[Asked]:
    return [
        Asked(mail.send_id, each.request_id, mail.to_email, at, each.batch_id, each.send_at)
        for each in parcels
        for mail in each.messages
        if receipts[mail.send_id].outcome is Outcome.IN_DOUBT
    ]


@MODES
def test_a_mailbox_holds_what_was_handed_over(account: Simulator, open_outlet: Open, mode: str):
    outlet = open_outlet(account.address, mode=mode)
    mails = messages(60)
    receipts = delivered(outlet, outlet.pack(mails, datetime.now(UTC)))  # noqa: TID251
    assert {each.outcome for each in receipts.values()} == {Outcome.ACCEPTED}
    for mail in mails:
        (received,) = account.mailbox(mail.to_email)
        assert (received["subject"], received["html"], received["text"]) == (
            mail.subject,
            mail.html,
            mail.text,
        )
        for name, value in mail.headers.items():
            assert received["headers"][name] == value


@MODES
@pytest.mark.parametrize(
    "fault",
    [
        {"what": "reset", "when": "before_body"},
        {"what": "reset", "when": "after_body"},
        {"what": "reset", "when": "after_accept"},
        {"what": "close", "when": "before_body"},
        {"what": "close", "when": "after_accept"},
        {"what": "cut", "when": "after_accept"},
        {"what": "status 500", "when": "before_body"},
        {"what": "status 503", "when": "after_body"},
        {"what": "status 502", "when": "after_accept"},
        {"what": "status 400 named", "when": "after_body"},
        {"what": "status 400 unnamed", "when": "after_body"},
        {"what": "status 413", "when": "after_body"},
        {"what": "status 429", "when": "after_body", "share": 0.05},
        {"what": "html", "when": "after_accept"},
        {"what": "empty", "when": "after_accept"},
        {"what": "html", "when": "after_body", "status": 403},
    ],
    ids=lambda each: f"{each['what']} {each['when']}",
)
def test_no_receipt_says_what_is_not_so(
    account: Simulator, open_outlet: Open, mode: str, fault: dict[str, Any]
):
    account.faults({"share": 0.3, "seed": 3, **fault})
    outlet = open_outlet(account.address, mode=mode, connections=4, most_failures=1000)
    # Different purposes make several requests of them in either mode.
    mails = [
        replace(each, step=f"step{each.send_id % 8}", purpose="service") for each in messages(80)
    ]
    now = datetime.fromtimestamp(account.now(), UTC)
    parcels = outlet.pack(mails, now)
    receipts = delivered(outlet, parcels)
    taken = account.accepted()
    assert account.stats()["faults"][0]["hits"] >= 1
    assert receipts.keys() == {mail.send_id for mail in mails}
    for send_id, receipt in receipts.items():
        accepted = taken.get(str(send_id), {}).get("accepted", 0)
        assert accepted <= 1
        if receipt.outcome is Outcome.ACCEPTED:
            assert accepted == 1
            assert receipt.provider_id
        elif receipt.outcome is not Outcome.IN_DOUBT:
            assert accepted == 0
            assert receipt.detail

    # And whoever asks the Email Logs learns of each doubt whether it went.
    account.faults()
    open_questions = asked(parcels, receipts, now)
    for evidence in outlet.look_up(open_questions, now + timedelta(minutes=1)):
        went = taken.get(str(evidence.send_id), {}).get("accepted", 0) == 1
        assert evidence.outcome is (Outcome.ACCEPTED if went else Outcome.IN_DOUBT)


def test_a_doubt_of_messages_sent_later_is_undone(account: Simulator, open_outlet: Open):
    account.fault("reset", "after_accept")
    outlet = open_outlet(account.address, mode="batched", undo="30 minutes")
    now = datetime.fromtimestamp(account.now(), UTC)
    parcels = outlet.pack(messages(30), now)
    receipts = delivered(outlet, parcels)
    assert {each.outcome for each in receipts.values()} == {Outcome.IN_DOUBT}
    account.faults()
    evidence = list(outlet.look_up(asked(parcels, receipts, now), now + timedelta(minutes=5)))
    assert Counter(each.outcome for each in evidence) == {Outcome.QUEUED: 30}
    again = delivered(outlet, outlet.pack(messages(30), now + timedelta(minutes=5)))
    assert {each.outcome for each in again.values()} == {Outcome.ACCEPTED}
    account.advance(3600 * 2)
    assert [len(account.mailbox(mail.to_email)) for mail in messages(30)] == [1] * 30


def test_addresses_only_sendgrid_finds_fault_with_are_rejected_in_either_mode(
    account: Simulator, open_outlet: Open
):
    account.account(refused={"ada3@example.com": True, "ada5@example.com": False})
    for mode in ("single", "batched"):
        outlet = open_outlet(account.address, mode=mode)
        receipts = delivered(outlet, outlet.pack(messages(20), datetime.now(UTC)))  # noqa: TID251
        rejected = {n for n, each in receipts.items() if each.outcome is Outcome.REJECTED}
        assert rejected == {3, 5}
        assert Counter(each.outcome for each in receipts.values())[Outcome.ACCEPTED] == 18


def test_a_provider_that_is_down_takes_nothing_and_is_told(account: Simulator, open_outlet: Open):
    outlet = open_outlet(account.address)
    now = datetime.now(UTC)  # noqa: TID251
    delivered(outlet, outlet.pack(messages(5), now))
    account.down()
    try:
        receipts = delivered(outlet, outlet.pack(messages(20), now))
    finally:
        account.up()
    assert {each.outcome for each in receipts.values()} <= {Outcome.QUEUED, Outcome.IN_DOUBT}
    assert Counter(each.outcome for each in receipts.values())[Outcome.QUEUED] >= 15
    receipts = delivered(outlet, outlet.pack(messages(5), now))
    assert {each.outcome for each in receipts.values()} == {Outcome.ACCEPTED}


@pytest.mark.parametrize(
    ("settings", "cause", "words"),
    [
        ({"keys": {"SG.other": list(SCOPES)}}, HaltCause.KEY, "API key"),
        ({"keys": {KEY: ["messages.read"]}}, HaltCause.KEY, "API key"),
        ({"senders": ["else@example.net"]}, HaltCause.KEY, "Sender Authentication"),
        ({"groups": [1]}, HaltCause.KEY, "asm_group"),
        ({"pools": ["other"]}, HaltCause.KEY, "ip_pool"),
        ({"quota": 0}, HaltCause.QUOTA, "used up"),
    ],
    ids=["wrong key", "key that may not send", "sender", "group", "pool", "quota"],
)
def test_an_account_that_is_not_set_up_says_what_to_do(
    account: Simulator,
    open_outlet: Open,
    settings: dict[str, Any],
    cause: HaltCause,
    words: str,
):
    account.account(**settings)
    outlet = open_outlet(
        account.address, asm_group={"advertising": 77}, ip_pool={"advertising": "news"}
    )
    with pytest.raises(DeliveryError, match=words) as told:
        list(outlet.deliver(outlet.pack(messages(50), datetime.now(UTC))))  # noqa: TID251
    assert told.value.cause is cause
    assert account.accepted() == {}


def test_a_limit_of_requests_is_kept_and_nothing_is_lost(account: Simulator, open_outlet: Open):
    account.pace(per_second=40)
    outlet = open_outlet(account.address)
    receipts = delivered(outlet, outlet.pack(messages(100), datetime.now(UTC)))  # noqa: TID251
    outcomes = Counter(each.outcome for each in receipts.values())
    assert set(outcomes) <= {Outcome.ACCEPTED, Outcome.QUEUED}
    assert outcomes[Outcome.ACCEPTED] == len(account.accepted()) >= 80

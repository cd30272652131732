"""Messages are put together as one request may carry them, and can be taken apart again."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import orjson
import pytest

from flows.delivery.outlet import Parcel
from flows.delivery.sendgrid import payload
from flows.delivery.sendgrid.batched import MOST_BYTES, Batch, Packer, encode, uncrowded
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from flows.outlet_settings import SendGridOutletSettings
from tests.delivery.sendgrid.letters import html, mail, mails
from tests.delivery.sendgrid.rules import broken, mailboxes

NOW = datetime(2026, 4, 14, 9, 10, tzinfo=UTC)


def outlet(**different: Any) -> SendGridOutletSettings:
    """An outlet that sends many messages a request."""
    return SendGridOutletSettings.model_validate(
        {"kind": "sendgrid", "mode": "batched", **different}
    )


PLAIN = outlet()


def pack(
    messages: Sequence[Outgoing], settings: SendGridOutletSettings = PLAIN, now: datetime = NOW
) -> list[Parcel]:
    """Parcels, with batch ids in a row."""
    numbers = count(1)
    return Packer(settings, lambda: f"batch-{next(numbers)}").pack(messages, now)


def request(parcel: Parcel, settings: SendGridOutletSettings = PLAIN) -> dict[str, Any]:
    """What is posted for a parcel."""
    body: dict[str, Any] = orjson.loads(encode(parcel, parcel.messages, settings))
    return body


def ids(parcels: Sequence[Parcel]) -> list[list[int]]:
    """Whose messages are in each parcel."""
    return [[message.send_id for message in parcel.messages] for parcel in parcels]


def assert_received(parcel: Parcel, messages: Sequence[Outgoing]) -> None:
    """Everybody gets exactly what was composed for him."""
    data = encode(parcel, messages, PLAIN)
    assert broken(data, NOW) == set()
    got = mailboxes(data, passes=2)
    assert [
        (each["to"], each["name"], each["subject"], each["text/html"], each["text/plain"])
        for each in got
    ] == [(each.to_email, each.to_name, each.subject, each.html, each.text) for each in messages]
    assert [each["stammkunde_send"] for each in got] == [str(each.send_id) for each in messages]
    assert {each["stammkunde_request"] for each in got} == {parcel.request_id}


def test_messages_of_one_kind_leave_in_one_request():
    messages = mails(50)
    (parcel,) = pack(messages)
    assert isinstance(parcel, Batch)
    assert parcel.messages == tuple(messages)
    assert len(encode(parcel, parcel.messages, PLAIN)) < 20_000
    assert_received(parcel, messages)


def test_a_single_message_is_the_request_it_would_be_without_batches():
    (parcel,) = pack([mail(7)])
    assert type(parcel) is Parcel
    assert encode(parcel, parcel.messages, PLAIN) == payload.single(
        mail(7), parcel.request_id, PLAIN
    )


@pytest.mark.parametrize(
    "different",
    [
        {"journey": "win_back"},
        {"step": "may"},
        {"message": "reassurance"},
        {"purpose": "service"},
        {"tracking": True},
        {"reply_to": "jonas@nordholz.example"},
        {"from_name": "Nordholz Service"},
        {"from_email": "service@nordholz.example"},
    ],
    ids=lambda different: next(iter(different)),
)
def test_what_a_request_has_once_its_messages_have_in_common(different: dict[str, Any]):
    settings = outlet(asm_group={"service": 4, "advertising": 5}, ip_pool={"service": "care"})
    messages = [mail(each, **(different if each % 2 else {})) for each in range(1, 9)]
    parcels = pack(messages, settings)
    assert ids(parcels) == [[1, 3, 5, 7], [2, 4, 6, 8]]
    for parcel in parcels:
        shared = request(parcel, settings)
        for message in parcel.messages:
            alone = orjson.loads(payload.single(message, parcel.request_id, settings))
            for name in shared.keys() | alone.keys():
                if name not in {"content", "personalizations"}:
                    assert shared[name] == alone[name]
            (own,) = alone["personalizations"]
            (batched,) = (
                each for each in shared["personalizations"] if each["to"] == own["to"]
            )  # fmt: skip
            assert batched.pop("substitutions")
            assert batched == own


def test_an_address_is_in_a_request_only_once():
    addresses = ["anna@kunde.example", "Anna@Kunde.example", "b@kunde.example"]
    messages = [mail(each, to_email=addresses[each % 3]) for each in range(9)]
    messages[0] = mail(30, to_email=addresses[0])
    parcels = pack(messages)
    assert ids(parcels) == [[30, 2], [1, 5], [3, 8], [4], [6], [7]]
    for parcel in parcels:
        assert_received(parcel, parcel.messages)


def test_a_request_has_at_most_a_thousand_messages():
    parcels = pack(mails(2_001))
    assert [len(parcel.messages) for parcel in parcels] == [1_000, 1_000, 1]
    assert sorted(each for parcel in ids(parcels) for each in parcel) == list(range(1, 2_002))


def test_a_request_stays_below_five_megabytes():
    letter = "<p>vielen Dank für Ihr Vertrauen.</p>\n" * 250
    messages = [
        mail(each, html=html(f"Frau {each} {'ä' * 3_300} {each}", letter)) for each in range(1, 901)
    ]
    parcels = pack(messages)
    sizes = [len(encode(parcel, parcel.messages, PLAIN)) for parcel in parcels]
    assert len(sizes) == 2
    assert MOST_BYTES * 0.95 < sizes[0] <= MOST_BYTES
    assert sorted(each for parcel in ids(parcels) for each in parcel) == list(range(1, 901))


def test_parcels_stand_in_the_order_of_their_foremost_message():
    messages = [mail(each, message=f"m{each % 3}") for each in range(7, 1, -1)]
    messages.insert(1, mail(1, message="m9"))
    assert ids(pack(messages)) == [[7, 4], [1], [6, 3], [5, 2]]


def test_whatever_is_left_of_a_request_can_be_sent_alone_or_together():
    messages = mails(6)
    (parcel,) = pack(messages)
    assert_received(parcel, [messages[0], *messages[3:]])
    assert_received(parcel, messages[:2])
    assert encode(parcel, messages[4:5], PLAIN) == payload.single(
        messages[4], parcel.request_id, PLAIN
    )


@pytest.mark.parametrize(
    "odd",
    [
        {"subject": "  "},
        {"html": " "},
        {"text": ""},
        {"html": html("Frau \ud83d")},
        {"to_email": f"{'a' * 320}@kunde.example"},
    ],
    ids=["no subject", "no HTML", "no text", "half a character", "a long address"],
)
def test_a_message_that_cannot_be_sent_does_not_hold_up_the_others(odd: dict[str, Any]):
    messages = [*mails(4), mail(5, **odd)]
    parcels = pack(messages)
    assert ids(parcels) == [[1, 2, 3, 4], [5]]
    assert_received(parcels[0], messages[:4])


def test_bodies_nobody_can_send_are_told_of_one_by_one():
    assert len(pack(mails(3, text=" "))) == 3
    assert len(pack(mails(3, html=html("\udc00", "x" * 500)))) == 3


def test_test_mails_are_on_their_own():
    parcels = pack([mail(0), mail(0), *mails(2)], outlet(undo="20 minutes"))
    assert [(ids([each])[0], each.batch_id) for each in parcels] == [
        ([0], None), ([0], None), ([1, 2], "batch-1"),
    ]  # fmt: skip


def test_advertising_that_can_be_withdrawn_leaves_later_in_batches_of_its_own():
    settings = outlet(undo="20 minutes")
    other = [mail(each, message="invitation") for each in (31, 32)]
    service = [mail(each, purpose="service") for each in (41, 42)]
    parcels = pack([*mails(3), *other, *service, mail(50, message="odd")], settings)
    when = NOW + timedelta(minutes=24)
    assert [(parcel.batch_id, parcel.send_at) for parcel in parcels] == [
        ("batch-1", when), ("batch-2", when), (None, None), ("batch-3", when),
    ]  # fmt: skip
    for parcel in parcels:
        for messages in (parcel.messages, parcel.messages[:1]):
            body = orjson.loads(encode(parcel, messages, settings))
            assert body.get("batch_id") == parcel.batch_id
            assert body.get("send_at") == (int(when.timestamp()) if parcel.batch_id else None)


def test_what_goes_wrong_with_asking_for_a_batch_is_passed_on():
    def unreachable() -> str:
        raise DeliveryError("SendGrid cannot be reached")

    with pytest.raises(DeliveryError):
        Packer(outlet(undo="20 minutes"), unreachable).pack(mails(3), NOW)


@pytest.mark.parametrize(
    ("minute", "leaves"),
    [(0, 4), (1, 4), (3, 4), (4, 4), (10, 10), (26, 26), (27, 34), (30, 34), (33, 34), (34, 34),
     (56, 56), (57, 64), (59, 64)],
)  # fmt: skip
def test_mail_does_not_leave_when_everybody_sends(minute: int, leaves: int):
    hour = datetime(2026, 4, 14, 9, tzinfo=UTC)
    given = hour + timedelta(minutes=minute, microseconds=5)
    assert uncrowded(given) == hour + timedelta(minutes=leaves)


def test_skeletons_are_remembered_from_block_to_block():
    packer = Packer(PLAIN, lambda: "batch")
    packer.pack(mails(20), NOW)
    (one,) = packer.pack(mails(3), NOW)
    assert_received(one, mails(3))
    for kind in range(300):
        packer.pack([mail(each, message=f"m{kind}") for each in (1, 2)], NOW)
    assert len(packer._moulds) <= 256

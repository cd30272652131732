"""What is shown of a send is what its mailbox received, byte for byte."""

from typing import Any

import pytest

from flows.stages.delivering import as_delivered
from tests.sending.letters import NUMBERS, Letters, addresses

RUNNING = ("single", "batched")


@pytest.mark.parametrize("mode", RUNNING)
def test_what_is_shown_of_a_send_is_what_the_mailbox_holds(letters: Letters, mode: str):
    letters.settings(mode=mode)
    assert letters.send().handed_over == len(NUMBERS)
    held = {int(mail["send"]): mail for mail in letters.simulator.messages()}
    requests = letters.simulator.requests()
    sizes = sorted(len(each["personalizations"]) for each in requests)
    assert sizes == ([1] * 8 if mode == "single" else [2, 3, 3])
    with letters.open() as shop:
        shown = {number: as_delivered(shop, number)[1] for number in held}
    assert {mail["address"] for mail in held.values()} == addresses().keys()
    for number, mail in held.items():
        ours: Any = shown[number]
        assert ours is not None
        assert mail["subject"] == ours.subject
        assert mail["html"].encode() == ours.html.encode()
        assert mail["text"].encode() == ours.text.encode()
        assert mail["headers"] == ours.headers
        assert mail["address"] == ours.to_email
        assert mail["from"] == {"email": ours.from_email, "name": ours.from_name}
        assert [one["email"] for one in mail["reply_to"]] == [ours.reply_to]
        assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["added_by_sendgrid"] == []

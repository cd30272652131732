"""What is shown of a send is what its mailbox received, byte for byte."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import orjson
import pytest

from flows.stages.delivering import as_delivered
from tests.sending.conftest import Say
from tests.sending.letters import NUMBERS, Letters, address, addresses

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


def test_show_writes_each_part_as_the_mailbox_holds_it(quick: Letters, say: Say, tmp_path: Path):
    quick.send()
    (mail,) = quick.simulator.mailbox(address(3))
    parts = {}
    for part in ("subject", "text", "html", "headers"):
        file = tmp_path / part
        assert say(quick.folder, "show", mail["send"], "--part", part, "--out", file)[0] == 0
        parts[part] = file.read_bytes()
    assert parts["html"] == mail["html"].encode()
    assert parts["text"] == mail["text"].encode()
    assert parts["subject"].decode().strip() == mail["subject"]
    head = message_from_bytes(parts["headers"], policy=policy.default)
    assert {name: head[name] for name in mail["headers"]} == mail["headers"]
    file = tmp_path / "request.json"
    assert say(quick.folder, "show", mail["send"], "--json", "--out", file)[0] == 0
    assert orjson.loads(file.read_bytes()) in quick.simulator.requests()

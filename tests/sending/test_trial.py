"""A test through SendGrid is told apart there, too, and leaves what is due where it was."""

import pytest

from flows.store.models import Doubt, Quota, Send
from flows.store.session import open_store
from tests.sending.conftest import Say
from tests.sending.letters import NUMBERS, Letters
from tests.store.rows import rows_of


@pytest.mark.parametrize("mode", ["single", "batched"])
def test_a_test_is_nobodys_send(quick: Letters, say: Say, mode: str):
    quick.settings(mode=mode, **({"undo": "20 minutes"} if mode == "batched" else {}))
    engine = open_store(quick.store)
    before = rows_of(engine, Send, "id", "outcome", "claim_id")
    code, out, err = say(quick.folder, "send-test", "newsletter", "--to", "me@firm.example",
                         "--as", f"K{NUMBERS[0]}")  # fmt: skip
    assert (code, err) == (0, "")
    assert " through sendgrid" in out
    (mail,) = quick.simulator.mailbox("me@firm.example")
    assert mail["subject"].startswith("[Test] ")
    assert mail["headers"]["X-Stammkunde-Test"] == "1"
    assert "send" not in mail or not mail["send"]
    (request,) = quick.simulator.requests()
    (one,) = request["personalizations"]
    assert one["custom_args"] == {"stammkunde_test": "1"}
    assert not request["tracking_settings"]["open_tracking"]["enable"]
    assert rows_of(engine, Send, "id", "outcome", "claim_id") == before
    assert rows_of(engine, Doubt, "id") == rows_of(engine, Quota, "outlet") == []
    engine.dispose()

"""Where answers go: to the owner, or to an address of the message's own that names it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from flows import tokens
from flows.messages.compose import again, compose
from flows.messages.context import Letterhead
from flows.messages.library import Library
from flows.settings import Settings
from flows.store.facts import MessageFacts

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_each_message_has_an_address_of_its_own_for_answers(
    library: Library, letterhead: Letterhead, facts: Callable[..., MessageFacts]
) -> None:
    house = replace(letterhead, replies="antwort@parse.example.com")
    composed = compose(library, facts(), house, NOW)
    mark = tokens.send_mark(letterhead.secret, 88)
    assert composed.outgoing.reply_to == f"antwort+s88.{mark}@parse.example.com"
    assert again(composed.sources, composed.context).reply_to == composed.outgoing.reply_to


def test_answers_of_one_request_cannot_have_addresses_of_their_own() -> None:
    written = {
        "unsubscribe": "stop@nordholz.example",
        "outlet": "provider",
        "outlets": {"provider": {"kind": "sendgrid", "mode": "batched"}},
        "web": {"inbound": {"replies": "antwort@parse.example.com"}},
    }
    with pytest.raises(ValidationError, match='write "mode: single" for provider'):
        Settings.model_validate(written)
    written["outlets"] = {"provider": {"kind": "sendgrid"}}
    assert Settings.model_validate(written).web.inbound.replies == "antwort@parse.example.com"

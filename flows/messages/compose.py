"""A send becomes a message, today or again later from what was stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from flows.messages.context import Letterhead, kept, locale_of
from flows.messages.envelope import outgoing, printed, targets
from flows.messages.environment import ROOT
from flows.messages.explain import TemplateError
from flows.messages.library import Library, opened
from flows.messages.message import Message
from flows.outgoing import Outgoing
from flows.store.facts import MessageFacts


@dataclass(frozen=True)
class Composed:
    """A message with all that is stored to make it again.

    `template_version`, `message`, `locale` and `sources` are a row of the template versions,
    stored once per version; `context`, in JSON, belongs to the send.
    """

    outgoing: Outgoing
    template_version: str
    message: str
    locale: str
    sources: bytes
    context: str


def compose(
    library: Library, facts: MessageFacts, letterhead: Letterhead, at: datetime
) -> Composed:
    """The message owed by this send, dated `at`; `MessageError` if it cannot be written."""
    locale = locale_of(facts, letterhead.policy)
    message = library.message(facts.message, locale, letterhead.shared)
    known = filled(message, facts, letterhead, at)
    return Composed(
        outgoing=_written(message, known),
        template_version=message.version,
        message=message.name,
        locale=message.locale,
        sources=message.bundle,
        context=orjson.dumps(known).decode(),
    )


def filled(
    message: Message, facts: MessageFacts, letterhead: Letterhead, at: datetime
) -> dict[str, Any]:
    """What is kept of this send."""
    try:
        return kept(facts, message, letterhead, at)
    except KeyError as error:
        place = f"{ROOT}_words/{message.locale}.yaml"
        what = f"lacks {error}. Compare it with the other language"
        raise TemplateError.at(place, what) from error


def again(bundle: bytes, context: str) -> Outgoing:
    """The message exactly as it was handed over, from its stored sources and context."""
    return _written(opened(bundle), orjson.loads(context))


def links_of(bundle: bytes, context: str) -> list[str]:
    """Where the links of a message lead that go over our endpoint, from what was stored."""
    return targets(orjson.loads(context), opened(bundle))


def _written(message: Message, kept: dict[str, Any]) -> Outgoing:
    return outgoing(kept, message, message.render(printed(kept, message)))

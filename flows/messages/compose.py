"""A send becomes a message, today or again later from what was stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flows.errors import MessageError
from flows.messages.context import Letterhead, context, locale_of
from flows.messages.library import Library, Message, opened
from flows.outgoing import Outgoing
from flows.store.facts import MessageFacts


@dataclass(frozen=True)
class Composed:
    """A message with all that is stored to make it again.

    `template_version`, `message`, `locale` and `sources` are a row of the template versions,
    stored once per version; `context` belongs to the send.
    """

    outgoing: Outgoing
    template_version: str
    message: str
    locale: str
    sources: bytes
    context: dict[str, Any]


def compose(
    library: Library, facts: MessageFacts, letterhead: Letterhead, at: datetime
) -> Composed:
    """The message owed by this send, dated `at`; `MessageError` if it cannot be written."""
    message = library.message(facts.message, locale_of(facts, letterhead.policy))
    given = context(facts, message.words, message.locale, letterhead, at)
    return Composed(
        outgoing=_outgoing(message, given),
        template_version=message.version,
        message=message.name,
        locale=message.locale,
        sources=message.bundle,
        context=given,
    )


def again(bundle: bytes, context: Mapping[str, Any]) -> Outgoing:
    """The message exactly as it was handed over, from its stored sources and context."""
    return _outgoing(opened(bundle), context)


def _outgoing(message: Message, given: Mapping[str, Any]) -> Outgoing:
    envelope = given["envelope"]
    rendered = message.render({key: given[key] for key in given if key != "envelope"})
    try:
        return Outgoing(
            **{**envelope, "date": datetime.fromisoformat(envelope["date"])},
            subject=rendered.subject,
            html=rendered.html,
            text=rendered.text,
        )
    except ValueError as error:
        raise MessageError(str(error)) from error

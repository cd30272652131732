"""A send becomes a message, today or again later from what was stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from flows.errors import MessageError
from flows.messages.context import Letterhead, context, locale_of
from flows.messages.environment import ROOT
from flows.messages.explain import TemplateError
from flows.messages.library import Library, Message, opened
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
    message = library.message(facts.message, locale_of(facts, letterhead.policy))
    given = filled(message, facts, letterhead, at)
    return Composed(
        outgoing=_outgoing(message, given),
        template_version=message.version,
        message=message.name,
        locale=message.locale,
        sources=message.bundle,
        context=orjson.dumps(given).decode(),
    )


def filled(
    message: Message, facts: MessageFacts, letterhead: Letterhead, at: datetime
) -> dict[str, Any]:
    """What the templates of this message may print for this send."""
    try:
        return context(facts, message.words, message.locale, letterhead, at)
    except KeyError as error:
        place = f"{ROOT}_words/{message.locale}.yaml"
        what = f"lacks {error}. Compare it with the other language"
        raise TemplateError.at(place, what) from error


def again(bundle: bytes, context: str) -> Outgoing:
    """The message exactly as it was handed over, from its stored sources and context."""
    return _outgoing(opened(bundle), orjson.loads(context))


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

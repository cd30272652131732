"""What every page does alike: who may ask, which link it is, what a form says, what is answered."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from flows.responses.limits import Limits, whole_body
from flows.responses.page_words import WORDS
from flows.responses.pages import Page, answer, language, paragraph
from flows.store.session import writing
from segments.names import Locale

Found = TypeVar("Found")
Handler = Callable[[Request], Awaitable[Response]]

_LONGEST_TOKEN = 64
_MOST_FIELDS = 40
_LONGEST_FIELD = 4_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Front:
    """What pages work with. `secrets` are those of our links, the newest first."""

    engine: Engine
    secrets: Sequence[bytes]
    sender: str
    locale: Locale
    clock: Callable[[], datetime]
    limits: Limits = field(default_factory=lambda: Limits(120))

    def guarded(self, handler: Handler) -> Handler:
        """The same handler, asked no more often than is decent, and polite when the store fails."""

        async def guarded(request: Request) -> Response:
            if not self.limits.allows(request):
                limited = self.say(request, "busy", 429)
                limited.headers["Retry-After"] = "60"
                return limited
            return await self.answered(handler, request)

        return guarded

    async def answered(self, handler: Handler, request: Request) -> Response:
        """What the handler answers, or why it cannot."""
        try:
            return await handler(request)
        except ClientDisconnect:
            return Response(status_code=400)
        except _TooLargeError:
            return self.say(request, "large", 413)
        except SQLAlchemyError as error:
            _log.error("a page could not use the store: %s", type(error).__name__)
            failed = self.say(request, "away", 503)
            failed.headers["Retry-After"] = "60"
            return failed

    def say(
        self, request: Request, what: str, status: int = 200, known: str | None = None
    ) -> Response:
        """A page that says one thing: `what` names its words."""
        locale = self.speaks(request, known)
        words = WORDS[locale]
        page = Page(words[what], paragraph(words[f"{what}_more"]))
        switch = status == 200 and request.method != "POST"
        return answer(page, locale, self.sender, status, switch=switch)

    def unknown(self, request: Request) -> Response:
        """The answer to every link we did not make, whatever is wrong with it."""
        return self.say(request, "unknown", 404)

    def page(
        self, request: Request, page: Page, known: str | None = None, chosen: str = ""
    ) -> Response:
        """A page, in the language it was made in."""
        switch = request.method != "POST"
        locale = self.speaks(request, known)
        return answer(page, locale, self.sender, switch=switch, chosen=chosen)

    def speaks(self, request: Request, known: str | None = None) -> Locale:
        """The language of a page."""
        return language(request, self.locale, known)

    async def read(self, work: Callable[[Connection], Found]) -> Found:
        """What `work` finds in the store."""

        def reading() -> Found:
            with self.engine.connect() as connection:
                return work(connection)

        return await run_in_threadpool(reading)

    async def write(self, work: Callable[[Connection], Found]) -> Found:
        """What `work` does in the store, whole or not at all; it waits for no plan."""

        def at_work() -> Found:
            with writing(self.engine, lock="pages") as connection:
                return work(connection)

        return await run_in_threadpool(at_work)


class _TooLargeError(Exception):
    pass


def token_of(request: Request) -> str:
    """The token in the address."""
    token: str = request.path_params["token"]
    return token[: _LONGEST_TOKEN + 1]


async def fields(request: Request) -> dict[str, str]:
    """What a form of ours says; fields that are empty, or too many, are left out."""
    body = await whole_body(request)
    if body is None:
        raise _TooLargeError
    try:
        read: dict[str, list[Any]] = parse_qs(
            body.decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return {}
    return {name: clean(values[0]) for name, values in read.items()}


def clean(text: str) -> str:
    """What somebody wrote, without signs no store or terminal takes."""
    kept = "".join(sign for sign in text if sign.isprintable() or sign == "\n")
    return kept.strip()[:_LONGEST_FIELD]

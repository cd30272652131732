"""Where SendGrid posts what became of messages, and where people unsubscribe with one click."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from flows import tokens
from flows.responses import pages
from flows.responses.event_routes import NOTHING_IN, Inbound, event_routes
from flows.store.session import writing
from flows.store.unsubscribing import unsubscribe
from segments.names import Locale


@dataclass(frozen=True)
class Office:
    """What the endpoint works with. `keys` are SendGrid's.

    `secret` is that of our links, `older` are those of links in mails already sent.
    """

    engine: Engine
    keys: Sequence[str]
    secret: bytes
    sender: str
    locale: Locale
    clock: Callable[[], datetime]
    inbound: Inbound = NOTHING_IN
    older: Sequence[bytes] = ()

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """Whatever links may have been made with."""
        return (self.secret, *self.older)


def application(office: Office) -> Starlette:
    """The endpoint. Raises `ConfigError` for a key that is none."""
    desk = _Desk(office)
    return Starlette(
        routes=[
            *event_routes(office.engine, office.keys, office.clock, office.inbound),
            Route("/u/{token}", desk.ask, methods=["GET"]),
            Route("/u/{token}", desk.unsubscribe, methods=["POST"]),
            Route("/health", desk.health, methods=["GET"]),
        ]
    )


@dataclass(frozen=True)
class _Desk:
    office: Office

    async def ask(self, request: Request) -> Response:
        """A page with a button. Programs that follow every link of a mail change nothing."""
        known = tokens.read(self.office.secrets, request.path_params["token"])
        return self._page(request, "ask" if known else "unknown")

    async def unsubscribe(self, request: Request) -> Response:
        """One click, of a person on the page or of a mail program (RFC 8058); safe to repeat.

        What the form says is not read, and nothing but the link is needed.
        """
        known = tokens.read(self.office.secrets, request.path_params["token"])
        if known is None:
            return self._page(request, "unknown")
        await run_in_threadpool(self._unsubscribe, known[0])
        return self._page(request, "done")

    async def health(self, _request: Request) -> Response:
        """Whether the store answers."""
        await run_in_threadpool(self._ask_store)
        return PlainTextResponse("ok\n")

    def _unsubscribe(self, contact_id: int) -> None:
        with writing(self.office.engine) as connection:
            unsubscribe(connection, contact_id, self.office.clock(), "unsubscribe link")

    def _ask_store(self) -> None:
        with self.office.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def _page(self, request: Request, what: str) -> Response:
        locale = pages.language(request.headers.get("accept-language"), self.office.locale)
        status = 404 if what == "unknown" else 200
        return HTMLResponse(pages.page(what, locale, self.office.sender), status, pages.HEADERS)

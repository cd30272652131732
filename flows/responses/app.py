"""Where SendGrid posts what became of messages, and where people unsubscribe with one click."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, text
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from flows import tokens
from flows.responses import pages, sendgrid_events
from flows.responses.signature import SIGNATURE, TIMESTAMP, genuine, refuse_unreadable
from flows.store.batches import keep_batch
from flows.store.session import writing
from flows.store.unsubscribing import unsubscribe
from segments.names import Locale

LARGEST_BATCH = 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Office:
    """What the endpoint works with. `keys` are SendGrid's, `secret` is that of our links."""

    engine: Engine
    keys: Sequence[str]
    secret: bytes
    sender: str
    locale: Locale
    clock: Callable[[], datetime]


def application(office: Office) -> Starlette:
    """The endpoint. Raises `ConfigError` for a key that is none."""
    refuse_unreadable(office.keys)
    desk = _Desk(office)
    return Starlette(
        routes=[
            Route("/events/sendgrid", desk.take_events, methods=["POST"]),
            Route("/u/{token}", desk.ask, methods=["GET"]),
            Route("/u/{token}", desk.unsubscribe, methods=["POST"]),
            Route("/health", desk.health, methods=["GET"]),
        ]
    )


@dataclass(frozen=True)
class _Desk:
    office: Office

    async def take_events(self, request: Request) -> Response:
        """Keep a batch that is SendGrid's, and nothing else; it is worked through by `respond`."""
        try:
            body = await _whole(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        signed = request.headers.get(SIGNATURE), request.headers.get(TIMESTAMP)
        if not genuine(body, *signed, self.office.keys):
            _log.warning("refused a batch of events: it is not signed by SendGrid")
            return PlainTextResponse("not signed\n", 403)
        await run_in_threadpool(self._keep, body)
        return Response(status_code=204)

    async def ask(self, request: Request) -> Response:
        """A page with a button. Programs that follow every link of a mail change nothing."""
        known = tokens.read(self.office.secret, request.path_params["token"])
        return self._page(request, "ask" if known else "unknown")

    async def unsubscribe(self, request: Request) -> Response:
        """One click, of a person on the page or of a mail program (RFC 8058); safe to repeat.

        What the form says is not read, and nothing but the link is needed.
        """
        known = tokens.read(self.office.secret, request.path_params["token"])
        if known is None:
            return self._page(request, "unknown")
        await run_in_threadpool(self._unsubscribe, known[0])
        return self._page(request, "done")

    async def health(self, _request: Request) -> Response:
        """Whether the store answers."""
        await run_in_threadpool(self._ask_store)
        return PlainTextResponse("ok\n")

    def _keep(self, body: bytes) -> None:
        with writing(self.office.engine, lock="events") as connection:
            keep_batch(connection, sendgrid_events.SOURCE, body, self.office.clock())

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


async def _whole(request: Request) -> bytes | None:
    """The body, or None as soon as it is larger than SendGrid's batches are."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_BATCH:
            return None
        parts.append(part)
    return b"".join(parts)

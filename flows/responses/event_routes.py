"""Where SendGrid posts what became of messages."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows.responses import sendgrid_events
from flows.responses.signature import SIGNATURE, TIMESTAMP, genuine, refuse_unreadable
from flows.store.batches import keep_batch
from flows.store.session import writing

LARGEST_BATCH = 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inbound:
    """How mail that is posted to us shows that it comes from SendGrid: by keys, a secret, or both.

    Without either none is taken.
    """

    keys: Sequence[str] = ()
    secret: str | None = None


NOTHING_IN = Inbound()


def event_routes(
    engine: Engine,
    keys: Sequence[str],
    clock: Callable[[], datetime],
    inbound: Inbound = NOTHING_IN,
) -> list[Route]:
    """The addresses providers post to; `keys` are those SendGrid signs its events with.

    Raises `ConfigError` for a key that is none.
    """
    refuse_unreadable([*keys, *inbound.keys])
    desk = _Desk(engine, keys, clock)
    return [Route("/events/sendgrid", desk.take_events, methods=["POST"])]


@dataclass(frozen=True)
class _Desk:
    engine: Engine
    keys: Sequence[str]
    clock: Callable[[], datetime]

    async def take_events(self, request: Request) -> Response:
        """Keep a batch that is SendGrid's, and nothing else; it is worked through by `respond`."""
        try:
            body = await _whole(request)
        except ClientDisconnect:
            return Response(status_code=400)
        if body is None:
            return PlainTextResponse("too large\n", 413)
        signed = request.headers.get(SIGNATURE), request.headers.get(TIMESTAMP)
        if not genuine(body, *signed, self.keys):
            _log.warning("refused a batch of events: it is not signed by SendGrid")
            return PlainTextResponse("not signed\n", 403)
        await run_in_threadpool(self._keep, body)
        return Response(status_code=204)

    def _keep(self, body: bytes) -> None:
        with writing(self.engine, lock="events") as connection:
            keep_batch(connection, sendgrid_events.SOURCE, body, self.clock())


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

"""Where SendGrid posts what became of messages, and the mail people answer with."""

import asyncio
import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from flows.responses import inbound, sendgrid_events
from flows.responses.letterbox import Letterbox, LetterboxFullError
from flows.responses.signature import SIGNATURE, TIMESTAMP, genuine, refuse_unreadable

LARGEST_BATCH = 1024 * 1024
LARGEST_MAIL = 30 * 1024 * 1024
PATIENCE = 30.0
"""Seconds a post may take to arrive; a mail has four times as long."""

_LATER = {"Retry-After": "60"}
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
    mail: Inbound = NOTHING_IN,
    patience: float = PATIENCE,
) -> list[Route]:
    """The addresses providers post to; `keys` are those SendGrid signs its events with.

    Raises `ConfigError` for a key that is none.
    """
    refuse_unreadable(keys, "sendgrid_keys")
    refuse_unreadable(mail.keys, "inbound: keys")
    desk = _Desk(Letterbox(engine, clock), keys, mail, patience)
    return [
        Route("/events/sendgrid", desk.take_events, methods=["POST"]),
        Route("/inbound", desk.take_mail, methods=["POST"]),
        Route("/inbound/{secret}", desk.take_mail, methods=["POST"]),
    ]


class _RefusedError(Exception):
    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


@dataclass(frozen=True)
class _Desk:
    """Keeps what is SendGrid's, and nothing else; it is worked through by `respond`."""

    letterbox: Letterbox
    keys: Sequence[str]
    mail: Inbound
    patience: float

    async def take_events(self, request: Request) -> Response:
        """A batch of events."""
        try:
            body = await _whole(request, LARGEST_BATCH, self.patience)
            _check(request, body, self.keys)
        except _RefusedError as refused:
            return _answer(refused, "a batch of events")
        return await self._keep(sendgrid_events.SOURCE, body)

    async def take_mail(self, request: Request) -> Response:
        """A mail, as the form SendGrid posts it in."""
        try:
            form = self._form_type(request)
            body = await _whole(request, LARGEST_MAIL, 4 * self.patience)
            if self.mail.keys:
                _check(request, body, self.mail.keys)
        except _RefusedError as refused:
            return _answer(refused, "a mail")
        return await self._keep(inbound.SOURCE, inbound.kept(form, body))

    def _form_type(self, request: Request) -> str:
        """What kind of form comes, from whoever may post one: known before any of it is read."""
        said = request.path_params.get("secret", "")
        known = self.mail.secret or ""
        if not hmac.compare_digest(said.encode(), known.encode()):
            raise _RefusedError(403, "not allowed")
        if not known and not self.mail.keys:
            raise _RefusedError(403, "not allowed")
        form = request.headers.get("content-type", "")
        if not form.lower().startswith("multipart/form-data") or "boundary=" not in form.lower():
            raise _RefusedError(415, "not multipart/form-data")
        return form

    async def _keep(self, source: str, body: bytes) -> Response:
        try:
            await self.letterbox.keep(source, body)
        except (SQLAlchemyError, OSError, LetterboxFullError) as error:
            _log.error("cannot store what is posted just now: %s", type(error).__name__)
            return PlainTextResponse("try again later\n", 503, headers=_LATER)
        return Response(status_code=204)


def _check(request: Request, body: bytes, keys: Sequence[str]) -> None:
    signed = request.headers.get(SIGNATURE), request.headers.get(TIMESTAMP)
    if not genuine(body, *signed, keys):
        raise _RefusedError(403, "not signed")


def _answer(refused: _RefusedError, what: str) -> Response:
    _log.warning("refused %s: %s", what, refused)
    # The rest of what is posted is not read.
    return PlainTextResponse(f"{refused}\n", refused.status, headers={"Connection": "close"})


async def _whole(request: Request, most: int, patience: float) -> bytes:
    """The body, unless it is too large, takes too long, or breaks off."""
    said = request.headers.get("content-length", "")
    if said.isascii() and said.isdigit() and (len(said) > 12 or int(said) > most):
        raise _RefusedError(413, "too large")
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(patience):
            async for part in request.stream():
                size += len(part)
                if size > most:
                    raise _RefusedError(413, "too large")
                parts.append(part)
    except TimeoutError:
        raise _RefusedError(408, "it took too long") from None
    except ClientDisconnect:
        raise _RefusedError(400, "broken off") from None
    return b"".join(parts)

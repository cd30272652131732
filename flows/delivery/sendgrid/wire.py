"""One connection to SendGrid, kept open for request after request.

This is the innermost loop of sending, and a request costs a fifth here of what it costs with a
general client (measured beside it in tests/bench). What must never be got wrong is plain to see
besides: before `ask`, nothing of a request has left; after it, only an answer tells its fate.
"""

import asyncio
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpResponseParser

MOST_READ = 100_000
"""So much of an answer may tell something. Whatever follows does not matter."""

_LARGEST_HEAD = 100_000


class Said(NamedTuple):
    """An answer as it came; names of headers are in small letters."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class NoAnswerError(Exception):
    """What happened instead of an answer."""


class Wire(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Said] | None = None
        self._headers: dict[bytes, bytes] = {}
        self._anew()

    @property
    def free(self) -> bool:
        """Whether another request may leave here."""
        return (
            self._answer is None
            and self._reusable
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def ask(self, request: bytes) -> "asyncio.Future[Said]":
        """Let a request leave. The answer, or `NoAnswerError`; to cancel it is to hang up."""
        if self._transport is None or not self.free:
            raise RuntimeError("this connection carries no request now")
        self._anew()
        self._answer = answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return answer

    def hang_up(self) -> None:
        """Let nothing leave any more that still lies in our own buffers."""
        if self._transport is not None:
            self._transport.abort()

    def tunnel(self) -> asyncio.Transport:
        """What a proxy has opened, for whom it is meant for."""
        if self._transport is None:
            raise RuntimeError("nothing is connected")
        return self._transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """What came before the end counts as far as it tells something."""
        self._reusable = False
        if self._status:
            self._finish()
        else:
            broke = "the connection broke off"
            self._fail(broke if exc else "the connection was closed without an answer")

    def data_received(self, data: bytes) -> None:
        """Part of an answer."""
        try:
            self._parser.feed_data(data)
        except HttpParserError:
            self._reusable = False
            self._fail("what came back was not an answer (no HTTP)")
            self.hang_up()

    def on_header(self, name: bytes, value: bytes) -> None:
        """For the parser: a header."""
        self._size += len(name) + len(value)
        if self._size > _LARGEST_HEAD:
            raise ValueError("no answer has so many headers")
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        """For the parser: the head is whole."""
        self._status = self._parser.get_status_code()
        self._reusable = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """For the parser: part of the body."""
        self._body += body
        if len(self._body) > MOST_READ:
            self._reusable = False
            self._finish()
            self.hang_up()

    def on_message_complete(self) -> None:
        """For the parser: the answer is whole, unless more is announced."""
        if self._status >= 200:
            self._finish()
        else:
            self._status, self._headers = 0, {}

    def _anew(self) -> None:
        # A parser of its own for each answer: what one left half done is not the next one's.
        self._parser = HttpResponseParser(self)
        self._status, self._size, self._body = 0, 0, b""
        self._headers = {}
        self._reusable = True

    def _finish(self) -> None:
        answer, self._answer = self._answer, None
        if answer is None:
            # Nobody asked.
            self._reusable = False
            return
        # A request that was answered before it had left in full must not go on leaving.
        if self._transport is not None and self._transport.get_write_buffer_size():
            self._reusable = False
        if not answer.done():
            answer.set_result(Said(self._status, self._headers, self._body))
        self._headers = {}

    def _fail(self, what: str) -> None:
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(NoAnswerError(what))


class Gate(Wire):
    """A connection to a proxy that is asked to connect us: the head of its answer is all of it."""

    def on_headers_complete(self) -> None:
        """For the parser: it says whether it does."""
        super().on_headers_complete()
        self._finish()

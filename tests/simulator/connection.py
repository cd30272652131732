"""A connection: the short way for /v3/mail/send, the long one (starlette) for all the rest."""

import asyncio
import gzip
import logging
import socket
import struct
import zlib
from http import HTTPStatus

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tests.simulator import answers, sending
from tests.simulator.answers import Answer
from tests.simulator.clock import wall
from tests.simulator.faults import Fault
from tests.simulator.world import World

SEND = b"/v3/mail/send"
_LOG = logging.getLogger("uvicorn.error")
_RESET_AFTER = 2
_LINGER = struct.pack("ii", 1, 0)
_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


class Connection(HttpToolsProtocol):
    """Reads requests to send mail by itself; uvicorn and starlette do the others.

    The short way spares what an ASGI call costs, more than the rules do, and lets it break off
    a connection wherever a fault says so.
    """

    world: World
    _head: dict[bytes, bytes]
    _size: int | None = None
    _parts: list[bytes]
    _fault: Fault | None = None
    _settled = False
    _closing = False

    def on_headers_complete(self) -> None:
        """Take the short way, or let the request go on to the application."""
        if self.url.partition(b"?")[0] != SEND or self.parser.get_method() != b"POST":
            self.scope["extensions"] = {"simulator.break": self.break_by}
            super().on_headers_complete()
            return
        self._parts, self._size, self._settled, self._closing = [], 0, False, False
        self._keep_alive = self.parser.should_keep_alive()
        self._fault = self.world.faults.draw("/v3/mail/send")
        if self._fault is not None and self._fault.when == "before_body":
            self._fail(b"")
            return
        if self.expect_100_continue:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._head = dict(self.headers)
        length = self._head.get(b"content-length")
        if length is not None and int(length) > self.world.account.body_bytes:
            self._say(answers.TOO_LARGE)

    def on_body(self, body: bytes) -> None:
        """Collect, unless the answer has been given already."""
        if self._size is None:
            super().on_body(body)
        elif not self._settled:
            self._size += len(body)
            self._parts.append(body)
            if self._size > self.world.account.body_bytes:
                self._say(answers.TOO_LARGE)

    def on_message_complete(self) -> None:
        """The request is here: answer it."""
        if self._size is None:
            super().on_message_complete()
            return
        self._size = None
        if self._closing:
            self.transport.close()
        if self._settled:
            return
        body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        fault = self._fault
        if fault is not None and fault.when == "after_body":
            self._fail(body)
            return
        answer = self._answer(body)
        if fault is not None:
            self._fail(body)
        else:
            self._say(answer)

    def break_by(self, fault: Fault) -> None:
        """Give no whole answer, in the way of this fault."""
        self._settled = True
        if fault.what == "reset":
            self.break_off()
        elif fault.what == "timeout":
            self.loop.call_later(fault.seconds, self.transport.abort)
        else:
            if fault.what == "cut":
                self.transport.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 512\r\n\r\n{")
            self.transport.close()

    def break_off(self) -> None:
        """A TCP reset: what is under way is gone, for both sides."""
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
        self.transport.abort()

    def _answer(self, body: bytes) -> Answer:
        world = self.world
        world.counts["posts"] += 1
        fits, paces = world.pace.take()
        if not fits:
            return answers.TOO_MANY._replace(headers=paces)
        try:
            answer = self._take(self._head, body)
        except Exception:
            # A fault of the simulator's own must not look like one of the request.
            _LOG.exception("the simulator cannot take a request")
            world.counts["bugs"] += 1
            return answers.refused(500, answers.unnamed("the simulator is broken"))
        return answer._replace(headers=(*answer.headers, *paces))

    def _take(self, headers: dict[bytes, bytes], body: bytes) -> Answer:
        account = self.world.account
        scheme, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        scopes = account.keys.get(key.strip()) if scheme == "Bearer" else None
        if scopes is None:
            return answers.UNAUTHORIZED
        if "mail.send" not in scopes:
            return answers.FORBIDDEN
        if not headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            return answers.NOT_JSON
        if headers.get(b"content-encoding") == b"gzip" and account.gzip:
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError, zlib.error):
                return answers.refused(400, answers.BAD_REQUEST)
        try:
            mail = orjson.loads(body)
        except orjson.JSONDecodeError:
            try:
                body.decode("utf-8")
            except UnicodeDecodeError:
                return answers.NOT_UTF8
            return answers.refused(400, answers.BAD_REQUEST)
        return sending.take(self.world, mail)

    def _fail(self, body: bytes) -> None:
        fault = self._fault
        if fault is None:
            return
        if fault.breaks:
            self.break_by(fault)
        else:
            self._say(fault.answer(body, int(wall()) + _RESET_AFTER))

    def _say(self, answer: Answer) -> None:
        self._settled = True
        close = answer.close or not self._keep_alive
        lines = [_LINES[answer.status]]
        lines += [b"%b: %b\r\n" % header for header in answer.headers]
        if answer.body:
            lines.append(b"content-type: %b\r\n" % answer.kind)
        if close:
            lines.append(b"connection: close\r\n")
        lines.append(b"content-length: %d\r\n\r\n" % len(answer.body))
        lines.append(answer.body)
        self._closing = close
        done = self._size is None
        if self.world.pace.latency:
            self.loop.call_later(self.world.pace.latency, self._write, lines, close and done)
        else:
            self._write(lines, close and done)

    def _write(self, lines: list[bytes], close: bool) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(b"".join(lines))
        if close:
            self.transport.close()


def break_all(connections: set[asyncio.Protocol]) -> None:
    """Break off every connection: nobody is there any more."""
    for connection in list(connections):
        if isinstance(connection, Connection) and connection.transport is not None:
            connection.break_off()

"""Servers that answer as a test tells them to, over real sockets."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import orjson


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def reply(status: int, body: Any = b"", **headers: str) -> bytes:
    """An answer; what is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    kind = "text/html" if content.startswith(b"<") else "application/json"
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(content)}"]
    lines += [f"Content-Type: {kind}"] * bool(content)
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def accepted(request: Request) -> bytes:
    """What SendGrid answers to a good request."""
    return reply(202, X_Message_Id="m-" + request.headers.get("content-length", "0"))


def errors(status: int, *told: tuple[str | None, str | None], **headers: str) -> bytes:
    """What SendGrid answers to a bad one: field and message of each error."""
    listed = [{"field": field, "message": message, "help": None} for field, message in told]
    return reply(status, {"errors": listed}, **headers)


Answering = Callable[[Request], bytes]
Rude = Callable[[socket.socket], None]


@dataclass
class Peer:
    """A server in threads. `answer` is asked for each request; `rude` has a connection to itself.

    `secure` makes it speak TLS. `connections` counts those it took, `requests` keeps what arrived.
    """

    answer: Answering = accepted
    rude: Rude | None = None
    secure: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in self._open:
            each.close()

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def address(self) -> str:
        return f"{'https' if self.secure else 'http'}://localhost:{self.port}"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            if self.rude is not None:
                self.rude(connection)
                if not self.secure:
                    return
            if self.secure:
                connection = self.secure.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection.makefile("rb") as stream:
                for request in _requests(stream):
                    self.requests.append(request)
                    connection.sendall(self.answer(request))


def reset(connection: socket.socket) -> None:
    """Close it the hard way: what is under way is thrown away on both sides."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_head(connection: socket.socket) -> tuple[int, bytes]:
    """Length of the body that is announced, and what of it came along with the head."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection, 1)
    head, _, rest = data.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return sum(lengths), rest


def read_all(connection: socket.socket) -> None:
    """Read a whole request."""
    length, rest = read_head(connection)
    while len(rest) < length:
        rest += _some(connection, 1 << 16)


@contextmanager
def nobody() -> Iterator[str]:
    """An address nobody listens at."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{reserved.getsockname()[1]}"


def _some(connection: socket.socket, most: int) -> bytes:
    if data := connection.recv(most):
        return data
    raise ConnectionResetError("the other side has closed")


def _requests(stream: Any) -> Iterator[Request]:
    while line := stream.readline():
        method, path, _ = line.decode().split(" ", 2)
        headers = {}
        while (line := stream.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode().partition(":")
            headers[name.strip().lower()] = value.strip()
        body = stream.read(int(headers.get("content-length", 0)))
        yield Request(method, path, headers, body)

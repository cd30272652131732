"""A mail server that plays a part: every answer, silence and broken line a test asks for."""

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum, auto


class Act(StrEnum):
    """What a server can do in place of an answer."""

    HANG_UP = auto()
    RESET = auto()
    KEEP_SILENT = auto()
    DRIP = auto()
    """Goes on answering for ever, a line at a time."""


@dataclass(frozen=True)
class Asked:
    """What was said to the server: its word ("MAIL", "." after a content), when and where."""

    word: str
    line: str
    connection: int
    count: int
    """How often the word was said, on all connections together."""


Answer = str | Act | None
"""An answer; nothing stands for the usual one."""

_USUAL = {
    "GREETING": "220 desk ready",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 go on",
    ".": "250 2.0.0 Ok: queued as D3SK",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass
class Desk:
    """Where it listens, what it was told, and what it took."""

    answer: Callable[[Asked], Answer]
    extensions: tuple[str, ...]
    slow_reader: bool
    port: int
    _listener: socket.socket
    heard: list[Asked] = field(default_factory=list)
    groups: list[list[str]] = field(default_factory=list)
    """Words that came in one write."""
    taken: list[bytes] = field(default_factory=list)
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def words(self) -> list[str]:
        """Everything said to it but greetings and farewells, in order."""
        return [each.word for each in self.heard if each.word not in ("GREETING", "EHLO", "QUIT")]

    def end_connections(self) -> None:
        """Hang up on everybody, as after a time in which nobody spoke."""
        for line in self._open:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def shut(self) -> None:
        """Let nobody in any more, and hang up on everybody."""
        # A thread that waits in accept is not woken by a close.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.end_connections()

    def _ask(self, word: str, line: str, connection: int) -> Answer:
        with self._lock:
            count = 1 + sum(each.word == word for each in self.heard)
            asked = Asked(word, line, connection, count)
            self.heard.append(asked)
            answer = self.answer(asked)
        if answer is not None:
            return answer
        if word == "EHLO":
            return "\r\n".join(
                f"250{'-' if self.extensions[at:] else ' '}{each}"
                for at, each in enumerate(("desk", *self.extensions))
            )
        return _USUAL.get(word, "502 5.5.2 not here")

    def _serve(self, line: socket.socket, number: int) -> None:
        with suppress(OSError, ssl.SSLError), line:
            unread = b""
            if not self._act(line, self._ask("GREETING", "", number)):
                return
            while True:
                if b"\r\n" not in unread:
                    came = line.recv(65_536)
                    if not came:
                        return
                    unread += came
                    self.groups.append(
                        [each[:4].decode().strip() for each in came.split(b"\r\n") if each]
                    )
                    continue
                told, unread = unread.split(b"\r\n", 1)
                word = told[:4].decode("ascii", "replace").upper().strip()
                answer = self._ask(word, told.decode("ascii", "replace"), number)
                if not self._act(line, answer):
                    return
                if word == "DATA" and str(answer).startswith("354"):
                    content, unread = self._content(line, unread)
                    if content is None or not self._finish(line, content, number):
                        return
                if word == "QUIT":
                    return

    def _content(self, line: socket.socket, unread: bytes) -> tuple[bytes | None, bytes]:
        unread = b"\r\n" + unread
        while b"\r\n.\r\n" not in unread:
            early = self._early(unread)
            if early is not None:
                self._act(line, early)
                return None, b""
            if self.slow_reader:
                threading.Event().wait(5)
                return None, b""
            came = line.recv(65_536)
            if not came:
                return None, b""
            unread += came
        content, rest = unread.split(b"\r\n.\r\n", 1)
        return (content + b"\r\n").replace(b"\r\n..", b"\r\n.").removeprefix(b"\r\n"), rest

    def _early(self, unread: bytes) -> Answer:
        if len(unread) <= 2:
            return None
        return self.answer(Asked("CONTENT", "", 0, 1))

    def _finish(self, line: socket.socket, content: bytes, number: int) -> bool:
        answer = self._ask(".", "", number)
        if str(answer).startswith("250"):
            self.taken.append(content)
        return self._act(line, answer)

    def _act(self, line: socket.socket, answer: Answer) -> bool:
        if answer is Act.RESET:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if answer is Act.HANG_UP:
            return False
        while answer is Act.DRIP:
            line.sendall(b"250-one moment\r\n")
            time.sleep(0.05)
        if answer is Act.KEEP_SILENT:
            while line.recv(65_536):
                pass
            return False
        line.sendall(str(answer).encode("utf-8") + b"\r\n")
        return not str(answer).startswith("421")

    def _listen(self, context: ssl.SSLContext | None) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                # Answers to commands that came together must not wait for one another.
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.connections += 1
                self._open.append(line)
                if context is not None:
                    try:
                        line = context.wrap_socket(line, server_side=True)
                    except (ssl.SSLError, OSError):
                        line.close()
                        continue
                    self._open.append(line)
                threading.Thread(
                    target=self._serve, args=(line, self.connections), daemon=True
                ).start()


@contextmanager
def desk(
    answer: Callable[[Asked], Answer] = lambda asked: None,
    *,
    extensions: tuple[str, ...] = ("PIPELINING", "SIZE 1000000"),
    context: ssl.SSLContext | None = None,
    slow_reader: bool = False,
) -> Iterator[Desk]:
    """A server on a free port of this machine, for the time of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        opened = Desk(answer, extensions, slow_reader, port, listener)
        thread = threading.Thread(target=opened._listen, args=(context,), daemon=True)
        thread.start()
        yield opened
        opened.shut()
        thread.join(2)
    for line in opened._open:
        line.close()


def says(**answers: Answer) -> Callable[[Asked], Answer]:
    """These words are always answered so; `END` stands for the dot after a content."""
    return lambda asked: answers.get("END" if asked.word == "." else asked.word)

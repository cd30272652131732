"""The line to a mail server: what is said leaves at once, what is answered is read in order."""

import asyncio
import re
from collections import deque
from collections.abc import Callable

from flows.delivery.smtp.answers import Reply

_ANSWER = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?")
_MOST_UNREAD, _MOST_LINES, _MOST_REPLIES = 8_192, 128, 16
_PIECE = 65_536


class Broken(Exception):
    """The connection is of no use any more; its text says what the server did."""


class Line(asyncio.Protocol):
    """Takes an open connection over.

    Several commands may be said before their answers are awaited. Nothing is awaited for ever.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._unread = bytearray()
        self._lines: list[bytes] = []
        self._replies: deque[Reply] = deque()
        self._full = False
        self._how: str | None = None
        self._news = asyncio.Event()
        self._gone = asyncio.Event()
        transport.set_protocol(self)
        # With the lowest mark `flushed` waits until the last byte is with the system.
        transport.set_write_buffer_limits(high=1, low=0)
        if transport.is_closing():
            self._how = "closed the connection"
            self._gone.set()

    @property
    def quiet(self) -> bool:
        """The connection stands, and nothing was answered that nobody has asked."""
        return self._how is None and not self._replies and not self._unread

    def say(self, words: bytes) -> None:
        """Let this leave. What a broken connection is told is lost."""
        if self._how is None:
            self._transport.write(words)

    async def say_all(self, words: bytes, seconds: float) -> None:
        """Let much leave, and come back when all of it has gone. `Broken` if not all did."""
        for start in range(0, len(words), _PIECE):
            self.say(words[start : start + _PIECE])
            await self._until(lambda: not self._full, seconds, "took no more of the message")
        # A connection that broke while this was written says so in the next turn of the loop.
        await asyncio.sleep(0)
        if self._how is not None:
            raise Broken(self._how)

    async def reply(self, seconds: float) -> Reply:
        """The next answer. `Broken` if none comes."""
        await self._until(lambda: bool(self._replies), seconds, "did not answer")
        return self._replies.popleft()

    def early(self) -> Reply | None:
        """An answer that came before it was expected."""
        return self._replies.popleft() if self._replies else None

    def drop(self, how: str) -> None:
        """End the connection without a word; `how` says what the server did."""
        self._end(how)
        self._transport.abort()

    async def hang_up(self, seconds: float) -> None:
        """Close the connection in an orderly way, if that is to be had in time."""
        self._transport.close()
        try:
            async with asyncio.timeout(seconds):
                await self._gone.wait()
        except TimeoutError:
            self._transport.abort()

    async def _until(self, ready: Callable[[], bool], seconds: float, failing: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not ready():
                    if self._how is not None:
                        raise Broken(self._how)
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError as error:
            how = f"{failing} within {seconds:g} seconds"
            self.drop(how)
            raise Broken(how) from error

    def _end(self, how: str) -> None:
        if self._how is None:
            self._how = how
        self._news.set()

    def data_received(self, data: bytes) -> None:
        """Put lines together into answers."""
        if self._how is not None:
            return
        self._unread += data
        *lines, rest = bytes(self._unread).split(b"\n")
        self._unread[:] = rest
        whole = all(self._read(line.rstrip(b"\r")) for line in lines)
        if not whole or len(rest) > _MOST_UNREAD or len(self._replies) > _MOST_REPLIES:
            self.drop("said what is no answer of a mail server")
        self._news.set()

    def _read(self, line: bytes) -> bool:
        answer = _ANSWER.fullmatch(line[:_MOST_UNREAD])
        if answer is None or len(self._lines) >= _MOST_LINES:
            return False
        code, more, text = answer.groups(default=b"")
        self._lines.append(text.strip())
        if more != b"-":
            words = b"\n".join(self._lines).decode("utf-8", "replace")
            self._replies.append(Reply(int(code), words))
            self._lines.clear()
        return True

    def eof_received(self) -> None:
        """The server has nothing more to say."""
        self._end("closed the connection")

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._end("closed the connection" if error is None else "broke the connection")
        self._gone.set()

    def pause_writing(self) -> None:
        """The system takes no more for the moment."""
        self._full = True

    def resume_writing(self) -> None:
        """All that was said has left."""
        self._full = False
        self._news.set()

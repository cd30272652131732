"""What is posted to us, on the disk before it is answered: many posts in one transaction."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from flows.store.batches import keep_batches
from flows.store.outbox import side_by_side

_Post = tuple[str, bytes]

_MOST_WAITING = 128 * 1024 * 1024
_MOST_AT_ONCE = 16 * 1024 * 1024


class LetterboxFullError(Exception):
    """More comes in than the disk takes: it is to be posted again later."""


class Letterbox:
    """Stores posts. Those that come while others are being written wait, and go together.

    To have something on the disk takes a disk the same time however much it is: so it takes more,
    the more it gets.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._bytes = 0
        self._waiting: list[tuple[_Post, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def keep(self, source: str, body: bytes) -> None:
        """Store a post; what this raises says that it is not stored."""
        if self._bytes + len(body) > _MOST_WAITING:
            raise LetterboxFullError
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._bytes += len(body)
        self._waiting.append(((source, body), kept))
        if self._writer is None or self._writer.done():
            self._writer = loop.create_task(self._write())
        await kept

    async def _write(self) -> None:
        while self._waiting:
            group = self._next()
            failed: Exception | None = None
            try:
                await run_in_threadpool(self._store, [post for post, _ in group])
            except Exception as error:
                failed = error
            self._bytes -= sum(len(body) for (_, body), _ in group)
            for _, kept in group:
                # Whoever hung up meanwhile waits for nothing.
                if kept.done():
                    continue
                if failed is None:
                    kept.set_result(None)
                else:
                    kept.set_exception(failed)

    def _next(self) -> list[tuple[_Post, asyncio.Future[None]]]:
        size = number = 0
        for (_, body), _ in self._waiting:
            size += len(body)
            if number and size > _MOST_AT_ONCE:
                break
            number += 1
        group, self._waiting = self._waiting[:number], self._waiting[number:]
        return group

    def _store(self, posts: list[_Post]) -> None:
        with side_by_side(self._engine) as connection:
            keep_batches(connection, posts, self._clock())

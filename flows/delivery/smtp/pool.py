"""Connections to a mail server: a few at the same time, kept, and renewed when they are worn."""

import asyncio

from flows.delivery.smtp.opening import Way, open_session
from flows.delivery.smtp.session import Session
from flows.errors import DeliveryError
from segments.names import HaltCause

MESSAGES_EACH = 100
"""A connection carries so many messages: servers end those that never do."""

_RESTED = 15.0


class Pool:
    """Lends connections out. It opens one more only when all are lent, and never too many.

    A server that lets fewer in than we would like gets fewer; `begin` tries for more again.
    """

    def __init__(self, way: Way, most: int) -> None:
        self._way = way
        self._most = self._allowed = most
        self._idle: list[tuple[Session, float]] = []
        self._open = 0
        self._failed: DeliveryError | None = None
        self._change = asyncio.Event()

    @property
    def most(self) -> int:
        """How many connections there may be at the same time."""
        return self._most

    async def begin(self) -> None:
        """Forget that there was trouble. The first connection is opened alone, so that a wrong
        password is refused once and not as often as there are connections.
        """
        self._failed = None
        self._allowed = self._most
        # What the servers said while nobody listened is heard now.
        for _ in range(2):
            await asyncio.sleep(0)
        await self.give_back(await self.lend())

    async def lend(self) -> Session:
        """A connection that is ready for a message. `DeliveryError` if there is none to be had."""
        while True:
            if self._failed is not None:
                raise self._failed
            while self._idle:
                session, since = self._idle.pop()
                try:
                    if await self._serves(session, since):
                        return session
                except BaseException:
                    await self.abandon(session)
                    raise
                await self._let_go(session)
            if self._open < self._allowed:
                opened = await self._open_one()
                if opened is not None:
                    return opened
                continue
            self._change.clear()
            await self._change.wait()

    async def give_back(self, session: Session) -> None:
        """The connection is free for the next message, or at its end."""
        if session.usable and session.handed_over < MESSAGES_EACH:
            self._idle.append((session, asyncio.get_running_loop().time()))
            self._change.set()
        else:
            await self._let_go(session)

    async def abandon(self, session: Session) -> None:
        """The connection was left in the midst of a message."""
        self._gone()
        await session.abandon()

    async def close(self) -> None:
        """Take leave of the server on all connections."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(session.quit() for session, _ in idle))
        self._open -= len(idle)

    async def _serves(self, session: Session, since: float) -> bool:
        if asyncio.get_running_loop().time() - since > _RESTED:
            return await session.rested()
        return session.usable

    async def _open_one(self) -> Session | None:
        """A new connection, or nothing where others have to do."""
        self._open += 1
        try:
            return await open_session(self._way)
        except DeliveryError as error:
            self._gone()
            if error.cause is not HaltCause.PROVIDER or not self._open:
                self._failed = error
                raise
            self._allowed = self._open
            return None
        except BaseException:
            self._gone()
            raise

    async def _let_go(self, session: Session) -> None:
        try:
            await session.quit()
        finally:
            self._gone()

    def _gone(self) -> None:
        self._open -= 1
        self._change.set()

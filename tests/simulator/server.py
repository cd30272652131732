"""Listens: on one port as SendGrid, on another for those who steer it."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp
from uvicorn.server import ServerState

from tests.simulator import sending
from tests.simulator.connection import Connection, break_all
from tests.simulator.world import World

_BEAT = 0.05
_BACKLOG = 2048


class Port:
    """One port that can be closed, so that nobody gets through, and opened again."""

    def __init__(
        self,
        world: World,
        app: ASGIApp,
        host: str,
        port: int,
        secure: ssl.SSLContext | None = None,
    ) -> None:
        self._host = host
        self._secure = secure
        self.number = port
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        config = uvicorn.Config(
            app,
            interface="asgi3",
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=600,
        )
        config.load()
        kind = type("Bound", (Connection,), {"world": world})
        self._make: Callable[[], Connection] = lambda: kind(
            config=config, server_state=self._state, app_state={}
        )

    async def open(self) -> None:
        """Listen; the first time any free port will do."""
        if self._server is not None:
            return
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self._host, self.number))
        self.number = sock.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._make, sock=sock, backlog=_BACKLOG, ssl=self._secure
        )

    def close(self) -> None:
        """Refuse connections, and break off those there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        break_all(self._state.connections)


async def beat(world: World) -> None:
    """Let scheduled messages go on time, and tell of events at their interval."""
    loop = asyncio.get_running_loop()
    told = loop.time()
    while True:
        await asyncio.sleep(_BEAT)
        sending.leave(world)
        if world.webhook.every and loop.time() - told >= world.webhook.every:
            told = loop.time()
            with contextlib.suppress(OSError):
                await world.webhook.flush(world.clock.now())

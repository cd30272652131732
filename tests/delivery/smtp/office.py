"""A real mail server for the tests: aiosmtpd, with TLS and logins where they are wanted."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "shop", "pä55 word"


@dataclass
class Office:
    """What it took: envelopes and contents, byte for byte."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    logins: int = 0
    private: list[bool] = field(default_factory=list)
    """Whether each message came over TLS."""

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, name: str, answers: list[str]
    ) -> list[str]:
        """Offer pipelining, which aiosmtpd does not say it can."""
        session.host_name = name
        return [*answers[:-1], "250-PIPELINING", answers[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a message."""
        self.taken.append(envelope)
        self.private.append(server.transport.get_extra_info("sslcontext") is not None)
        return f"250 2.0.0 Ok: queued as NR{len(self.taken)}-TEST"

    def authenticator(self, *args: Any) -> AuthResult:
        """Let one user in."""
        self.logins += 1
        data = args[-1]
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USER.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=known, handled=False)


@contextmanager
def office(
    context: ssl.SSLContext | None = None, *, tls: bool = False, login: bool = False
) -> Iterator[Office]:
    """A server on a free port: STARTTLS with a context, TLS from the first byte with `tls`."""
    opened = Office()
    options: dict[str, Any] = {"hostname": "office"}
    if context is not None and not tls:
        options |= {"tls_context": context, "require_starttls": True}
    if login:
        private = context is not None and not tls
        options |= {
            "authenticator": opened.authenticator,
            "auth_required": private,
            "auth_require_tls": private,
        }
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(
            lambda: SMTP(opened, loop=loop, **options),
            "127.0.0.1",
            0,
            ssl=context if tls else None,
        )
    )
    opened.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0.01)

"""Our own redirect for links of mails: to addresses of the message itself, and nowhere else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from flows import tokens
from flows.responses.front import Front, token_of
from flows.responses.pages import HEADERS
from flows.store.clicks import Handed, handed, keep_click

Targets = Callable[[bytes, str], Sequence[str]]
"""The addresses a message links to, from its stored sources and context."""

# Whoever opens a link in the same breath as the message arrives is a program.
_TOO_QUICK = timedelta(seconds=10)
_PROGRAMS = (
    "bot", "crawl", "spider", "scan", "preview", "fetch", "python", "curl", "wget", "java/",
    "go-http", "headless", "monitor", "check", "barracuda", "mimecast", "proofpoint", "safelinks",
    "symantec", "ironport", "httpclient", "okhttp", "libwww", "urllib", "validator", "proxy",
)  # fmt: skip


def click_routes(front: Front, targets: Targets) -> list[Route]:
    """/c/."""
    desk = _Desk(front, targets)
    return [Route("/c/{token}/{place:int}", front.guarded(desk.follow), methods=["GET"])]


@dataclass(frozen=True)
class _Desk:
    front: Front
    targets: Targets

    async def follow(self, request: Request) -> Response:
        """Lead on, and note it where the reader permitted it; a look at the head notes nothing."""
        send = tokens.read_for(self.front.secrets, tokens.Kind.CLICK, token_of(request))
        if send is None:
            return self.front.unknown(request)
        message = await self.front.read(lambda connection: handed(connection, send))
        place = request.path_params["place"]
        if message is None or message.sources is None or message.context is None:
            return self.front.say(request, "gone", 404)
        addresses = self.targets(message.sources, message.context)
        if not 0 <= place < len(addresses):
            return self.front.unknown(request)
        if request.method == "GET":
            await self._note(request, message, place, addresses[place])
        return RedirectResponse(addresses[place], 302, HEADERS)

    async def _note(self, request: Request, message: Handed, place: int, address: str) -> None:
        now = self.front.clock()
        quick = message.handed_over_at is not None and now - message.handed_over_at < _TOO_QUICK
        machine = quick or a_program(request)

        def note(connection: Connection) -> None:
            keep_click(connection, message.send_id, place, address, now, machine=machine)

        await self.front.write(note)


def a_program(request: Request) -> bool:
    """Whether no person followed the link, as far as the request gives it away."""
    headers = request.headers
    agent = headers.get("user-agent", "").lower()
    fetched = (headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    return (
        not agent
        or "accept-language" not in headers
        or any(word in agent for word in _PROGRAMS)
        or any("prefetch" in word or "preview" in word for word in fetched)
    )

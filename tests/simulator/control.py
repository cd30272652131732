"""The control API under /_sim/: what tests ask the simulator to do, and what they ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from tests.simulator import clock, faults, sending
from tests.simulator.server import Port
from tests.simulator.suppressions import LISTS, Entry
from tests.simulator.world import World

_AT_ONCE = 2000


class Control:
    """Steers one world and the port it listens on."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.port: Port | None = None

    def routes(self) -> list[BaseRoute]:
        """Every call there is."""
        calls = {
            "GET /_sim/stats": self.stats,
            "GET /_sim/key": self.key,
            "GET /_sim/mailboxes": self.mailboxes,
            "GET /_sim/mailboxes/{address}": self.mailbox,
            "GET /_sim/messages": self.messages,
            "GET /_sim/accepted": self.accepted,
            "GET /_sim/requests": self.requests,
            "GET /_sim/clock": self.show_clock,
            "PUT /_sim/clock": self.set_clock,
            "PUT /_sim/faults": self.set_faults,
            "PUT /_sim/pace": self.set_pace,
            "PUT /_sim/account": self.set_account,
            "PUT /_sim/behaviour": self.set_behaviour,
            "PUT /_sim/webhook": self.set_webhook,
            "POST /_sim/suppressions": self.suppress,
            "POST /_sim/flush": self.flush,
            "POST /_sim/down": self.down,
            "POST /_sim/up": self.up,
            "POST /_sim/reset": self.reset,
        }
        return [
            Route(where, _careful(call), methods=[how])
            for how, where, call in ((*name.split(), call) for name, call in calls.items())
        ]

    async def stats(self, request: Request) -> Response:
        """Counts."""
        sending.leave(self.world)
        return _said(self.world.stats())

    async def key(self, request: Request) -> Response:
        """The public key events are signed with."""
        return _said({"public_key": self.world.webhook.public_key()})

    async def mailboxes(self, request: Request) -> Response:
        """How many messages, of how many addresses."""
        sending.leave(self.world)
        addresses = {mail["address"].casefold() for mail in self.world.mailboxes.all()}
        boxes = self.world.mailboxes
        return _said({"messages": len(boxes), "hidden": boxes.hidden, "addresses": len(addresses)})

    async def mailbox(self, request: Request) -> Response:
        """What one address received."""
        sending.leave(self.world)
        return _said(self.world.mailboxes.of(request.path_params["address"]))

    async def messages(self, request: Request) -> Response:
        """Every message in a mailbox, a line each."""
        sending.leave(self.world)
        return _lines(self.world.mailboxes.all())

    async def accepted(self, request: Request) -> Response:
        """Of every send how often it was accepted, withdrawn, and seen in a mailbox."""
        sending.leave(self.world)
        world = self.world
        return _lines(
            {
                "send": send,
                "accepted": world.accepted[send],
                "withdrawn": world.withdrawn[send],
                "copies": world.mailboxes.copies[send],
            }
            for send in world.accepted
        )

    async def requests(self, request: Request) -> Response:
        """The latest requests that were taken, as they came."""
        return _said(list(self.world.requests))

    async def show_clock(self, request: Request) -> Response:
        """What time it is."""
        return _said({"now": self.world.clock.now()})

    async def set_clock(self, request: Request) -> Response:
        """Set, advance, or make real again."""
        wanted = await request.json()
        if wanted.get("real"):
            self.world.clock.real()
        if "now" in wanted:
            self.world.clock.set(clock.moment(wanted["now"]), bool(wanted.get("running")))
        if "advance" in wanted:
            self.world.clock.advance(float(wanted["advance"]))
        sending.leave(self.world)
        return _said({"now": self.world.clock.now()})

    async def set_faults(self, request: Request) -> Response:
        """Fail like this from now on."""
        self.world.faults.rules = faults.read(await request.json())
        return _said(None)

    async def set_pace(self, request: Request) -> Response:
        """So many requests a second, and so long until an answer."""
        wanted = await request.json()
        if strange := set(wanted) - {"per_second", "latency"}:
            raise ValueError(f"no settings of the pace: {sorted(strange)}")
        for name, value in wanted.items():
            setattr(self.world.pace, name, value)
        return _said(None)

    async def set_account(self, request: Request) -> Response:
        """Change what the account is and may."""
        self.world.account.change(await request.json())
        return _said(None)

    async def set_behaviour(self, request: Request) -> Response:
        """What becomes of messages from now on."""
        wanted = await request.json()
        if strange := set(wanted) - {"shares", "addresses"}:
            raise ValueError(f"no settings of the behaviour: {sorted(strange)}")
        if "shares" in wanted:
            self.world.behaviour.change(wanted["shares"])
        self.world.behaviour.say(wanted.get("addresses", {}))
        return _said(None)

    async def set_webhook(self, request: Request) -> Response:
        """Where events go, how often, and how badly."""
        self.world.webhook.change(await request.json())
        return _said(None)

    async def suppress(self, request: Request) -> Response:
        """Put an address on a list, or on that of a group."""
        wanted = await request.json()
        entry = Entry(
            wanted["email"],
            clock.moment(wanted.get("created", self.world.clock.now())),
            wanted.get("reason", ""),
            wanted.get("status", ""),
        )
        if "group" in wanted:
            self.world.suppressions.add_to_group(int(wanted["group"]), entry)
        elif wanted["list"] in LISTS:
            self.world.suppressions.add(wanted["list"], entry)
        else:
            raise ValueError(f"{wanted['list']!r} is none of {LISTS}")
        return _said(None)

    async def flush(self, request: Request) -> Response:
        """Tell of events now."""
        sending.leave(self.world)
        body = await request.body()
        everything = bool(body and orjson.loads(body).get("everything"))
        return _said(await self.world.webhook.flush(self.world.clock.now(), everything))

    async def down(self, request: Request) -> Response:
        """Nobody gets through until `up`."""
        if self.port is not None:
            self.port.close()
        return _said(None)

    async def up(self, request: Request) -> Response:
        """Be there again, at the same port."""
        if self.port is not None:
            await self.port.open()
        return _said(None)

    async def reset(self, request: Request) -> Response:
        """Forget everything and be there."""
        self.world.reset()
        return await self.up(request)


def _careful(
    call: Callable[[Request], Awaitable[Response]],
) -> Callable[[Request], Awaitable[Response]]:
    async def careful(request: Request) -> Response:
        try:
            return await call(request)
        except (ValueError, KeyError, TypeError) as error:
            return Response(f"{type(error).__name__}: {error}", 400)

    return careful


def _said(body: Any) -> Response:
    return Response(orjson.dumps(body), media_type="application/json")


def _lines(rows: Iterable[dict[str, Any]]) -> Response:
    async def chunks(source: Iterator[dict[str, Any]]) -> AsyncIterator[bytes]:
        lines: list[bytes] = []
        for row in source:
            lines.append(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            if len(lines) == _AT_ONCE:
                yield b"".join(lines)
                lines = []
        yield b"".join(lines)

    return StreamingResponse(chunks(iter(rows)), media_type="application/x-ndjson")

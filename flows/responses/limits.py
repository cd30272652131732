"""Who asks, how often, and how much of it is read: nobody may keep the endpoint from the others."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from time import monotonic

from starlette.requests import ClientDisconnect, Request

LARGEST_FORM = 32 * 1024
_PATIENCE = 10.0
_MOST_CLIENTS = 20_000
_MINUTE = 60.0


@dataclass
class Limits:
    """So many pages a minute for each address, which may all come at once.

    `proxies` of ours stand before us, and each adds to `header` whom it answers. Without any, an
    address of this very machine is a proxy nobody told us of, and stands for too many to count.
    """

    per_minute: int
    proxies: int = 0
    header: str = "X-Forwarded-For"
    clock: Callable[[], float] = monotonic
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def allows(self, request: Request) -> bool:
        """Whether this address may ask once more; asking uses up one of its pages."""
        who = self.client(request)
        if who is None:
            return True
        now = self.clock()
        left, at = self._left.pop(who, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - at) * self.per_minute / _MINUTE)
        allowed = left >= 1
        self._left[who] = (left - 1 if allowed else left, now)
        if len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return allowed

    def client(self, request: Request) -> str | None:
        """The address that asks, of IPv6 the network; None where it cannot be told."""
        peer = request.client.host if request.client else None
        if self.proxies == 0:
            return None if peer is None or _loopback(peer) else _network(peer)
        told = [
            part.strip()
            for line in request.headers.getlist(self.header)
            for part in line.split(",")
        ]
        # What stands further left was written by whoever asks, and proves nothing.
        named = told[-self.proxies] if len(told) >= self.proxies else peer
        return None if named is None else _network(named)


async def whole_body(request: Request, largest: int = LARGEST_FORM) -> bytes | None:
    """The body; None as soon as it is too large. `ClientDisconnect` for one that never ends."""
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_PATIENCE):
            async for part in request.stream():
                size += len(part)
                if size > largest:
                    return None
                parts.append(part)
    except TimeoutError:
        raise ClientDisconnect from None
    return b"".join(parts)


def _loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return True


def _network(address: str) -> str:
    if address.count(":") == 1:  # some proxies add the port
        address = address.partition(":")[0]
    try:
        read = ip_address(address.split("%")[0].strip("[]"))
    except ValueError:
        return "unreadable"
    if isinstance(read, IPv6Address):
        if read.ipv4_mapped is not None:
            return str(read.ipv4_mapped)
        return f"{int(read) >> 64:x}"
    return str(read)

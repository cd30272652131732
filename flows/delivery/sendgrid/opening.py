"""How a connection to SendGrid comes about: directly, or through the proxy of the environment."""

import base64
import socket
import ssl
from asyncio import get_running_loop, timeout
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from flows.delivery.sendgrid.wire import Gate, NoAnswerError, Wire
from flows.errors import DeliveryError

CONNECT_SECONDS = 5.0
_PORTS = {"http": 80, "https": 443}


class ProxyAwayError(OSError):
    """The proxy cannot be reached."""


class ProxyRefusedError(Exception):
    """The proxy connects us to nobody."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Opening:
    """The way to one address. Raises `DeliveryError` if it, or that of the proxy, is none.

    The proxy the environment names (HTTPS_PROXY, NO_PROXY) is asked for once. It is never shown
    the key where the connection is encrypted.

    host       who is meant
    authority  the same with its port, where that is not the usual one
    headers    what a proxy that passes requests on wants to see in them
    """

    def __init__(self, address: str) -> None:
        self._base = _parts(address)
        self.host = self._base.hostname or ""
        self._port = self._base.port or _PORTS[self._base.scheme]
        self.authority = self._base.netloc.rpartition("@")[2]
        self._secure = _trust(self._base)
        self._proxy, login = _proxy(self._base)
        self._proxy_secure = _trust(self._proxy) if self._proxy else None
        self.headers = login if self._passed_on else {}
        self._login = "".join(f"{name}: {value}\r\n" for name, value in login.items())

    @property
    def _passed_on(self) -> bool:
        """Whether a proxy reads our requests and makes them its own."""
        return self._proxy is not None and self._secure is None

    def target(self, path: str) -> str:
        """What a request asks for: the whole address of a proxy that passes it on."""
        path = self._base.path.rstrip("/") + path
        return f"http://{self.authority}{path}" if self._passed_on else path

    async def open(self) -> Wire:
        """A connection that stands, or `TimeoutError` after `CONNECT_SECONDS`."""
        async with timeout(CONNECT_SECONDS):
            return await self._open()

    async def _open(self) -> Wire:
        if self._proxy is None:
            return await _connect(Wire(), self.host, self._port, self._secure)
        host, port = self._proxy.hostname or "", self._proxy.port or _PORTS[self._proxy.scheme]
        wire = Wire() if self._passed_on else Gate()
        try:
            await _connect(wire, host, port, self._proxy_secure)
        except ssl.SSLError:
            raise
        except OSError as error:
            raise ProxyAwayError(*error.args) from error
        return await self._through(wire) if isinstance(wire, Gate) else wire

    async def _through(self, gate: Gate) -> Wire:
        """Have the proxy connect us, and agree upon encryption with whom is behind it."""
        where = f"{self._base.hostname}:{self._port}"
        request = f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n{self._login}\r\n"
        try:
            said = await gate.ask(request.encode("ascii"))
            if said.status != 200:
                raise ProxyRefusedError(said.status)
            wire = Wire()
            if self._secure is None:
                raise RuntimeError("only what is encrypted goes through a gate")
            transport = await get_running_loop().start_tls(
                gate.tunnel(), wire, self._secure, server_hostname=self.host
            )
            if transport is None:
                raise ConnectionResetError
            wire.connection_made(transport)
        except NoAnswerError as error:
            raise ProxyAwayError from error
        except BaseException:
            gate.hang_up()
            raise
        return wire


async def _connect(wire: Wire, host: str, port: int, secure: ssl.SSLContext | None) -> Wire:
    """Connect to the first of the host's addresses that answers.

    None is waited for longer than its share of the time: many networks have an IPv6 that leads
    nowhere.
    """
    loop = get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    for number, address in enumerate(addresses, start=1):
        try:
            async with timeout(CONNECT_SECONDS / len(addresses)):
                await loop.create_connection(
                    lambda: wire,
                    address,
                    port,
                    ssl=secure,
                    server_hostname=host if secure else None,
                )
                break
        except ssl.SSLError:
            raise
        except OSError:
            if number == len(addresses):
                raise
    return wire


def _trust(address: SplitResult) -> ssl.SSLContext | None:
    # Read when we open, so that SSL_CERT_FILE counts as it does for other programs.
    return ssl.create_default_context() if address.scheme == "https" else None


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError
        address.encode("ascii")
        _ = parts.port
    except ValueError:
        raise DeliveryError(
            f"{address} is not an address to send to: correct it in settings.yaml"
        ) from None
    return parts


def _proxy(base: SplitResult) -> tuple[SplitResult | None, dict[str, str]]:
    """The proxy the environment names, and how we log in to it."""
    named = getproxies().get(base.scheme)
    if not named or (base.hostname and proxy_bypass(base.hostname)):
        return None, {}
    proxy = _parts(named if "://" in named else f"http://{named}")
    if proxy.username is None:
        return proxy, {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return proxy, {"Proxy-Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

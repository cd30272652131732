"""One request to send: over connections kept open, and knowing whether its body began to leave."""

import asyncio
import base64
import os
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import perf_counter
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from flows.delivery.sendgrid.answers import Answer, Broken
from flows.errors import DeliveryError
from flows.outlet_settings import SendGridOutletSettings
from segments.names import HaltCause

CONNECT_SECONDS = 5.0
_ADDRESSES = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
_AGENT = "stammkunde"
_MOST_READ = 100_000
_GLANCE = 0.25


def address_of(settings: SendGridOutletSettings) -> str:
    """Where this account is reached."""
    return settings.address or _ADDRESSES[settings.region]


def checked_key(settings: SendGridOutletSettings, key: str) -> str:
    """The key as it may stand in a header; `DeliveryError` if it is none, which never shows it."""
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise DeliveryError(
            f"the API key in {settings.key} is no key: it is empty, or holds signs no key has",
            HaltCause.KEY,
        )
    return key


class Line:
    """Connections to SendGrid. Made and used inside one running event loop."""

    def __init__(self, settings: SendGridOutletSettings, key: str, connections: int) -> None:
        base = _url(address_of(settings))
        self.host = base.host or ""
        self._send = base / "v3/mail/send"
        # Not headers of the session: aiohttp shows those to a proxy too, and so the key.
        self._headers = {
            "Authorization": f"Bearer {checked_key(settings, key)}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": _AGENT,
        }
        self._proxy, login = _proxy(base)
        self._proxy_headers = login if base.scheme == "https" else None
        if base.scheme == "http":
            self._headers |= login
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=connections,
                # Read when we open, so that SSL_CERT_FILE counts as it does for other programs.
                ssl=ssl.create_default_context() if base.scheme == "https" else False,
            ),
            skip_auto_headers=("Accept-Encoding",),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS),
        )
        self._due: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._watch = asyncio.create_task(self._interrupt_late())

    async def post(self, data: bytes, seconds: float) -> Answer | Broken:
        """Send the request once. Never again by itself, and never to where a redirect points."""
        body = _Body(data)
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a request is sent by a task")
        self._due[task] = perf_counter() + seconds
        try:
            response = await self._session.post(
                self._send,
                data=body,
                headers=self._headers,
                allow_redirects=False,
                proxy=self._proxy,
                proxy_headers=self._proxy_headers,
            )
            try:
                return await _answer(response)
            finally:
                response.release()
                if response.status >= 300:
                    body.drop_rest()
        except asyncio.CancelledError:
            body.drop()
            if task not in self._late:
                raise
            return Broken(body.began, f"no answer came within {seconds:g} seconds")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            body.drop()
            return Broken(body.began, *_words(error))
        finally:
            del self._due[task]
            if task in self._late:
                self._late.discard(task)
                task.uncancel()

    async def close(self) -> None:
        """Let go of the connections."""
        self._watch.cancel()
        await self._session.close()
        await asyncio.sleep(0)  # Transports are closed in the turn after it.

    async def _interrupt_late(self) -> None:
        """One alarm clock for all: one a request costs a tenth of all there is to do for it."""
        while True:
            await asyncio.sleep(_GLANCE)
            now = perf_counter()
            for task, due in self._due.items():
                if now > due and task not in self._late:
                    self._late.add(task)
                    task.cancel()


class _Body(aiohttp.payload.Payload):
    """The bytes of a request, which remember whether any of them began to leave.

    A request can only have been taken if its body went to SendGrid. aiohttp asks for the body once
    the connection stands (name resolved, connected, TLS agreed upon, proxy willing), and hands it
    to the transport together with the headers, without a pause in which anything else could
    happen. So as long as `began` is False no byte of it has left, whatever went wrong, and trying
    again is safe. From then on it may lie in buffers between here and there, and only an answer
    tells whether it arrived.
    """

    _autoclose = True

    def __init__(self, data: bytes) -> None:
        super().__init__(data, content_type="application/json")
        self._size = len(data)
        self._transport: asyncio.WriteTransport | None = None

    @property
    def began(self) -> bool:
        """Whether a byte of it may have left."""
        return self._transport is not None

    def drop_rest(self) -> None:
        """Close the connection if the answer came before the whole body had left."""
        if self._transport is not None and self._transport.get_write_buffer_size():
            self._transport.abort()

    def drop(self) -> None:
        """Have what still lies in our own buffers never leave, and the connection be closed."""
        if self._transport is not None:
            self._transport.abort()

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """The body as text, for aiohttp."""
        data: bytes = self._value
        return data.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Hand the body over, if there still is a connection to hand it to."""
        transport = getattr(writer, "transport", None)
        if transport is None or transport.is_closing():
            raise aiohttp.ClientConnectionResetError("the connection was closed in the meantime")
        self._transport = transport
        await writer.write(self._value)


def _url(address: str) -> URL:
    try:
        return URL(address)
    except ValueError:
        raise DeliveryError(
            f"{address} is not an address to send to: correct it in settings.yaml"
        ) from None


def _proxy(base: URL) -> tuple[URL | None, dict[str, str]]:
    """The proxy the environment names (HTTPS_PROXY, NO_PROXY), and how we log in to it.

    It is asked for once: aiohttp's `trust_env` asks anew for every request, in a thread, and reads
    netrc besides, whose passwords would stand in the way of the key.
    """
    named = getproxies().get(base.scheme)
    if not named or (base.host and proxy_bypass(base.host)):
        return None, {}
    proxy = _url(named if "://" in named else f"http://{named}")
    if proxy.user is None:
        return proxy, {}
    login = base64.b64encode(f"{proxy.user}:{proxy.password or ''}".encode()).decode()
    return proxy.with_user(None), {"Proxy-Authorization": f"Basic {login}"}


async def _answer(response: aiohttp.ClientResponse) -> Answer:
    headers = response.headers
    return Answer(
        response.status,
        headers.get("X-Message-Id"),
        b"" if headers.get("Content-Length") == "0" else await _read(response),
        _reset_in(headers) if response.status == 429 else None,
    )


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """The body of an answer, as much of it as tells anything; what is cut off does not matter."""
    read = b""
    try:
        async for part in response.content.iter_any():
            read += part
            if len(read) > _MOST_READ:
                break
    except (TimeoutError, aiohttp.ClientError, OSError):
        response.close()
    return read


def _reset_in(headers: Mapping[str, str]) -> float | None:
    """Seconds from the answer to the moment it names, both by SendGrid's own clock."""
    try:
        told = parsedate_to_datetime(headers["Date"]).timestamp()
        return max(0.0, float(headers["X-RateLimit-Reset"]) - told)
    except (KeyError, ValueError):
        return None


def _words(error: BaseException) -> tuple[str, bool]:
    """What went wrong, and whether it is of no use to try again at once."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return certificate_words(error.certificate_error), True
        case aiohttp.ClientConnectorDNSError():
            return "its name is not known here (DNS)", False
        case aiohttp.ClientHttpProxyError():
            return f"the proxy does not let us through ({error.status})", True
        case aiohttp.ClientProxyConnectionError():
            return "the proxy cannot be reached", False
        case aiohttp.ClientConnectorSSLError():
            return "no encrypted connection comes about (TLS)", False
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            why = f" ({os.strerror(number)})" if number else ""
            return f"no connection comes about{why}", False
        case aiohttp.InvalidURL():
            return "the address of the outlet in settings.yaml is not one", True
        case aiohttp.ConnectionTimeoutError():
            return f"no connection came about within {CONNECT_SECONDS:g} seconds", False
        case aiohttp.ServerDisconnectedError():
            return "the connection was closed without an answer", False
        case aiohttp.ClientResponseError():
            return "what came back was not an answer (no HTTP)", False
    return "the connection broke off", False


def certificate_words(error: BaseException) -> str:
    """Why a certificate is not good enough, and what to look at."""
    said = getattr(error, "verify_message", "") or "it is not trusted"
    return (
        f"it shows a certificate that cannot be relied on ({said}). Ask who runs the network "
        "whether a proxy answers in its place, and whether this computer's clock is right"
    )

"""One request to send: over connections kept open, and knowing whether its body began to leave."""

import asyncio
import os
import socket
import ssl
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import perf_counter

from flows.delivery.sendgrid import opening
from flows.delivery.sendgrid.answers import Answer, Broken
from flows.delivery.sendgrid.opening import Opening, ProxyAwayError, ProxyRefusedError
from flows.delivery.sendgrid.wire import NoAnswerError, Said, Wire
from flows.errors import DeliveryError
from flows.outlet_settings import SendGridOutletSettings
from segments.names import HaltCause

_ADDRESSES = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
_AGENT = "stammkunde"
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
    """Connections to SendGrid. Made and used inside one running event loop.

    A request can only have been taken if its body went to SendGrid, and none of it leaves before
    the connection stands (name resolved, connected, TLS agreed upon, proxy willing). So trying
    again is safe whatever goes wrong until then. From then on it may lie in buffers between here
    and there, and only an answer tells whether it arrived.
    """

    def __init__(self, settings: SendGridOutletSettings, key: str, connections: int) -> None:
        self._opening = Opening(address_of(settings))
        self.host = self._opening.host
        lines = {
            "Host": self._opening.authority,
            "Authorization": f"Bearer {checked_key(settings, key)}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": _AGENT,
            **self._opening.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        target = self._opening.target("/v3/mail/send")
        self._head = f"POST {target} HTTP/1.1\r\n{head}Content-Length: ".encode("ascii")
        self._room = asyncio.Semaphore(connections)
        self._free: list[Wire] = []
        self._under_way: dict[asyncio.Future[Said], float] = {}
        self._watch = asyncio.create_task(self._interrupt_late())

    async def post(self, data: bytes, seconds: float) -> Answer | Broken:
        """Send the request once. Never again by itself, and never to where a redirect points."""
        due = perf_counter() + seconds
        async with self._room:
            try:
                wire = self._kept() or await self._opening.open()
            except Exception as error:
                return Broken(False, *_words(error))
            if not wire.free:
                return Broken(False, "the connection broke off at once")
            answer = wire.ask(b"%b%d\r\n\r\n%b" % (self._head, len(data), data))
            self._under_way[answer] = due
            try:
                said = await answer
            except NoAnswerError as error:
                return Broken(True, str(error))
            except TimeoutError:
                return Broken(True, f"no answer came within {seconds:g} seconds")
            finally:
                del self._under_way[answer]
                if wire.free:
                    self._free.append(wire)
                else:
                    wire.hang_up()
        return _answer(said)

    async def close(self) -> None:
        """Let go of the connections."""
        self._watch.cancel()
        while self._free:
            self._free.pop().hang_up()
        await asyncio.sleep(0)  # Transports are closed in the turn after it.

    def _kept(self) -> Wire | None:
        """The connection used last: the others may rest, and end."""
        while self._free:
            wire = self._free.pop()
            if wire.free:
                return wire
        return None

    async def _interrupt_late(self) -> None:
        """One alarm clock for all: one a request costs a tenth of all there is to do for it."""
        while True:
            await asyncio.sleep(_GLANCE)
            now = perf_counter()
            for answer, due in self._under_way.items():
                if now > due and not answer.done():
                    answer.set_exception(TimeoutError())


def _answer(said: Said) -> Answer:
    number = said.headers.get(b"x-message-id")
    return Answer(
        said.status,
        number.decode("latin-1") if number is not None else None,
        said.body,
        _reset_in(said.headers) if said.status == 429 else None,
    )


def _reset_in(headers: Mapping[bytes, bytes]) -> float | None:
    """Seconds from the answer to the moment it names, both by SendGrid's own clock."""
    try:
        told = parsedate_to_datetime(headers[b"date"].decode("ascii")).timestamp()
        return max(0.0, float(headers[b"x-ratelimit-reset"]) - told)
    except (KeyError, ValueError):
        return None


def _words(error: Exception) -> tuple[str, bool]:
    """Why no connection stands, and whether it is of no use to try again at once."""
    match error:
        case ProxyRefusedError():
            return f"the proxy does not let us through ({error.status})", True
        case ProxyAwayError():
            return "the proxy cannot be reached", False
        case TimeoutError():
            return f"no connection came about within {opening.CONNECT_SECONDS:g} seconds", False
        case ssl.SSLCertVerificationError():
            return certificate_words(error), True
        case ssl.SSLError():
            return "no encrypted connection comes about (TLS)", False
        case socket.gaierror():
            return "its name is not known here (DNS)", False
        case OSError():
            why = f" ({os.strerror(error.errno)})" if error.errno else ""
            return f"no connection comes about{why}", False
    raise error


def certificate_words(error: BaseException) -> str:
    """Why a certificate is not good enough, and what to look at."""
    said = getattr(error, "verify_message", "") or "it is not trusted"
    return (
        f"it shows a certificate that cannot be relied on ({said}). Ask who runs the network "
        "whether a proxy answers in its place, and whether this computer's clock is right"
    )

"""Opening a connection to a mail server: privately, logged in, and with a clear word if not."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import aiosmtplib

from flows.delivery.smtp.answers import Reply
from flows.delivery.smtp.line import Line
from flows.delivery.smtp.session import Session
from flows.errors import ConfigError, DeliveryError
from flows.outlet_settings import SmtpOutletSettings
from segments.names import HaltCause

_SETTINGS = "config/settings.yaml"
_NOBODY_HERE = "[127.0.0.1]"
_EXPIRED, _NOT_YET, _OTHER_NAME, _OTHER_ADDRESS = 10, 9, 62, 64
_SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Way:
    """Everything a connection is opened with."""

    name: str
    settings: SmtpOutletSettings
    password: str | None
    trusted: ssl.SSLContext | None
    calls_itself: str

    @classmethod
    def to(cls, name: str, settings: SmtpOutletSettings, password: str | None) -> "Way":
        """The way to the server of the outlet `name`. `ConfigError` if something is not there."""
        if settings.user is not None and not password:
            raise ConfigError.at(
                _SETTINGS,
                f'outlet "{name}": the environment variable {settings.password} is not set, and '
                f"{settings.user} needs a password",
            )
        trusted = None if settings.security == "none" else _trusted(name, settings.authority)
        return cls(name, settings, password, trusted, _own_name())

    @property
    def seconds(self) -> float:
        """How long an answer is awaited."""
        return self.settings.timeout.days * _SECONDS_A_DAY

    @property
    def server(self) -> str:
        """The server, as it stands in messages."""
        return f"the mail server {self.settings.host} (port {self.settings.port})"

    def closed(self, what: str, cause: HaltCause = HaltCause.PROVIDER) -> DeliveryError:
        """Nothing leaves this way, and why."""
        return DeliveryError(f"{self.server} {what}", cause)


async def open_session(way: Way) -> Session:
    """A connection that is ready for messages. `DeliveryError` says why there is none."""
    settings = way.settings
    client = aiosmtplib.SMTP(
        hostname=settings.host,
        port=settings.port,
        local_hostname=way.calls_itself,
        timeout=way.seconds,
        use_tls=settings.security == "tls",
        start_tls=False,
        tls_context=way.trusted,
    )
    try:
        await client.connect()
        await _greet(client)
        if settings.security == "starttls":
            if not client.supports_extension("starttls"):
                raise way.closed(
                    "offers no STARTTLS, and nothing is sent unencrypted: write "
                    '"security: tls" and its port, or "security: none" where the line is private'
                )
            await client.starttls()
            await _greet(client)
        if settings.user is not None and way.password is not None:
            await _log_in(client, way, settings.user, way.password)
        transport = client.transport
        if transport is None or transport.is_closing():
            raise way.closed("closed the connection at once")
        line = Line(cast(asyncio.Transport, transport))
    except (aiosmtplib.SMTPException, OSError, ValueError) as error:
        _leave(client)
        raise _why(way, error) from error
    except BaseException:
        _leave(client)
        raise
    return Session(line, client.esmtp_extensions, way.seconds)


def _leave(client: aiosmtplib.SMTP) -> None:
    """End the connection at once: an orderly farewell would wait for the server's."""
    if isinstance(client.transport, asyncio.WriteTransport):
        client.transport.abort()
    client.close()


async def _greet(client: aiosmtplib.SMTP) -> None:
    try:
        await client.ehlo()
    except aiosmtplib.SMTPHeloError:
        if not client.is_connected:
            raise
        await client.helo()


async def _log_in(client: aiosmtplib.SMTP, way: Way, user: str, password: str) -> None:
    variable = way.settings.password
    try:
        await client.login(user, password)
    except aiosmtplib.SMTPAuthenticationError as error:
        reply = Reply(error.code, error.message)
        if error.code // 100 == 4:
            raise way.closed(f"takes no logins just now: {reply.said}") from error
        raise way.closed(
            f'refused the login: look at "user" of the outlet "{way.name}" in {_SETTINGS} and at '
            f"the environment variable {variable} ({reply.said})",
            HaltCause.KEY,
        ) from error
    except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError):
        raise
    except aiosmtplib.SMTPResponseException:
        raise
    except aiosmtplib.SMTPException as error:
        raise way.closed(
            f'offers no login we know: take "user" and "password" of the outlet "{way.name}" out '
            f"of {_SETTINGS}, or write another port",
            HaltCause.KEY,
        ) from error


def _why(way: Way, error: Exception) -> DeliveryError:
    """The sentence for what went wrong while a connection was opened."""
    for each in _chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return way.closed(_certificate(way, each))
        if isinstance(each, ssl.SSLError):
            return way.closed(
                "does not speak TLS as it should: look at port and security of the outlet "
                f'"{way.name}" (465 goes with tls, 587 with starttls)'
            )
        if isinstance(each, socket.gaierror):
            return way.closed(
                f'is not to be found: look at "host" of the outlet "{way.name}" in {_SETTINGS}'
            )
        if isinstance(each, ConnectionRefusedError):
            return way.closed("is not there: nothing listens on this port")
        if isinstance(each, aiosmtplib.SMTPResponseException):
            if each.code < 0:
                return way.closed("said what is no answer of a mail server")
            return way.closed(f"turned us away: {Reply(each.code, each.message).said}")
        if isinstance(each, TimeoutError):
            return way.closed(f"did not answer within {way.seconds:g} seconds")
    for each in _chain(error):
        if isinstance(each, aiosmtplib.SMTPServerDisconnected | ConnectionError):
            return way.closed("broke off while the connection was being opened")
        if isinstance(each, OSError) and each.strerror:
            return way.closed(f"cannot be reached: {each.strerror}")
    return way.closed(f"cannot be reached: {type(error).__name__}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _certificate(way: Way, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return "shows a certificate that has expired: whoever runs it has to renew it"
    if error.verify_code == _NOT_YET:
        return "shows a certificate that is not valid yet: is the clock of this machine right?"
    if error.verify_code in (_OTHER_NAME, _OTHER_ADDRESS):
        return (
            f'shows a certificate for another name: write the name it has as "host" of the outlet '
            f'"{way.name}"'
        )
    return (
        "shows a certificate nobody here vouches for "
        f'({error.verify_message}): name the file of its authority as "authority" of the outlet '
        f'"{way.name}"'
    )


def _trusted(name: str, authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    if authority is not None:
        try:
            context.load_verify_locations(cafile=authority)
        except OSError as error:
            why = (
                "holds no certificates in PEM"
                if isinstance(error, ssl.SSLError)
                else (error.strerror or "cannot be read")
            )
            raise ConfigError.at(
                _SETTINGS, f'outlet "{name}": authority: {authority}: {why}'
            ) from error
    return context


def _own_name() -> str:
    """What this machine is called, in a form every server takes."""
    name = socket.getfqdn()
    plain = name.isascii() and name.replace("-", "").replace(".", "").isalnum()
    return name if plain and "." in name.strip(".") else _NOBODY_HERE

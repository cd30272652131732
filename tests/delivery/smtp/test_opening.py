"""Connections are private or not there, logins work or say what to look at, and nothing hangs."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.delivery.smtp.opening import Way, open_session
from flows.delivery.smtp.outlet import SmtpOutlet
from flows.errors import ConfigError, DeliveryError
from segments.names import HaltCause, Outcome
from segments.spans import Span
from tests.certificates import Authority
from tests.delivery.smtp.desk import Act, Answer, desk, says
from tests.delivery.smtp.mails import mail, outlet, send, settings
from tests.delivery.smtp.office import PASSWORD, USER, office

VARIABLE = "SHOP_PASSWORD"
LOGIN = {"user": USER, "password": VARIABLE}


def refusal(port: int, secret: str | None = None, **changes: Any) -> DeliveryError:
    """What is said when a connection cannot be opened."""
    with (
        outlet(port, secret, **changes) as opened,
        pytest.raises(DeliveryError) as caught,
    ):
        list(opened.deliver(opened.pack([mail(1)], mail(1).date)))
    return caught.value


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_messages_go_over_a_line_nobody_reads(authority: Authority, security: str) -> None:
    with office(authority.context(), tls=security == "tls") as server:
        receipts = send(server.port, mail(1), mail(2), security=security, authority=authority.file)
    assert [receipt.outcome for receipt in receipts.values()] == [Outcome.ACCEPTED] * 2
    assert [envelope.content for envelope in server.taken] == [
        mail(1).as_bytes(),
        mail(2).as_bytes(),
    ]
    assert server.private == [True, True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("name", "until", "said"),
    [
        ("127.0.0.1", datetime(2021, 1, 1, tzinfo=UTC), "has expired"),
        ("127.0.0.2", datetime(2121, 1, 1, tzinfo=UTC), "for another name"),
        ("mail.example.org", datetime(2121, 1, 1, tzinfo=UTC), "for another name"),
    ],
    ids=["expired", "other address", "other name"],
)
def test_a_certificate_that_is_not_right_ends_it(
    authority: Authority, security: str, name: str, until: datetime, said: str
) -> None:
    with office(authority.context(name, until), tls=security == "tls") as server:
        error = refusal(server.port, security=security, authority=authority.file)
    assert said in str(error)
    assert error.cause is HaltCause.PROVIDER
    assert server.taken == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_authority_nobody_here_knows_is_not_believed(
    authority: Authority, security: str
) -> None:
    with office(authority.context(), tls=security == "tls") as server:
        error = refusal(server.port, security=security)
    assert "nobody here vouches for" in str(error)
    assert 'as "authority" of the outlet "post"' in str(error)
    assert server.taken == []


def test_a_server_without_starttls_gets_nothing_unencrypted() -> None:
    with desk() as server:
        error = refusal(server.port, security="starttls")
    assert "offers no STARTTLS, and nothing is sent unencrypted" in str(error)
    assert server.words() == []


def test_a_server_that_cannot_encrypt_after_all_gets_nothing() -> None:
    with desk(says(STAR="454 4.7.0 not just now"), extensions=("STARTTLS",)) as server:
        error = refusal(server.port, security="starttls")
    assert "turned us away: 454 4.7.0 not just now" in str(error)
    assert server.words() == ["STAR"]


def test_tls_where_none_is_spoken_is_told_from_a_bad_certificate() -> None:
    with desk() as server:
        error = refusal(server.port, security="tls")
    assert "does not speak TLS as it should" in str(error)


@pytest.mark.parametrize("security", ["starttls", "tls", "none"])
def test_the_right_password_opens(authority: Authority, security: str) -> None:
    context = None if security == "none" else authority.context()
    with (
        office(context, tls=security == "tls", login=True) as server,
        outlet(
            server.port, PASSWORD, security=security, authority=authority.file, **LOGIN
        ) as opened,
    ):
        receipts = list(opened.deliver(opened.pack([mail(1)], mail(1).date)))
    assert receipts[0].outcome is Outcome.ACCEPTED
    assert server.logins == 1


def test_a_wrong_password_is_told_once_and_never_shown(authority: Authority) -> None:
    with office(authority.context(), login=True) as server:
        error = refusal(
            server.port,
            "wrong-secret",
            security="starttls",
            authority=authority.file,
            connections=8,
            **LOGIN,
        )
    assert error.cause is HaltCause.KEY
    assert f"the environment variable {VARIABLE}" in str(error)
    chain: BaseException | None = error
    while chain is not None:
        assert "wrong-secret" not in str(chain)
        chain = chain.__cause__ or chain.__context__
    # One connection tried each method the server offers.
    assert server.logins <= 2


@pytest.mark.parametrize(
    ("answer", "cause", "said"),
    [
        ("535 5.7.8 no", HaltCause.KEY, "refused the login"),
        ("454 4.7.0 not just now", HaltCause.PROVIDER, "takes no logins just now"),
        (Act.HANG_UP, HaltCause.PROVIDER, "broke off"),
        (Act.KEEP_SILENT, HaltCause.PROVIDER, "did not answer within 0.2 seconds"),
    ],
)
def test_a_login_that_fails_says_whose_turn_it_is(
    answer: Answer, cause: HaltCause, said: str
) -> None:
    with desk(says(AUTH=answer), extensions=("AUTH PLAIN",)) as server:
        error = refusal(server.port, "secret", timeout=SHORT, **LOGIN)
    assert (error.cause, said in str(error)) == (cause, True), str(error)


@pytest.mark.parametrize("extensions", [(), ("AUTH GSSAPI",)])
def test_a_server_without_logins_gets_no_password(extensions: tuple[str, ...]) -> None:
    with desk(extensions=extensions) as server:
        error = refusal(server.port, "secret", **LOGIN)
    assert error.cause is HaltCause.KEY
    assert "offers no login we know" in str(error)
    assert server.words() == []


SHORT = Span(0.2 / 60, "minutes")


@pytest.mark.parametrize(
    ("greeting", "said"),
    [
        ("554 5.7.1 not you", "turned us away: 554 5.7.1 not you"),
        ("421 4.7.0 too many connections", "turned us away: 421"),
        ("HTTP/1.1 400 Bad Request", "said what is no answer of a mail server"),
        ("SSH-2.0-OpenSSH_9.2", "said what is no answer of a mail server"),
        (Act.HANG_UP, "broke off"),
        (Act.RESET, "broke off"),
        (Act.KEEP_SILENT, "did not answer within 0.2 seconds"),
    ],
)
def test_a_greeting_that_is_none_is_told(greeting: Answer, said: str) -> None:
    with desk(says(GREETING=greeting)) as server:
        error = refusal(server.port, timeout=SHORT)
    assert said in str(error)
    assert error.cause is HaltCause.PROVIDER
    assert str(error).startswith(f"the mail server 127.0.0.1 (port {server.port}) ")


@contextmanager
def nobody() -> Iterator[int]:
    """A port nothing listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def test_a_server_that_is_not_there_is_told() -> None:
    with nobody() as port:
        assert "nothing listens on this port" in str(refusal(port))


def test_a_name_nobody_has_is_told() -> None:
    error = refusal(25, host="mail.invalid")
    assert "the mail server mail.invalid (port 25) " in str(error)


def test_an_old_server_is_greeted_as_it_knows() -> None:
    with desk(says(EHLO="502 5.5.1 what", HELO="250 hello")) as server:
        receipts = send(server.port, mail(1))
    assert receipts[1].outcome is Outcome.ACCEPTED
    assert server.words() == ["HELO", "MAIL", "RCPT", "DATA", "."]


def test_words_smuggled_in_before_the_encryption_are_not_heard(authority: Authority) -> None:
    """RFC 3207: what came in clear after the answer to STARTTLS must not count as answers."""

    async def smuggle() -> str:
        context = authority.context()
        said: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 desk\r\n")
            await reader.readline()
            writer.write(b"250-desk\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go\r\n250-desk\r\n250 PIPELINING\r\n")
            await writer.drain()
            try:
                await writer.start_tls(context)
            except (ssl.SSLError, OSError):
                return
            said.append(await reader.readline())
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        way = Way.to("post", settings(port, security="starttls", authority=authority.file), None)
        with pytest.raises(DeliveryError) as caught:
            await open_session(way)
        server.close()
        return str(caught.value)

    assert "the mail server 127.0.0.1" in asyncio.run(smuggle())


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"no certificates here", "holds no certificates in PEM")],
)
def test_an_authority_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "authority.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        SmtpOutlet.open("post", settings(25, security="tls", authority=str(file)), None, None)
    assert str(file) in str(caught.value)


def test_a_password_that_is_not_set_is_named() -> None:
    with pytest.raises(ConfigError, match=f"the environment variable {VARIABLE} is not set"):
        SmtpOutlet.open("post", settings(25, **LOGIN), None, None)

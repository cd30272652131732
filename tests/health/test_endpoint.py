"""The endpoint under its public address, asked over real sockets."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows.health.endpoint import endpoint
from flows.outlet_settings import FolderOutletSettings, SendGridOutletSettings
from tests.certificates import Authority

WAYS = {"out": SendGridOutletSettings(kind="sendgrid")}
NOW = datetime.now(UTC)  # noqa: TID251 - certificates are checked by the clock of this moment


class Answers(BaseHTTPRequestHandler):
    """/fine answers as we do; /moved leads elsewhere; /wrong is somebody else; /slow never ends."""

    def do_GET(self) -> None:
        place = self.path.split("/")[1]
        if place == "moved":
            self.send_response(301)
            self.send_header("Location", "http://elsewhere.test/")
            self.end_headers()
            return
        if place == "slow":
            time.sleep(0.5)
        self.send_response(200 if place in ("fine", "other") else 500)
        self.end_headers()
        self.wfile.write(b"ok\n" if place == "fine" else b"<h1>Shop</h1>")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        scheme = "http" if context is None else "https"
        yield f"{scheme}://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        running.join()


def told(address: str | None, **more: bool) -> list[tuple[str, str]]:
    found = endpoint(address, WAYS, NOW, offline=more.get("offline", False))
    return [(each.grade, each.key) for each in found]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("fine", ("fine", "web_fine")),
        ("fine/", ("fine", "web_fine")),
        ("moved", ("broken", "web_elsewhere")),
        ("other", ("broken", "web_other")),
        ("error", ("broken", "web_other")),
    ],
)
def test_what_answers_under_the_public_address_has_to_be_ours(
    place: str, expected: tuple[str, str]
) -> None:
    with serving() as address:
        assert told(f"{address}/{place}") == [expected]


def test_nobody_there_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
    assert told(address) == [("broken", "web_silent")]


def test_one_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.health.endpoint._PATIENCE", 0.2)
    with serving() as address:
        assert told(f"{address}/slow") == [("broken", "web_silent")]


def test_a_certificate_that_ends_soon_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority.found(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    for days, key in ((300, "certificate_fine"), (5, "certificate_ends")):
        with serving(authority.context(until=NOW + timedelta(days=days))) as address:
            assert told(f"{address}/fine")[1][1] == key
            assert told(f"{address}/fine")[0] == ("fine", "web_fine")


def test_a_certificate_nobody_vouches_for_is_broken(tmp_path: Path) -> None:
    with serving(Authority.found(tmp_path).context()) as address:
        assert told(f"{address}/fine") == [("broken", "web_silent")]


def test_without_an_address_or_without_encryption() -> None:
    assert told(None) == [("look", "web_no_address")]
    assert told("http://mail.nordholz.test", offline=True) == [
        ("broken", "web_unencrypted"),
        ("skipped", "web_offline"),
    ]
    folder = {"out": FolderOutletSettings(kind="folder")}
    assert endpoint(None, folder, NOW, offline=False)[0].key == "web_not_public"

"""A Prefect server that is not there, or is none of ours: said in a sentence by who needs it."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from flows import reaching
from flows.deploying import deploy
from flows.doctor import examine
from flows.errors import ConfigError, PipelineError
from flows.initial import init
from flows.status import show_status
from flows.with_prefect import run_flow

ODD = [
    "garbage",
    "http://",
    "http://[::1",
    "http://localhost:99999/api",
    "http://localhost:abc/api",
    "ftp://localhost/api",
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reaching") / "shop"
    init(folder)
    return folder


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Names a server, for this test alone."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    for name in ("PREFECT_API_AUTH_STRING", "PREFECT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return lambda address: monkeypatch.setenv("PREFECT_API_URL", address)


ANSWERS = {
    "/none/admin/version": (404, b"<html>not here</html>"),
    "/html/admin/version": (200, b"<html>an intranet</html>"),
    "/locked/admin/version": (401, b"{}"),
    "/ill/admin/version": (500, b"oh"),
    "/old/admin/version": (200, b'"2.20.1"'),
}


class _Other(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = ANSWERS[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def other() -> Iterator[str]:
    """Something else that answers, and how, by the path asked for."""
    with HTTPServer(("127.0.0.1", 0), _Other) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def runs(shop: Path) -> None:
    run_flow(shop, "preview")


def deploys(shop: Path) -> None:
    deploy(shop, None, "process", None)


WHO = pytest.mark.parametrize("who", [runs, deploys])


@WHO
@pytest.mark.parametrize("address", ODD)
def test_what_is_no_address_is_said_to_be_none(
    shop: Path, named: Callable[[str], None], who: Callable[[Path], None], address: str
) -> None:
    named(address)
    with pytest.raises(ConfigError) as raised:
        who(shop)
    assert str(raised.value) == (
        f'PREFECT_API_URL  "{address}" is no address. Write one like http://127.0.0.1:4200/api'
    )


@pytest.mark.parametrize("address", ODD)
def test_who_only_looks_says_so_and_shows_the_rest(
    shop: Path,
    named: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
    address: str,
) -> None:
    named(address)
    show_status(shop, as_json=False)
    said = capsys.readouterr().out
    assert f'PREFECT_API_URL: "{address}" ist keine Adresse' in said
    assert "Letzter Lauf" in said
    with pytest.raises(BaseException, match="1"):
        examine(shop, offline=True, as_json=False)
    said = " ".join(capsys.readouterr().out.split())
    assert "ist keine Adresse" in said
    assert "http://127.0.0.1:4200/api" in said


@WHO
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("none", r"is no Prefect server, or it is not well \(it says 404\).* end in /api\?"),
        ("html", r"is no Prefect server, or it is not well \(it says 200\)"),
        ("locked", "does not let us in. Set PREFECT_API_AUTH_STRING"),
        ("ill", r"is no Prefect server, or it is not well \(it says 500\)"),
        ("old", r"is of version 2\.20\.1, and here is 3\..*Install the same on both"),
    ],
)
def test_what_answers_and_is_none_of_ours_is_said_in_a_sentence(
    shop: Path,
    named: Callable[[str], None],
    other: str,
    who: Callable[[Path], None],
    path: str,
    said: str,
) -> None:
    named(f"{other}/{path}")
    with pytest.raises(PipelineError, match=said):
        who(shop)


def test_a_cloud_that_does_not_tell_its_version_is_taken_as_it_is(other: str) -> None:
    reaching.needs_server(f"{other}/none", {"PREFECT_API_KEY": "pnu_1"}, "")
    with pytest.raises(PipelineError):
        reaching.needs_server(f"{other}/none", {}, "")
    with pytest.raises(PipelineError, match="does not let us in"):
        reaching.needs_server(f"{other}/locked", {"PREFECT_API_KEY": "pnu_1"}, "")


@WHO
def test_who_is_not_there_or_never_answers_is_given_up_with_what_to_start(
    shop: Path,
    named: Callable[[str], None],
    who: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reaching, "_ANSWERS_WITHIN", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (1, silent.getsockname()[1]):
            named(f"http://127.0.0.1:{port}/api")
            with pytest.raises(PipelineError, match=rf"answers at .*:{port}/api.*stammkunde up"):
                who(shop)

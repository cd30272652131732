"""The endpoint: keeps what SendGrid signed, lets people go with one click, and nothing else."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, func, select

from flows import tokens
from flows.errors import ConfigError
from flows.initial import init
from flows.responses.app import Office, application
from flows.store.models import Permission, Suppression
from segments.names import Locale
from tests.delivery.rows import NOW, furnish, put, send
from tests.serving import served

SECRET = b"a secret of the tests"


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    office = Office(engine, [], [SECRET], "Nordholz", Locale.DE, lambda: NOW)
    with served(application(office)) as address, httpx.Client(base_url=address) as opened:
        yield opened


def test_a_key_that_is_none_is_told_before_anything_is_served(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="sendgrid_keys"):
        application(Office(engine, ["none"], [SECRET], "N", Locale.DE, lambda: NOW))


def barred(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        return (
            connection.execute(select(func.count()).select_from(Suppression)).scalar_one(),
            connection.execute(select(func.count()).select_from(Permission)).scalar_one(),
        )


@pytest.mark.parametrize(
    "form",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {},
    ],
    ids=["urlencoded", "multipart", "button"],
)
def test_one_click_unsubscribes_and_a_second_changes_nothing(
    client: httpx.Client, engine: Engine, form: dict[str, dict[str, str]]
) -> None:
    put(engine, send(1, not_before=NOW))
    link = f"/u/{tokens.make(SECRET, 1, 'advertising')}"
    for _ in range(2):
        answer = client.post(link, **form, follow_redirects=False)
        assert answer.status_code == 200
        assert not answer.cookies
    assert barred(engine) == (1, 1)


def test_looking_at_the_page_changes_nothing(client: httpx.Client, engine: Engine) -> None:
    link = f"/u/{tokens.make(SECRET, 1, 'survey')}"
    answer = client.get(link, headers={"accept-language": "en-GB,de;q=0.5"})
    assert "No more advertising?" in answer.text
    assert "ada@" not in answer.text.lower()
    assert client.head(link).status_code == 200
    assert "Keine Werbung mehr?" in client.get(link).text
    assert barred(engine) == (0, 0)


def test_unknown_links_all_look_alike(client: httpx.Client, engine: Engine) -> None:
    stranger = tokens.make(b"another secret", 1, "advertising")
    answers = {
        (answer.status_code, answer.content)
        for token in ("x", "A" * 32, "ä", stranger)
        for answer in (client.get(f"/u/{token}"), client.post(f"/u/{token}"))
    }
    assert len(answers) == 1
    assert barred(engine) == (0, 0)
    test_mail = client.post(f"/u/{tokens.make(SECRET, 0, 'advertising')}")
    assert test_mail.status_code == 200
    assert barred(engine) == (0, 0)


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    init(tmp_path / "shop")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "flows.cli", "--project", str(tmp_path / "shop")]
    serving = subprocess.Popen([*command, "web", "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        for _ in range(150):
            try:
                health = f"http://127.0.0.1:{port}/health"
                with urllib.request.urlopen(health, timeout=5) as answer:
                    assert answer.read() == b"ok\n"
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail("it never answered")
        taken = subprocess.run(
            [*command, "web", "--port", str(port)], capture_output=True, text=True, timeout=60
        )
        assert taken.returncode == 2
        assert "is taken" in taken.stderr
    finally:
        serving.terminate()
        assert serving.wait(timeout=30) in (0, -15)

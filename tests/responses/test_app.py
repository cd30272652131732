"""The endpoint: keeps what SendGrid signed, lets people go with one click, and nothing else."""

import base64
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine, func, select

from flows import tokens
from flows.errors import ConfigError
from flows.initial import init
from flows.responses.app import Office, application
from flows.responses.apply import respond
from flows.responses.event_routes import LARGEST_BATCH
from flows.responses.signature import SIGNATURE, TIMESTAMP
from flows.store.models import EventBatch, Permission, Suppression
from segments.names import Locale
from tests.delivery.rows import DAY, NOW, furnish, outcomes, put, send
from tests.serving import served

SECRET = b"a secret of the tests"
OLD, NEW = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def public(key: ec.EllipticCurvePrivateKey) -> str:
    shown = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(shown).decode()


def signed(body: bytes, key: ec.EllipticCurvePrivateKey = NEW) -> dict[str, str]:
    mark = key.sign(b"1772438400" + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(mark).decode(), TIMESTAMP: "1772438400"}


def events(*numbers: int, word: str = "delivered") -> bytes:
    """A batch as SendGrid writes it, line ends included."""
    at = int((NOW - timedelta(hours=1)).timestamp())
    lines = [
        orjson.dumps(
            {
                "email": "ada@example.com",
                "event": word,
                "timestamp": at,
                "sg_event_id": f"{word}{number}",
                "stammkunde_send": str(number),
            }
        )
        for number in numbers
    ]
    return b"[" + b",\r\n".join(lines) + b"]\r\n"


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    furnish(engine)
    office = Office(engine, [public(OLD), public(NEW)], SECRET, "Nordholz", Locale.DE, lambda: NOW)
    with served(application(office)) as address, httpx.Client(base_url=address) as opened:
        yield opened


def batches(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(EventBatch)).scalar_one()


def test_a_signed_batch_is_kept_byte_for_byte_and_applied_later(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    put(engine, send(2, outcome="in_doubt", handed_over_at=NOW - DAY))
    put(engine, send(3, outcome="in_doubt", handed_over_at=NOW - DAY))
    for body, key in ((events(1), OLD), (events(2, word="processed"), NEW), (events(3), NEW)):
        answer = client.post("/events/sendgrid", content=body, headers=signed(body, key))
        assert (answer.status_code, answer.content) == (204, b"")
    with engine.connect() as connection:
        kept = list(connection.execute(select(EventBatch.body)).scalars())
    assert events(1) in kept
    assert outcomes(engine)[1] == "accepted"
    report = respond(engine, tmp_path, now=NOW, run_id=1)
    assert outcomes(engine) == {1: "delivered", 2: "accepted", 3: "delivered"}
    assert sum(report.new.values()) == 3
    again = respond(engine, tmp_path, now=NOW, run_id=1)
    assert not again.new


def test_events_that_are_still_to_come_wait(
    client: httpx.Client, engine: Engine, tmp_path: Path
) -> None:
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    body = events(1)
    client.post("/events/sendgrid", content=body, headers=signed(body))
    respond(engine, tmp_path, now=NOW - timedelta(hours=2), run_id=1)
    assert outcomes(engine) == {1: "accepted"}
    respond(engine, tmp_path, now=NOW, run_id=1)
    assert outcomes(engine) == {1: "delivered"}


@pytest.mark.parametrize("what", ["nothing", "garbage", "stranger", "changed", "not_text"])
def test_what_sendgrid_did_not_sign_is_refused(
    client: httpx.Client, engine: Engine, what: str
) -> None:
    body = events(1)
    headers = {
        "nothing": {},
        "garbage": {SIGNATURE: "!!", TIMESTAMP: "x"},
        "stranger": signed(body, ec.generate_private_key(ec.SECP256R1())),
        "changed": signed(body + b" "),
        "not_text": signed(b"\xff\xfe"),
    }[what]
    content = b"\xff\xfe" if what == "not_text" else body
    answer = client.post("/events/sendgrid", content=content, headers=headers)
    assert answer.status_code == 403
    assert batches(engine) == 0


def test_a_body_larger_than_any_batch_is_refused(client: httpx.Client, engine: Engine) -> None:
    body = b" " * (LARGEST_BATCH + 1)
    answer = client.post("/events/sendgrid", content=body, headers=signed(body))
    assert answer.status_code == 413
    assert batches(engine) == 0


def test_a_key_that_is_none_is_told_before_anything_is_served(engine: Engine) -> None:
    with pytest.raises(ConfigError, match="sendgrid_keys"):
        application(Office(engine, ["none"], SECRET, "N", Locale.DE, lambda: NOW))


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

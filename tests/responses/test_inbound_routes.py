"""Mail posted over real HTTP: from SendGrid it is on the disk, from anybody else it is refused."""

import socket
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, select

from flows.errors import ConfigError
from flows.initial import init
from flows.responses import inbound
from flows.responses.apply import respond
from flows.responses.event_routes import LARGEST_MAIL, Inbound
from flows.store.models import Response
from flows.web import serve
from tests.delivery.rows import DAY, NOW, furnish, put, send
from tests.responses.mails import form, mail, message_id
from tests.responses.posting import NEW, OLD, bodies, endpoint, public, signed
from tests.responses.test_mail_work import DESK

SECRET = "a-long-secret-of-the-address"
ANY = mail()


def post(
    client: httpx.Client, path: str = "/inbound", *, sign: bool = False, raw: bytes = ANY
) -> httpx.Response:
    request = client.build_request("POST", path, files=form(raw))
    if sign:
        request.headers.update(signed(request.read()))
    return client.send(request)


def test_a_signed_mail_is_kept_and_worked_through_later(engine: Engine, tmp_path: Path) -> None:
    furnish(engine)
    put(engine, send(1, outcome="accepted", handed_over_at=NOW - DAY))
    raw = mail("Ja, gerne", In_Reply_To=message_id(1)) + b"\xff\xfe\x00 any bytes"
    with endpoint(engine, Inbound(keys=[public(OLD), public(NEW)])) as client:
        answer = post(client, sign=True, raw=raw)
    assert (answer.status_code, answer.content) == (204, b"")
    (kept,) = bodies(engine)
    assert inbound.raw_mail(inbound.fields(kept)) == raw
    report = respond(engine, tmp_path, now=NOW, run_id=1, desk=DESK)
    assert (report.mails, report.tasks) == (1, 1)
    with engine.connect() as connection:
        assert connection.execute(select(Response.kind, Response.send_id)).all() == [("reply", 1)]


@pytest.mark.parametrize(
    ("secret", "keys", "path", "sign", "status"),
    [
        (None, False, "/inbound", True, 403),
        (SECRET, False, f"/inbound/{SECRET}", False, 204),
        (SECRET, False, "/inbound", False, 403),
        (SECRET, False, "/inbound/another", True, 403),
        (SECRET, False, f"/inbound/{SECRET}%00", False, 403),
        (SECRET, False, "/inbound/%ff%fe", False, 403),
        (None, True, "/inbound", True, 204),
        (None, True, "/inbound", False, 403),
        (None, True, "/inbound/x", True, 403),
        (SECRET, True, f"/inbound/{SECRET}", True, 204),
        (SECRET, True, f"/inbound/{SECRET}", False, 403),
        (SECRET, True, "/inbound", True, 403),
    ],
)
def test_only_who_knows_what_we_agreed_on_may_post(
    engine: Engine, secret: str | None, keys: bool, path: str, sign: bool, status: int
) -> None:
    agreed = Inbound([public(NEW)] if keys else [], secret)
    with endpoint(engine, agreed) as client:
        assert post(client, path, sign=sign).status_code == status
    assert len(bodies(engine)) == (status == 204)


def test_what_is_no_form_or_too_large_is_refused_before_it_is_read(engine: Engine) -> None:
    with endpoint(engine, Inbound(secret=SECRET), patience=0.25) as client:
        path = f"/inbound/{SECRET}"
        for kind in ("application/json", "text/plain", "multipart/form-data", ""):
            answer = client.post(path, content=b"{}", headers={"content-type": kind})
            assert answer.status_code == 415
        address = client.base_url
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\n"
            "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: "
        )
        for said, status in ((LARGEST_MAIL + 1, b"413"), (10**17, b"413"), (1000, b"408")):
            with socket.create_connection((address.host, address.port or 80), 10) as opened:
                opened.sendall(f"{head}{said}\r\n\r\n--b".encode())
                assert status in opened.recv(4096).splitlines()[0]
        large = (b"x" * 1_000_000 for _ in range(32))
        kind = {"content-type": "multipart/form-data; boundary=b"}
        # It may be refused while more is still being sent.
        with suppress(httpx.WriteError):
            assert client.post(path, content=large, headers=kind).status_code == 413
    assert bodies(engine) == []


def test_a_secret_that_is_not_there_or_too_short_is_told_before_anything_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    init(tmp_path / "shop")
    file = tmp_path / "shop" / "config" / "settings.yaml"
    written = "web: {inbound: {secret: INBOUND_SECRET}}\n"
    file.write_text(file.read_text("utf-8") + written, encoding="utf-8")
    for value in ("", "short"):
        monkeypatch.setenv("INBOUND_SECRET", value)
        with pytest.raises(ConfigError, match="INBOUND_SECRET"):
            serve(tmp_path / "shop", None, 1)

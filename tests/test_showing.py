"""What of a message is shown is what left, byte for byte."""

from pathlib import Path

import orjson
import pytest

from flows.cli_options import Part
from flows.errors import ConfigError
from flows.showing import show_send
from flows.stages.delivering import as_delivered
from flows.stages.shop import open_shop
from flows.store.models import Send
from tests.small import copied
from tests.store.rows import rows_of


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("shown"))


@pytest.fixture(scope="module")
def sent(project: Path) -> int:
    engine = open_shop(project).engine
    number = next(
        number for number, outcome in rows_of(engine, Send, "id", "outcome")
        if outcome in ("accepted", "delivered")
    )  # fmt: skip
    engine.dispose()
    return int(number)


@pytest.mark.parametrize("part", list(Part))
def test_each_part_goes_out_as_it_is(
    project: Path, sent: int, part: Part, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
):
    show_send(project, sent, None, part)
    shown = capfdbinary.readouterr().out
    shop = open_shop(project)
    _, mail = as_delivered(shop, sent)
    shop.engine.dispose()
    assert mail is not None
    assert shown == mail.part(part)
    show_send(project, sent, tmp_path / "part", part)
    assert (tmp_path / "part").read_bytes() == shown


def test_the_mail_is_the_file_that_was_written(
    project: Path, sent: int, capfdbinary: pytest.CaptureFixture[bytes]
):
    show_send(project, sent, None)
    (file,) = (project / "var/mails").glob(f"*/{sent}.eml")
    assert capfdbinary.readouterr().out == file.read_bytes()


def test_the_request_to_sendgrid_is_shown_of_what_went_there(
    project: Path, sent: int, capfdbinary: pytest.CaptureFixture[bytes]
):
    with pytest.raises(ConfigError, match=f"send {sent} went through folder, and not to SendGrid"):
        show_send(project, sent, None, as_json=True)
    file = project / "config/settings.yaml"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("kind: folder", "kind: sendgrid").replace("    folder: var", "    # ")
    )
    try:
        show_send(project, sent, None, as_json=True)
    finally:
        file.write_text(text, encoding="utf-8")
    shop = open_shop(project)
    _, mail = as_delivered(shop, sent)
    shop.engine.dispose()
    assert mail is not None
    request = orjson.loads(capfdbinary.readouterr().out)
    (one,) = request["personalizations"]
    assert one["custom_args"]["stammkunde_send"] == str(sent)
    assert {each["value"] for each in request["content"]} == {mail.text, mail.html}

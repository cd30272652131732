"""A message is tried on ourselves, with a customer's data, and leaves no trace in any figure."""

import socket
import sys
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from flows import tokens
from flows.cli import main
from flows.settings import secret
from flows.stages.shop import open_shop
from flows.store.models import Contact, Customer, Send
from segments.names import Purpose
from tests.small import LAST, copied
from tests.store.rows import rows_of

Try = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copied(tmp_path_factory.mktemp("tried"))


@pytest.fixture(scope="module")
def customer(project: Path) -> tuple[str, str, str]:
    """Key of a customer, its contact, and that contact's last name."""
    engine = open_shop(project).engine
    people = rows_of(engine, Contact, "customer_id", "key", "last_name", "role")
    keys = dict(rows_of(engine, Customer, "id", "key"))
    number, contact, name, _ = next(row for row in people if row[3] == "buyer" and row[2])
    engine.dispose()
    return str(keys[number]), str(contact), str(name)


@pytest.fixture
def tried(project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Try:
    """`stammkunde send-test WORDS`: exit code, output and errors."""
    monkeypatch.setenv("STAMMKUNDE_PROJECT", ".")

    def said(*words: object) -> tuple[int, str, str]:
        at = f"{LAST.isoformat()}T10:00"
        line = ["stammkunde", "--project", project, "send-test", *words, "--as-of", at]
        monkeypatch.setattr(sys, "argv", list(map(str, line)))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return int(ended.value.code or 0), out, err

    return said


def mail_of(out: str) -> EmailMessage:
    file = Path(out.partition("folder: ")[2].removesuffix(". It counts nowhere\n"))
    return message_from_bytes(file.read_bytes(), policy=policy.default)  # type: ignore[return-value]


def test_a_test_is_marked_goes_to_us_alone_and_counts_nowhere(
    project: Path, customer: tuple[str, str, str], tried: Try
):
    key, _, name = customer
    engine = open_shop(project).engine
    before = rows_of(engine, Send, "id", "outcome")
    code, out, err = tried("newsletter", "--to", "me@firm.example", "--as", key)
    assert (code, err) == (0, "")
    assert out.startswith(f'"newsletter" (en) with the data of {key} went to me@firm.example ')
    mail = mail_of(out)
    assert [each.addr_spec for each in mail["to"].addresses] == ["me@firm.example"]
    assert str(mail["subject"]).startswith("[Test] Three small moves")
    assert mail["x-stammkunde-test"] == "1"
    assert name in mail.get_body(("plain",)).get_content()
    token = str(mail["list-unsubscribe"]).rpartition("%20")[2].rstrip(">")
    assert tokens.read([secret(project)], token) == (0, Purpose.ADVERTISING)
    assert rows_of(engine, Send, "id", "outcome") == before
    engine.dispose()


def test_two_tests_are_two_mails(project: Path, customer: tuple[str, str, str], tried: Try):
    words = ("newsletter", "--to", "me@firm.example", "--as", customer[0])
    (_, one, _), (_, other, _) = tried(*words), tried(*words)
    assert one != other
    assert mail_of(one)["message-id"] != mail_of(other)["message-id"]
    page = BeautifulSoup((project / "var/mails/index.html").read_bytes(), "html.parser")
    shown = [str(link["href"]) for link in page.select("#rows .mail a")]
    assert len(shown) == len(set(shown))
    assert sum("/test-" in link for link in shown) >= 2


def test_it_is_said_to_whom_and_in_which_language(customer: tuple[str, str, str], tried: Try):
    key, contact, name = customer
    words = ("reassurance", "--to", "me@firm.example", "--as", key, "--contact", contact)
    code, out, _ = tried(*words, "--locale", "de")
    assert code == 0
    mail = mail_of(out)
    assert name in str(mail["to"])
    assert "Guten Tag" in mail.get_body(("plain",)).get_content()
    assert mail["list-unsubscribe"] is None


def test_what_is_wrong_is_told_with_what_was_meant(customer: tuple[str, str, str], tried: Try):
    key = customer[0]
    to = ("--to", "me@firm.example", "--as")
    assert tried("newsleter", *to, key) == (
        2, "", 'send-test  there is no message "newsleter". Did you mean "newsletter"?\n',
    )  # fmt: skip
    assert tried("newsletter", "--to", "me", "--as", key) == (
        2, "", 'send-test  --to: "me" is not an address\n',
    )  # fmt: skip
    code, _, err = tried("newsletter", *to, f"{key}x")
    assert (code, err.startswith(f'send-test  --as: there is no customer "{key}x". Did')) == (
        2,
        True,
    )
    code, _, err = tried("newsletter", *to, key, "--contact", "nobody")
    assert (code, f'{key} has no contact "nobody". There are: ' in err) == (2, True)
    assert tried("newsletter", *to, key, "--outlet", "foldr") == (
        2, "", 'send-test  --outlet: there is no outlet "foldr". Did you mean "folder"?\n',
    )  # fmt: skip


def test_a_template_that_fails_is_told_with_its_line(
    project: Path, customer: tuple[str, str, str], tried: Try
):
    file = project / "templates/newsletter/en/subject.txt"
    text = file.read_text("utf-8")
    file.write_text("Hello\n{{ contact.nme }}", encoding="utf-8")
    try:
        code, out, err = tried("newsletter", "--to", "me@firm.example", "--as", customer[0])
    finally:
        file.write_text(text, encoding="utf-8")
    assert (code, out) == (1, "")
    assert err.startswith("templates/newsletter/en/subject.txt:2 uses {{ contact.nme }}, but")


def test_it_takes_the_way_of_its_purpose_and_tells_when_that_is_closed(
    project: Path, customer: tuple[str, str, str], tried: Try
):
    file = project / "config/settings.yaml"
    text = file.read_text("utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    closed = f"{{kind: smtp, host: 127.0.0.1, port: {port}, security: none}}"
    file.write_text(
        text.replace(
            "outlets:\n", f"outlet_for: {{service: server}}\noutlets:\n  server: {closed}\n"
        ),
        encoding="utf-8",
    )
    to = ("--to", "me@firm.example", "--as", customer[0])
    try:
        code, out, err = tried("reassurance", *to)
        assert (code, out) == (1, "")
        assert "server" in err or "127.0.0.1" in err
        assert tried("reassurance", *to, "--outlet", "folder")[0] == 0
        assert tried("reassurance", *to, "--purpose", "advertising")[0] == 0
        assert tried("newsletter", *to)[0] == 0
    finally:
        file.write_text(text, encoding="utf-8")

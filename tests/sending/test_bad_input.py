"""What goes wrong at SendGrid or on the way there: how it ends, and what marketing is told."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.certificates import Authority
from tests.sending.conftest import Say
from tests.sending.letters import KEY, NUMBERS, VARIABLE, Letters, address, addresses
from tests.simulator.account import SCOPES

AT_NINE = ("deliver", "--plain", "--as-of", "2026-06-15T09:00")
QUARTER_PAST = ("deliver", "--plain", "--as-of", "2026-06-15T09:16")
ALL = len(NUMBERS)
GOOD = {"keys": {KEY: list(SCOPES)}, "senders": None, "quota": None}

Happening = tuple[dict[str, Any], str, str]
LOCKED_OUT: dict[str, Happening] = {
    "wrong key": (
        {"keys": {}},
        "key",
        "SendGrid does not accept the API key (401): it is wrong, or was withdrawn",
    ),
    "key that may not send": (
        {"keys": {KEY: ["messages.read"]}},
        "key",
        "SendGrid does not allow this with the API key (403)",
    ),
    "unverified sender": (
        {"senders": ["another.example"]},
        "key",
        "SendGrid does not know the sender's address as ours (403). Authenticate its domain",
    ),
}


@pytest.fixture
def standing(quick: Letters) -> Callable[[], list[Any]]:
    """What stands still, and for which cause."""
    return lambda: [
        row[:2] for row in quick.rows("halt", "outlet", "cause", "ended_at") if row[2] is None
    ]


@pytest.mark.parametrize("name", LOCKED_OUT)
def test_who_is_not_let_in_stops_and_goes_on_once_resumed(
    quick: Letters, standing: Callable[[], list[Any]], say: Say, name: str
):
    account, cause, words = LOCKED_OUT[name]
    quick.simulator.account(**account)
    code, out, err = say(quick.folder, *AT_NINE)
    assert (code, out) == (1, "")
    assert words in err
    assert "then resume the outlet" in err
    assert quick.outcomes() == {"queued": ALL}
    assert standing() == [("sendgrid", cause)]
    ((kind, about),) = quick.rows("task", "kind", "about")
    assert kind == "check"
    assert about.startswith(f"sendgrid: {words}")
    assert len(about) < 200 or about.endswith("…")
    requests = quick.simulator.stats()
    quick.simulator.account(**GOOD)
    # Nobody has resumed it, so SendGrid is not even asked.
    assert say(quick.folder, *QUARTER_PAST)[0] == 1
    assert quick.simulator.stats() == requests
    assert say(quick.folder, "resume", "--outlet", "sendgrid", *QUARTER_PAST[2:])[0] == 0
    code, out, _ = say(quick.folder, *QUARTER_PAST)
    assert (code, out) == (0, f"Versandt {ALL}, ausgelassen 0\n")
    assert quick.copies() == addresses()
    assert len(quick.rows("task", "id")) == 1


def test_the_day_goes_on_where_sending_does_not(quick: Letters, say: Say):
    quick.simulator.account(keys={})
    code, out, err = say(quick.folder, "run", "--plain", *AT_NINE[2:])
    assert code == 1
    assert f"Zu versenden {ALL}" in out
    assert "SendGrid does not accept the API key" in err
    kinds = [kind for kind, failed in quick.rows("run", "kind", "failed") if not failed]
    assert kinds.count("measure") == 1
    assert quick.outcomes() == {"queued": ALL}


def test_a_plan_that_is_used_up_lets_nothing_through_until_it_is_extended(
    quick: Letters, standing: Callable[[], list[Any]], say: Say
):
    quick.simulator.account(quota=3)
    code, out, _ = say(quick.folder, *AT_NINE)
    assert code == 0
    first, second = out.splitlines()
    assert first == "Versandt 3, ausgelassen 0"
    assert "SendGrid sends no more, as the plan is used up" in second
    assert second.endswith(f": {ALL - 3}")
    assert quick.outcomes() == {"accepted": 3, "queued": ALL - 3}
    assert standing() == [("sendgrid", "quota")]
    quick.simulator.account(**GOOD)
    say(quick.folder, "resume", "--outlet", "sendgrid", *QUARTER_PAST[2:])
    assert say(quick.folder, *QUARTER_PAST)[1] == f"Versandt {ALL - 3}, ausgelassen 0\n"
    assert quick.copies() == addresses()


def test_a_key_that_is_not_there_is_asked_for_before_anything_begins(
    quick: Letters, say: Say, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(VARIABLE)
    code, out, err = say(quick.folder, *AT_NINE)
    assert (code, out) == (2, "")
    assert err == (
        'config/settings.yaml  outlet "sendgrid": the environment variable SENDGRID_API_KEY is not '
        "set. Put the API key into it before you start Stammkunde\n"
    )
    assert quick.outcomes() == {"queued": ALL}


UNREACHABLE = {
    "refused": ("http://127.0.0.1:9", "no connection comes about (Connection refused)"),
    "unknown": ("http://nowhere.invalid", "its name is not known here (DNS)"),
}


@pytest.mark.parametrize("name", UNREACHABLE)
def test_a_host_that_is_not_reached_is_tried_again_later(
    quick: Letters, standing: Callable[[], list[Any]], say: Say, name: str
):
    where, words = UNREACHABLE[name]
    quick.settings(address=where)
    _rests(quick, say, f"cannot be reached: {words}. Nothing was sent", {"queued": ALL})
    assert standing() == [("sendgrid", "provider")]
    quick.settings()
    assert say(quick.folder, *QUARTER_PAST)[1] == f"Versandt {ALL}, ausgelassen 0\n"
    assert standing() == []
    assert quick.copies() == addresses()


def test_meanwhile_another_way_out_takes_over(quick: Letters, say: Say):
    quick.settings(address="http://127.0.0.1:9", fallback="folder")
    code, out, _ = say(quick.folder, *AT_NINE)
    assert code == 0
    assert out.startswith(f"Versandt {ALL}, ausgelassen 0\n")
    assert out.endswith("Inzwischen nehmen sie den Versandweg folder\n")
    assert quick.rows("send", "outcome", "outlet") == [("accepted", "folder")] * ALL
    assert len(quick.mails()) == ALL


def test_an_expired_certificate_is_not_relied_on(
    quick: Letters, say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    authority = Authority.found(tmp_path)
    yesterday = datetime.now(UTC)  # noqa: TID251 - certificates run by the clock on the wall
    monkeypatch.setenv("SSL_CERT_FILE", authority.file)
    with _showing(authority.context("localhost", until=yesterday)) as where:
        quick.settings(address=where)
        words = (
            "localhost cannot be reached: it shows a certificate that cannot be relied on "
            "(certificate has expired). Ask who runs the network"
        )
        _rests(quick, say, words, {"queued": ALL})


PROXIES: dict[str, tuple[int, dict[str, int], str]] = {
    "200": (200, {"in_doubt": 5, "queued": 3}, "200 came back, which is not SendGrid's answer"),
    "403": (403, {"queued": ALL}, "a page that is not SendGrid's answer came back (403). Probably"),
    "502": (502, {"in_doubt": 5, "queued": 3}, "SendGrid answered 502"),
}


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_that_answers_in_its_place_is_noticed(quick: Letters, say: Say, name: str):
    status, outcomes, words = PROXIES[name]
    quick.simulator.fault("html", "after_body", status=status)
    _rests(quick, say, words, outcomes)
    assert quick.copies() == {}


def test_a_yes_without_a_number_is_no_proof(quick: Letters, say: Say):
    quick.simulator.fault("empty", "after_body", status=202, count=1)
    code, out, _ = say(quick.folder, *AT_NINE)
    assert code == 0
    assert out.splitlines() == [
        f"Versandt {ALL - 1}, ausgelassen 0",
        "1 ungewiss: noch weiß niemand, ob sie gingen",
    ]
    _, out, _ = say(quick.folder, "doubts", *AT_NINE[2:])
    assert "202 came back without SendGrid's message number: perhaps not from SendGrid" in out


@pytest.mark.parametrize("mode", ["single", "batched"])
@pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])
def test_an_address_only_sendgrid_refuses_holds_nobody_else_back(
    quick: Letters, say: Say, mode: str, named: bool
):
    quick.settings(mode=mode)
    quick.simulator.account(refused={address(2): named})
    code, out, _ = say(quick.folder, *AT_NINE)
    assert code == 0
    ((number, detail),) = [
        row[:2] for row in quick.rows("send", "id", "detail", "outcome") if row[2] == "rejected"
    ]
    said = "Does not contain a valid address" if named else "Bad Request"
    assert detail == f"SendGrid refuses this message: {said}"
    assert out.splitlines() == [
        f"Versandt {ALL - 1}, ausgelassen 0",
        f"1 endgültig abgelehnt, etwa Versand {number}: {detail}",
    ]
    assert quick.outcomes() == {"accepted": ALL - 1, "rejected": 1}
    assert quick.copies() == addresses(n for n in NUMBERS if n != 2)


def test_a_template_that_fails_for_one_lets_all_others_go(quick: Letters, say: Say):
    file = quick.folder / "templates" / "newsletter" / "de" / "body.txt"
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("gute Arbeits", "{{ contact.first_name[0] }} gute Arbeits"), encoding="utf-8"
    )
    code, out, _ = say(quick.folder, *AT_NINE)
    assert code == 0
    first, second = out.splitlines()
    assert first == f"Versandt {ALL - 2}, ausgelassen 0"
    assert second.startswith("2 ließen sich nicht schreiben, etwa Versand ")
    words = (
        "templates/newsletter/de/body.txt:3 uses {{ contact.first_name }}, but contact 4 has no "
        'first_name. Give a fallback: {{ contact.first_name or "…" }}'
    )
    assert second.endswith(words)
    number = second.removeprefix("2 ließen sich nicht schreiben, etwa Versand ").split(":")[0]
    code, _, err = say(quick.folder, "show", number)
    assert code == 1
    assert err == f"send {number} was not delivered: render_failed (template_error). {words}\n"
    assert quick.copies() == addresses(n for n in NUMBERS if n not in (4, 6))


def _rests(letters: Letters, say: Say, words: str, outcomes: dict[str, int]) -> None:
    """The way out is left alone for a quarter of an hour, and the run ends well."""
    code, out, _ = say(letters.folder, *AT_NINE)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "Versandt 0, ausgelassen 0"
    assert lines[-1].startswith("Versandweg sendgrid ruht bis 2026-06-15 09:15: ")
    assert words in lines[-1]
    assert lines[-1].endswith(f": {outcomes['queued']}")
    assert letters.outcomes() == outcomes


@contextmanager
def _showing(papers: ssl.SSLContext) -> Iterator[str]:
    """A server nobody comes to terms with: the address of it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = listening.accept()
                    with suppress(OSError), papers.wrap_socket(caller, server_side=True):
                        pass

        serving = Thread(target=serve, daemon=True)
        serving.start()
        yield f"https://localhost:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        serving.join(timeout=5)

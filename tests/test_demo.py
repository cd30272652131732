"""The demo company lives through its days and leaves mails and figures that add up."""

import csv
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from flows import simulator_process
from flows.cli import main
from flows.config import load
from flows.demo import MARKER, Told, live_through, prepare
from flows.errors import WRONG, ConfigError
from flows.rehearsal_stage import rehearsal
from flows.stages.shop import open_shop
from flows.store.models import Doubt, Enrollment, EventBatch, Response, Send
from flows.store.session import open_store
from segments.names import Locale
from tests.small import CUSTOMERS, FIRST, SHIPPED, lived
from tests.store.rows import people, put

pytestmark = pytest.mark.slow
GERMAN = re.compile(r"[äöüßÄÖÜ]|\b(der|die|das|und|nicht|wir|Sie|Ihre?|für)\b")


@pytest.fixture(scope="module")
def store() -> Engine:
    return open_store(f"sqlite:///{lived().folder / 'var' / 'stammkunde.db'}")


def test_the_same_seed_lives_the_same_life_in_either_language() -> None:
    german, english = lived(Locale.DE), lived(Locale.EN)
    assert german.counts == english.counts
    assert (german.customers, german.orders) == (english.customers, english.orders)
    assert german.customers >= CUSTOMERS


def test_every_journey_of_the_demo_writes() -> None:
    project = load(lived().folder)
    assert project.broken == []
    assert project.live == set(SHIPPED) > {"complaint_recovery", "newsletter", "reference"}
    held_out = [name for name, found in project.journeys.items() if found.journey.holdout == 0.2]
    assert held_out == ["newsletter", "reassurance", "revitalization", "second_order"]


def test_mails_lie_there_and_the_page_lists_them() -> None:
    told = lived()
    folder = told.folder / "var" / "mails"
    mails = sorted(folder.rglob("*.eml"))
    sent = sum(told.counts[f"send {word}"] for word in ("accepted", "delivered", "bounced"))
    assert len(mails) == sent > 0
    page = (folder / "index.html").read_text("utf-8")
    shown = [mail.relative_to(folder).with_suffix(".html") for mail in mails]
    assert [name for name in shown if f'href="{name.as_posix()}"' not in page] == []
    assert all((folder / name).is_file() for name in shown)


def test_an_english_demo_is_english_throughout() -> None:
    folder = lived().folder
    project = load(folder)
    assert project.policy.locale == Locale.EN
    titles = [program.journey.title for program in project.journeys.values()]
    assert [title for title in titles if GERMAN.search(title)] == []
    with (folder / "data" / "contacts.csv").open(encoding="utf-8") as opened:
        speaks = {row["e_mail"]: row["locale"] for row in csv.DictReader(opened)}
    english = german = 0
    for file in (folder / "var" / "mails").rglob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        (address,) = mail["to"].addresses
        # Whoever is known to speak German is written to in German, in this company as well.
        if speaks[address.addr_spec] == "de":
            german += 1
            continue
        english += 1
        body = mail.get_body(("plain",)).get_content()
        assert not GERMAN.search(mail["subject"])
        assert not re.search(r"\b(und|nicht|wir|Ihre?|Guten Tag)\b", body)
    assert english > german


def test_every_candidate_has_one_outcome_and_every_entry_one_end(store: Engine) -> None:
    with store.connect() as connection:
        outcomes = dict(
            connection.execute(select(Send.outcome, func.count()).group_by(Send.outcome)).all()
        )
        reasonless = connection.scalar(
            select(func.count()).where(Send.outcome == "skipped", Send.reason.is_(None))
        )
        entered = connection.scalar(select(func.count()).select_from(Enrollment))
        states = Counter(connection.scalars(select(Enrollment.status)))
    told = lived().counts
    assert reasonless == 0
    assert {f"send {word}": number for word, number in outcomes.items()} == {
        word: number for word, number in told.items() if word.startswith("send ")
    }
    assert outcomes["ghost"] > 0
    assert "claimed" not in outcomes
    assert entered == states["active"] + states["finished"] + states["exited"] > 0


def test_a_foreign_folder_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(ConfigError, match="not empty and no demo; say another --dir"):
        prepare(tmp_path, 20, 7, Locale.DE, FIRST)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="is a file"):
        prepare(tmp_path / "demo", 20, 7, Locale.DE, FIRST)


def test_an_older_demo_makes_room_and_an_empty_folder_is_used(tmp_path: Path) -> None:
    prepare(tmp_path, 20, 7, Locale.EN, FIRST)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "left-over.db").touch()
    prepare(tmp_path, 20, 7, Locale.DE, FIRST)
    assert (tmp_path / MARKER).exists()
    assert not (tmp_path / "var").exists()
    assert load(tmp_path).policy.locale == Locale.DE


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, dict[str, Any]]:
    """A demo of some days through the simulator, and what that has counted."""
    folder = tmp_path_factory.mktemp("rehearsed") / "demo"
    days = [date(2024, 11, 1) + timedelta(days=number) for number in range(12)]
    with rehearsal(7) as stage:
        company = prepare(folder, 90, 7, Locale.EN, days[0])
        stage.furnish(folder)
        # More goes wrong than in a demo of this size: some answers are lost, and some requests.
        faults = [
            {"what": "status 500", "when": "after_accept", "share": 0.15, "seed": 1},
            {"what": "reset", "when": "after_accept", "share": 0.1, "seed": 2},
            {"what": "status 503", "when": "after_body", "share": 0.1, "seed": 3},
        ]
        stage.simulator.ask("PUT", "faults", faults)
        told = live_through(company, folder, days, with_prefect=0, stage=stage)
        return told, stage.simulator.ask("GET", "stats")


def test_a_demo_through_the_simulator_agrees_with_its_mailboxes(
    rehearsed: tuple[Told, dict[str, Any]],
):
    told, stats = rehearsed
    balance = told.balance
    assert balance is not None
    assert balance.differences == []
    assert balance.taken == stats["accepted"] > 20
    assert balance.delivered == balance.held == stats["in_mailboxes"] > 20
    assert balance.taken == balance.delivered + balance.bounced + balance.dropped
    assert balance.failures == sum(rule["hits"] for rule in stats["faults"]) > 3
    counted = {word: told.counts[f"send {word}"] for word in ("accepted", "delivered", "in_doubt")}
    assert counted == {
        "accepted": 0,
        "delivered": balance.delivered,
        "in_doubt": balance.in_doubt,
    }


def test_doubts_of_that_demo_arose_and_were_settled(rehearsed: tuple[Told, dict[str, Any]]):
    told, stats = rehearsed
    engine = open_store(f"sqlite:///{told.folder / 'var' / 'stammkunde.db'}")
    with engine.connect() as connection:
        settled = Counter(connection.scalars(select(Doubt.settled_as)))
        kinds = Counter(connection.scalars(select(Response.kind)))
        batches = connection.scalars(select(EventBatch.applied_at)).all()
    assert settled["delivered"] >= 1
    assert settled["in_doubt"] == told.balance.in_doubt >= 1
    assert sum(settled.values()) == sum(rule["hits"] for rule in stats["faults"])
    # Replies come from people, all the rest from the simulator, as often as it told of them.
    assert kinds["delivered"] == told.balance.delivered
    assert kinds["processed"] + kinds["dropped"] == told.balance.taken
    assert batches
    assert all(batches)
    engine.dispose()


def test_what_the_books_and_the_mailboxes_disagree_about_is_told(tmp_path: Path):
    folder = tmp_path / "demo"
    with rehearsal(7) as stage:
        prepare(folder, 20, 7, Locale.EN, FIRST)
        stage.furnish(folder)
        shop = open_shop(folder)
        people(shop.engine)
        put(shop.engine, Enrollment, {"id": 1})
        rows = [{"id": n, "step": f"s{n}", "outcome": "delivered"} for n in (4, 5)]
        put(shop.engine, Send, *rows, {"id": 6, "step": "s6", "outcome": "in_doubt"})
        balance = stage.balance(shop)
        shop.engine.dispose()
    assert balance.in_doubt == 1
    assert balance.differences == [
        "2 messages were never accepted, and our store says so (sends 4, 5)",
        "2 messages lie in no mailbox, and our store says so (sends 4, 5)",
    ]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_ended_leaves_nothing_running(tmp_path: Path, number: signal.Signals):
    words = ["demo", "--outlet", "sendgrid-simulator", "--customers", "20", "--days", "9"]
    demo = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *words, "--dir", "demo"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever was started in the background is deaf to Ctrl-C, and so are its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert demo.stderr is not None
    with demo.stderr:
        told = next(line for line in demo.stderr if "simulator" in line)
        demo.send_signal(number)
        rest = demo.stderr.read()
    code = demo.wait(30)
    assert code not in (0, 1)
    assert "Traceback" not in rest
    process = int(re.search(r"process (\d+)", told)[1])
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_an_installed_package_says_that_it_has_no_simulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(simulator_process, "_ROOT", tmp_path)
    with pytest.raises(ConfigError, match="comes with the source checkout only"), rehearsal(7):
        pass


def test_an_outlet_the_demo_does_not_have_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("STAMMKUNDE_PROJECT", ".")
    words = ["stammkunde", "demo", "--outlet", "smtp", "--dir", str(tmp_path / "demo")]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == WRONG
    assert "Write folder or sendgrid-simulator" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()

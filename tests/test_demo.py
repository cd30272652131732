"""The demo company lives through its days and leaves mails and figures that add up."""

import csv
import re
from collections import Counter
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from flows.config import load
from flows.demo import MARKER, prepare
from flows.errors import ConfigError
from flows.store.models import Enrollment, Send
from flows.store.session import open_store
from segments.names import Locale
from tests.small import CUSTOMERS, FIRST, lived

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
    assert project.live == {"newsletter", "reassurance", "revitalization", "second_order"}
    assert all(program.journey.holdout == 0.2 for program in project.journeys.values())


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

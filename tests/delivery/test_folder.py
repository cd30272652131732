"""The folder outlet: files by day, a page that lists and shows them, nothing twice or lost."""

import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from flows.delivery import page
from flows.delivery.folder import FolderOutlet
from flows.delivery.outlet import Asked, Receipt
from flows.errors import DeliveryError
from flows.outgoing import Outgoing
from segments.names import Outcome
from tests.delivery.outlets import mail
from tests.delivery.rows import NOW


def deliver(folder: Path, *mails: Outgoing) -> list[Receipt]:
    with FolderOutlet(folder) as outlet:
        return list(outlet.deliver(outlet.pack(mails, NOW)))


def listed(folder: Path) -> list[str]:
    soup = BeautifulSoup((folder / "index.html").read_bytes(), "html.parser")
    return [str(link["href"]) for link in soup.select("#rows .mail a")]


def test_a_mail_lies_in_the_folder_of_its_day_as_it_would_have_left(tmp_path: Path) -> None:
    late = mail(7, datetime(2026, 5, 1, 23, 59, tzinfo=UTC))
    (receipt,) = deliver(tmp_path, late)
    assert receipt == Receipt(7, Outcome.ACCEPTED, "2026-05-01/7.eml")
    assert (tmp_path / "2026-05-01" / "7.eml").read_bytes() == late.as_bytes()
    assert listed(tmp_path) == ["2026-05-01/7.html"]


def test_the_same_mail_again_is_accepted_and_written_once(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1), mail(2))
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    receipts = deliver(tmp_path, mail(2), mail(1))
    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    after = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert after == before


def test_another_mail_under_the_same_number_is_refused_and_the_first_kept(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1))
    (receipt,) = deliver(tmp_path, mail(1, text="Something else"))
    assert receipt.outcome == Outcome.REJECTED
    assert (tmp_path / "2026-03-02" / "1.eml").read_bytes() == mail(1).as_bytes()
    assert len(listed(tmp_path)) == 1


def test_tests_are_files_of_their_own(tmp_path: Path) -> None:
    tests = [mail(0), mail(0), mail(0, datetime(2026, 5, 1, 12, tzinfo=UTC))]
    assert [receipt.provider_id for receipt in deliver(tmp_path, *tests)] == [
        "2026-03-02/test-1.eml", "2026-03-02/test-2.eml", "2026-05-01/test-1.eml",
    ]  # fmt: skip
    assert len(listed(tmp_path)) == 3


def test_rows_are_added_to_the_page_and_earlier_ones_stay(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1))
    size = (tmp_path / "index.html").stat().st_size
    start = (tmp_path / "index.html").read_bytes()
    deliver(tmp_path, mail(2))
    content = (tmp_path / "index.html").read_bytes()
    assert content[:size] == start
    assert listed(tmp_path) == ["2026-03-02/1.html", "2026-03-02/2.html"]


def test_a_row_a_crash_left_half_written_is_mended(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1), mail(2))
    index = tmp_path / "index.html"
    index.write_bytes(index.read_bytes()[:-25])
    assert deliver(tmp_path, mail(2))[0].outcome == Outcome.ACCEPTED
    assert listed(tmp_path) == ["2026-03-02/1.html", "2026-03-02/2.html"]


def test_a_page_of_an_earlier_version_gets_the_new_head_and_keeps_its_rows(
    tmp_path: Path,
) -> None:
    deliver(tmp_path, mail(1))
    index = tmp_path / "index.html"
    index.write_bytes(b"<!doctype html>\nold\n" + index.read_bytes()[len(page.list_head()) :])
    deliver(tmp_path)
    assert index.read_text(encoding="utf-8").startswith(page.list_head())
    assert listed(tmp_path) == ["2026-03-02/1.html"]


EVIL = '"><script>alert(1)</script>&amp;{{html}}'


def test_pages_escape_whatever_a_mail_holds(tmp_path: Path) -> None:
    evil = mail(1, to_name=EVIL, subject=EVIL, text=EVIL, html=f"<p>{EVIL}</p>")
    deliver(tmp_path, evil)
    index = BeautifulSoup((tmp_path / "index.html").read_bytes(), "html.parser")
    assert len(index.find_all("script")) == 1
    row = index.select_one("#rows .mail")
    assert row is not None
    assert (row.b and row.b.text, row.span and row.span.text) == (EVIL, EVIL)
    shown = BeautifulSoup((tmp_path / "2026-03-02" / "1.html").read_bytes(), "html.parser")
    assert not shown.find_all("script")
    assert shown.h1 is not None
    assert shown.h1.text == EVIL
    assert shown.pre is not None
    assert shown.pre.text == EVIL
    assert shown.iframe is not None
    assert shown.iframe["srcdoc"] == f"<p>{EVIL}</p>"
    assert "allow-scripts" not in shown.iframe["sandbox"]


def test_a_page_loads_nothing_from_outside(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1))
    for file in tmp_path.rglob("*.html"):
        soup = BeautifulSoup(file.read_bytes(), "html.parser")
        assert not soup.find_all("link")
        assert not soup.find_all(src=True)


def test_links_of_a_mail_open_beside_the_preview(tmp_path: Path) -> None:
    shown = page.preview(mail(1, html="<html><HEAD lang=x></HEAD></html>"), "1.eml")
    assert "&lt;HEAD lang=x&gt;&lt;base target=&quot;_blank&quot;&gt;" in shown


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "mails").write_text("a file")
    with pytest.raises(DeliveryError, match="cannot be written"):
        FolderOutlet(tmp_path / "mails")


def test_a_day_that_cannot_be_written_takes_none_of_its_mails(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1))
    (tmp_path / "2026-03-03").write_text("a file")
    with FolderOutlet(tmp_path) as outlet:
        mails = [mail(2), mail(3, datetime(2026, 3, 3, tzinfo=UTC)), mail(4)]
        receipts = outlet.deliver(outlet.pack(mails, NOW))
        assert next(receipts).send_id == 2
        with pytest.raises(DeliveryError):
            next(receipts)
    assert listed(tmp_path) == ["2026-03-02/1.html", "2026-03-02/2.html"]


def test_rows_a_full_disk_had_no_room_for_are_there_as_soon_as_it_has(tmp_path: Path) -> None:
    deliver(tmp_path, mail(1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with FolderOutlet(tmp_path) as outlet:
        receipts = outlet.deliver(outlet.pack([mail(2), mail(3), mail(4)], NOW))
        assert [next(receipts).send_id for _ in range(2)] == [2, 3]
        try:
            room = (tmp_path / "index.html").stat().st_size + 10
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
            with pytest.raises(DeliveryError, match="cannot be written"):
                receipts.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    deliver(tmp_path, mail(4))
    assert listed(tmp_path) == [f"2026-03-02/{number}.html" for number in (1, 2, 3, 4)]


def asked(number: int) -> Asked:
    return Asked(number, "r1", "ada@example.com", NOW, None, None)


def test_a_mail_in_doubt_went_if_its_file_is_there_and_gets_the_row_it_lacks(
    tmp_path: Path,
) -> None:
    with FolderOutlet(tmp_path) as outlet:
        receipts = outlet.deliver(outlet.pack([mail(1, subject="Grüße & mehr"), mail(2)], NOW))
        assert next(receipts).outcome == Outcome.ACCEPTED
        # The process ends here as if killed: nobody writes the row.
        index = (tmp_path / "index.html").read_bytes()
        receipts.close()
        row = (tmp_path / "index.html").read_bytes().removeprefix(index)
        (tmp_path / "index.html").write_bytes(index)
    with FolderOutlet(tmp_path) as outlet:
        went, missing = outlet.look_up([asked(1), asked(2)], NOW)
    assert (went.outcome, went.provider_id) == (Outcome.ACCEPTED, "2026-03-02/1.eml")
    assert missing.outcome == Outcome.QUEUED
    assert (tmp_path / "index.html").read_bytes() == index + row
    with FolderOutlet(tmp_path) as outlet:
        list(outlet.look_up([asked(1)], NOW))
    assert listed(tmp_path) == ["2026-03-02/1.html"]


def test_two_outlets_write_to_one_folder_and_neither_loses_a_row(tmp_path: Path) -> None:
    def write(first: int) -> None:
        for start in range(first, first + 40, 4):
            deliver(tmp_path, *map(mail, range(start, start + 4)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, (1, 101)))
    assert len(listed(tmp_path)) == len(set(listed(tmp_path))) == 80

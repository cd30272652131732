"""What single stages say at their end: a line for lists of runs, and a page to read."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from flows.delivery.report import DeliveryReport
from flows.intake.report import PullReport, Reason, TableReport
from flows.responses.apply import ResponseReport
from flows.stages import pages
from flows.stages.digesting import DigestReport
from flows.stages.retaining import RetentionReport
from flows.stages.suppressing import ListsReport
from segments.names import Locale, Outcome, ResponseKind, SkipReason

NOW = datetime(2026, 11, 18, tzinfo=UTC)
EN, DE = Locale.EN, Locale.DE
LINES = TableReport(
    "order_lines",
    "data/lines.csv",
    read=1200,
    new=1180,
    rejected=20,
    reasons=(Reason("quantity", "is not a number", 20, 4),),
)
PULLED = PullReport((LINES, TableReport("customers", left_alone=True)), NOW, False, "", 0.1)


def delivery() -> DeliveryReport:
    report = DeliveryReport()
    for _ in range(3):
        report.count("thanks", Outcome.ACCEPTED)
    report.count("thanks", Outcome.IN_DOUBT)
    report.held_back[SkipReason.OBJECTED] = 2
    return report


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (EN, "Read 1,200, new 1,180, refused 20, unchanged files left alone 1"),
        (DE, "Gelesen 1.200, neu 1.180, abgewiesen 20, unveränderte Dateien übergangen 1"),
    ],
)
def test_what_came_in_is_told_with_what_was_refused_and_why(locale: Locale, said: str) -> None:
    told = pages.pulled(PULLED, NOW, locale)
    assert (told.said, told.nothing) == (said, "")
    assert "- data/lines.csv: quantity is not a number (20 times, first in row 4)" in told.page


@pytest.mark.parametrize(
    ("locale", "start"), [(EN, "Sent 3, left out 2; 1 in doubt"), (DE, "Versandt 3, ausgelassen 2")]
)
def test_what_went_out_is_told_with_who_was_left_out(locale: Locale, start: str) -> None:
    told = pages.delivered(delivery(), locale)
    assert told.said.startswith(start)
    assert told.nothing == ""
    assert "| thanks | 3 | 1 |" in told.page


@pytest.mark.parametrize(("locale", "said"), [(EN, "Nothing to send"), (DE, "Nichts zu versenden")])
def test_where_nothing_was_due_the_run_is_called_so_and_keeps_no_page(
    locale: Locale, said: str
) -> None:
    told = pages.delivered(DeliveryReport(), locale)
    assert (told.said, told.nothing, told.page) == (said, said, "")


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (EN, "Came back 5, orders that followed a message 2, not understood 1"),
        (DE, "Zurückgekommen 5, Bestellungen nach einer Nachricht 2, unverständlich 1"),
    ],
)
def test_what_came_back_is_told_kind_by_kind(locale: Locale, said: str) -> None:
    kinds = Counter({ResponseKind.DELIVERED: 4, ResponseKind.BOUNCE: 1})
    told = pages.answered(ResponseReport(new=kinds, orders=2, refused=1), locale)
    assert told.said == said
    assert " | 4 |" in told.page


@pytest.mark.parametrize(("locale", "said"), [(EN, "Nothing new"), (DE, "Nichts Neues")])
def test_where_nothing_came_back_there_is_no_page(locale: Locale, said: str) -> None:
    assert pages.answered(ResponseReport(), locale) == pages.Told(said, nothing=said)


def test_lists_that_told_nothing_new_make_a_run_of_nothing_new() -> None:
    assert pages.lists_read(ListsReport(), EN).nothing == "Nothing to read"
    read = ListsReport(read={"main bounces": 40}, new={"main bounces": 0})
    assert pages.lists_read(read, EN).nothing == "Nothing new"
    read.new["main bounces"] = 2
    told = pages.lists_read(read, DE)
    assert told.said == "Neu gesperrt 2, auf den Listen 40"
    assert "| main bounces | 40 | 2 |" in told.page


def test_who_had_a_digest_stays_with_us() -> None:
    report = DigestReport(sent=["anna"], quiet=["bernd", "carla"])
    told = pages.digested(report, EN)
    assert (told.said, told.nothing) == ("Digests sent 1, nothing to tell 2", "")
    assert "anna" not in told.said + told.page
    assert pages.digested(DigestReport(quiet=["anna"]), DE).nothing == "Nichts mitzuteilen"


def test_what_was_let_go_is_counted_kind_by_kind() -> None:
    told = pages.retained(RetentionReport(gone={"response_detail": 1200, "notice": 0}), DE)
    assert told.said == "Gelöscht 1.200, wie retention: in config/policy.yaml es will"
    assert "| Einzelheiten der Rückmeldungen | 1.200 |" in told.page
    assert "notice" not in told.page
    assert pages.retained(RetentionReport(), EN).nothing == "Nothing too old"

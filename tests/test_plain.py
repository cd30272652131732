"""What the commands without Prefect print."""

from datetime import UTC, datetime

import pytest

from flows.intake.report import PullReport, Reason, TableReport
from flows.plain import print_tables, say_pull
from segments.names import Locale

NOW = datetime(2026, 11, 18, tzinfo=UTC)
LINES = TableReport(
    "order_lines",
    "data/lines.csv",
    read=1200,
    new=1180,
    rejected=20,
    reasons=(Reason("quantity", "is not a number", 17, 4), Reason("", "stands twice", 3, 90)),
)


def test_a_pull_shows_its_tables_and_why_rows_were_rejected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = PullReport((LINES, TableReport("customers")), NOW, False, "", 0.1)
    say_pull(report, NOW, Locale.EN)
    out = capsys.readouterr().out
    table, _, rejects = out.strip().partition("\n\n")
    assert [row.split()[-4:] for row in table.splitlines()] == [
        ["Read", "New", "Changed", "Refused"],
        ["─" * len(word) for word in ("Read", "New ", "Changed", "Refused")],
        ["1200", "1180", "0", "20"],
        ["0", "0", "0", "0"],
    ]
    assert rejects.splitlines() == [
        "data/lines.csv: quantity is not a number (17 times, first in row 4)",
        "data/lines.csv: stands twice (3 times, first in row 90)",
    ]


def test_a_pull_of_nothing_wrong_says_nothing_about_rejects(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_pull(PullReport((TableReport("customers"),), NOW, False, "", 0.1), NOW, Locale.EN)
    assert len(capsys.readouterr().out.strip().splitlines()) == 3


def test_no_interval_is_shown_by_half(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    row = {"Journey": "Monatsbrief", "95 %": "-5,057 %-Punkte bis +7,299 %-Punkte", "Urteil": "–"}
    print_tables([[row]])
    out = capsys.readouterr().out
    assert "+7,299 %-Punkte" in out
    assert "…" not in out

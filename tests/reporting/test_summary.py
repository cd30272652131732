"""The page a marketer reads, whole and in both languages."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.reporting.facts import RunFacts
from flows.reporting.summary import attention, daily_summary, effect_summary, headline
from segments.names import Locale
from tests.reporting.cases import EMPTY, FULL

GOLDEN = Path(__file__).parent / "golden"
PAGES = {
    "daily": lambda locale: daily_summary(FULL, locale),
    "quiet": lambda locale: daily_summary(EMPTY, locale),
    "effects": lambda locale: effect_summary(FULL, locale),
}


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_the_one_looked_at(page: str, locale: Locale):
    expected = (GOLDEN / f"{page}.{locale}.md").read_text(encoding="utf-8")
    assert PAGES[page](locale) == expected


def test_headline_names_what_there_is_and_nothing_else():
    assert headline(FULL, Locale.EN) == (
        "487 sent, 1 waiting to be sent, 31 held back, 12 kept for comparison, 3 put off, 2 failed"
    )
    assert headline(RunFacts(now=FULL.now), Locale.DE) == "nichts zu versenden"
    assert headline(EMPTY, Locale.EN).startswith("Dry run")


@pytest.mark.parametrize("locale", Locale)
def test_every_table_is_whole(locale: Locale):
    for block in re.findall(r"(?:^\|.*\n)+", daily_summary(FULL, locale), re.MULTILINE):
        bars = [len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()]
        assert len(set(bars)) == 1
        assert len(bars) >= 3


def test_titles_cannot_bring_in_html_or_cells():
    page = daily_summary(FULL, Locale.EN)
    assert "<b>" not in page
    assert "Zweite Bestellung \\| &lt;b>neu" in page


def test_a_good_day_needs_no_attention():
    assert attention(EMPTY, Locale.EN) == []


def test_lines_of_a_note_stay_one_point():
    page = daily_summary(replace(EMPTY, notes=("first\n\n# second",)), Locale.EN)
    assert "- first # second" in page


frames = ["entered", "left", "sends", "tasks", "phases", "rejects", "journeys", "effects"]


@settings(max_examples=15, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_counted_rows_changes_nothing(order):
    def shuffled(counts: pd.DataFrame) -> pd.DataFrame:
        rows = list(counts.index)
        order.shuffle(rows)
        return counts.loc[rows]

    mixed = replace(FULL, **{name: shuffled(getattr(FULL, name)) for name in frames})
    assert daily_summary(mixed, Locale.DE) == daily_summary(FULL, Locale.DE)
    assert effect_summary(mixed, Locale.DE) == effect_summary(FULL, Locale.DE)

"""The page a marketer reads each morning, whole and in both languages."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.reporting.day_page import (
    day_page,
    effect_told,
    left_out_told,
    needs_person,
    person_told,
    preview_page,
)
from flows.reporting.facts import RunFacts
from segments.names import Locale
from tests.reporting.cases import DAY, EMPTY, FULL, QUIET

GOLDEN = Path(__file__).parent / "golden"
PAGES = {
    "daily": lambda locale: day_page(DAY, locale),
    "quiet": lambda locale: day_page(replace(QUIET, run=replace(EMPTY, dry_run=False)), locale),
    "preview": lambda locale: preview_page(replace(DAY, run=replace(FULL, dry_run=True)), locale),
}


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_the_one_looked_at(page: str, locale: Locale):
    expected = (GOLDEN / f"{page}.{locale}.md").read_text(encoding="utf-8")
    assert PAGES[page](locale) == expected


@pytest.mark.parametrize("locale", Locale)
def test_every_table_is_whole(locale: Locale):
    for block in re.findall(r"(?:^\|.*\n)+", day_page(DAY, locale), re.MULTILINE):
        bars = [len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()]
        assert len(set(bars)) == 1
        assert len(bars) >= 3


def test_titles_cannot_bring_in_html_or_cells():
    page = day_page(DAY, Locale.EN)
    assert "<b>" not in page
    assert "Zweite Bestellung \\| &lt;b>neu" in page


def test_lines_of_a_note_stay_one_point():
    noted = replace(QUIET, run=replace(EMPTY, notes=("first\n\n# second",)))
    assert "- first # second" in day_page(noted, Locale.EN)


def test_five_figures_are_compared_with_the_day_that_was_decided_before():
    rows = re.findall(r"^\| (.+) \|$", day_page(DAY, Locale.EN), re.MULTILINE)[:7]
    assert [row.split(" | ") for row in rows if "---" not in row] == [
        ["Figure", "This day", "Sat 28 Feb", "Change"],
        ["New orders", "1,203", "1,100", "+103"],
        ["Began a journey", "1,048", "1,048", "0"],
        ["Sent", "487", "500", "-13"],
        ["Held out", "12", "11", "+1"],
        ["Left out", "31", "0", "+31"],
    ]


def test_without_a_day_before_nothing_is_compared():
    page = day_page(replace(DAY, before=None, day_before=None), Locale.EN)
    assert "| Figure | This day |" in page


def test_what_needs_a_person_is_said_once_each_with_what_to_do():
    found = needs_person(DAY, Locale.EN)
    assert found[0].startswith("Journey revitalization stands still")
    assert found[1].endswith("wait for approval 15 (`stammkunde approve second_order`)")
    assert found[-2].startswith("messages in doubt 1,201")
    assert found[-1] == "tasks overdue 2 (`stammkunde tasks --due overdue`)"
    assert person_told(DAY, Locale.EN) == f"Needs a person: {len(found)}."
    assert person_told(QUIET, Locale.DE) == "Nichts braucht einen Menschen."


def test_a_funnel_can_be_read_without_being_drawn():
    page = day_page(DAY, Locale.EN)
    chain = next(line for line in page.splitlines() if line.startswith("    t0"))
    assert chain == (
        '    t0["Began: 5,400"] --> t1["Message due: 5,395 (100%)"] --> t2["Sent: 5,390 (100%)"] '
        '--> t3["Arrived: 5,300 (98%)"] --> t4["Reached the goal: 970 (18%)"]'
    )
    assert "| Nach dem Kauf: gut entschieden | in the journey | 5,400 | 5,395 |" in page


def test_what_was_brought_says_when_it_is_too_early_to_tell():
    early = replace(QUIET, run=RunFacts(now=FULL.now))
    assert "Too early to tell" in day_page(early, Locale.EN)
    assert effect_told(early.run, Locale.DE).startswith("Noch zu früh")
    assert effect_told(FULL, Locale.EN) == (
        "Journeys compared: 4 (1 helping, 1 too small to tell, 1 without a group to compare with, "
        "1 with groups not divided as configured)"
    )


def test_who_was_left_out_is_told_with_the_most_frequent_reasons():
    assert left_out_told(FULL, Locale.EN) == (
        "Not sent 36: no permission for this kind of message 20, a complaint is still open 10, "
        "put off 3, and 2 more"
    )
    assert left_out_told(EMPTY, Locale.DE) == "Niemand wurde ausgelassen"


frames = ["entered", "left", "sends", "tasks", "phases", "rejects", "journeys", "effects"]


@settings(max_examples=10, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_counted_rows_changes_nothing(order):
    def shuffled(counts: pd.DataFrame) -> pd.DataFrame:
        rows = list(counts.index)
        order.shuffle(rows)
        return counts.loc[rows]

    run = replace(FULL, **{name: shuffled(getattr(FULL, name)) for name in frames})
    mixed = replace(DAY, run=run, funnels=shuffled(DAY.funnels), waits=shuffled(DAY.waits))
    assert day_page(mixed, Locale.DE) == day_page(DAY, Locale.DE)

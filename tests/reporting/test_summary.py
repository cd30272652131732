"""What a day did in one line, and what the journeys brought, in both languages."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.reporting.facts import RunFacts
from flows.reporting.summary import attention, effect_summary, headline
from segments.names import Locale
from tests.reporting.cases import EMPTY, FULL

GOLDEN = Path(__file__).parent / "golden"
PAGES = {
    "effects": lambda locale: effect_summary(FULL, locale),
}


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_the_one_looked_at(page: str, locale: Locale):
    expected = (GOLDEN / f"{page}.{locale}.md").read_text(encoding="utf-8")
    assert PAGES[page](locale) == expected


def test_headline_names_what_there_is_and_nothing_else():
    assert headline(FULL, Locale.EN) == (
        "Sent 487, to be sent 1, held out 12, left out 31, put off 3, failed 2"
    )
    assert headline(RunFacts(now=FULL.now), Locale.DE) == "Nichts zu versenden"
    assert headline(EMPTY, Locale.EN) == "Only shown: nothing to send"


def test_a_good_day_needs_no_attention():
    assert attention(EMPTY, Locale.EN) == []


frames = ["entered", "left", "sends", "tasks", "phases", "rejects", "journeys", "effects"]


@settings(max_examples=15, deadline=None)
@given(order=st.randoms(use_true_random=False))
def test_the_order_of_counted_rows_changes_nothing(order):
    def shuffled(counts: pd.DataFrame) -> pd.DataFrame:
        rows = list(counts.index)
        order.shuffle(rows)
        return counts.loc[rows]

    mixed = replace(FULL, **{name: shuffled(getattr(FULL, name)) for name in frames})
    assert headline(mixed, Locale.DE) == headline(FULL, Locale.DE)
    assert effect_summary(mixed, Locale.DE) == effect_summary(FULL, Locale.DE)

"""Rows for table artifacts."""

from dataclasses import replace

import pandas as pd
import pytest
from sqlalchemy import Engine

from flows.reporting import brought, tables
from flows.reporting.day_page import day_page
from flows.reporting.facts import DayFacts, RunFacts, tally
from flows.store.counts import day_counts, journey_counts
from flows.store.effects import effect_windows
from flows.store.terms import Term
from segments.costs import CostPolicy
from segments.effect.estimate import estimate
from segments.names import Locale, SkipReason
from tests.reporting.cases import EMPTY, FULL, NOW, QUIET


def test_skips_are_rows_with_the_most_frequent_first():
    rows = tables.skips(FULL, Locale.EN)
    assert rows[0] == {
        "Journey": "Zweite Bestellung | <b>neu</b>",
        "Message": "second_order",
        "Reason": "no permission for this kind of message",
        "Number": 14,
        "For example send": "41",
    }
    numbers = [row["Number"] for row in rows]
    assert numbers == sorted(numbers, reverse=True)
    assert len(rows) == 6


def test_reasons_add_up_over_journeys():
    rows = tables.reasons(FULL, Locale.EN)
    assert (rows[0]["Number"], rows[0]["For example send"]) == (20, "30")
    figures = tally(FULL.sends)
    unsent = figures["held_back"] + figures["later"] + figures["failed"]
    assert sum(int(row["Number"]) for row in rows) == unsent


def test_a_table_stops_where_nobody_reads_on():
    many = pd.DataFrame(
        [("j", f"m{at:04}", "skipped", "shadow", 1, at) for at in range(1_000)],
        columns=FULL.sends.columns,
    )
    shown, rest = tables.shortened(tables.skips(replace(FULL, sends=many), Locale.EN))
    assert (len(shown), rest) == (tables.MOST_ROWS, 700)


def test_many_journeys_are_named_in_part():
    many = pd.DataFrame(
        [(f"j{at}", "m", "skipped", SkipReason.SHADOW, 1, at) for at in range(5)],
        columns=FULL.sends.columns,
    )
    rows = tables.reasons(replace(FULL, sends=many), Locale.EN)
    assert rows[0]["Journeys"] == "j0, j1, j2 and 2 more"


def test_messages_that_were_only_skipped_are_not_among_the_sent():
    assert [row["Message"] for row in tables.sent(FULL, Locale.EN)] == [
        "reassurance",
        "second_order",
    ]


@pytest.mark.parametrize("reasons", [[None, None], ["no_permission", None]])
@pytest.mark.parametrize("kind", ["object", "str"])
def test_a_missing_reason_is_said_by_its_outcome(reasons: list[str | None], kind: str):
    sends = pd.DataFrame(
        {
            "journey": ["j", "j"],
            "message": ["m", "m"],
            "outcome": ["skipped", "deferred"],
            "reason": pd.Series(reasons, dtype=kind),
            "number": pd.Series([2, 1], dtype="Int64"),
            "example": pd.Series([1, 2], dtype="Int64"),
        }
    )
    said = [row["Reason"] for row in tables.reasons(replace(EMPTY, sends=sends), Locale.EN)]
    first = "held back" if reasons[0] is None else "no permission for this kind of message"
    assert said == [first, "put off"]


def test_a_dry_run_has_no_send_to_look_at_yet():
    facts = replace(FULL, sends=FULL.sends.assign(example=None))
    assert {row["For example send"] for row in tables.reasons(facts, Locale.EN)} == {"–"}
    assert {row["For example send"] for row in tables.skips(facts, Locale.EN)} == {"–"}
    assert "(for example send –)" in day_page(DayFacts(facts), Locale.EN)


def test_what_an_empty_store_answers_makes_a_page(engine: Engine):
    with engine.connect() as connection:
        counts = day_counts(connection, NOW, NOW)
        terms = [Term(NOW, CostPolicy(), 0.0)]
        facts = RunFacts(
            now=NOW,
            dry_run=True,
            journeys=journey_counts(connection, NOW),
            effects=estimate(effect_windows(connection, terms, NOW).sums(NOW)),
            **vars(counts),
        )
    assert day_page(DayFacts(facts), Locale.DE) == day_page(QUIET, Locale.DE)
    for rows in (tables.pulled, tables.skips, brought.effects, tables.journeys):
        assert rows(facts, Locale.DE) == []

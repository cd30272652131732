"""What journeys brought, said so that nobody has to know statistics."""

from dataclasses import replace

import pandas as pd
import pytest

from flows.reporting import beside, brought, figures
from flows.reporting.measured import as_data, as_table, only, sections
from segments.effect.nps import nps
from segments.effect.pooled import pooled
from segments.names import Locale
from tests.reporting.cases import EMPTY, FULL

EN, DE = Locale.EN, Locale.DE


def said(journey: str, locale: Locale = EN, **changed) -> str:
    row = next(row for row in brought.primary(FULL.effects) if row["journey"] == journey)
    return brought.sentence(row | changed, FULL, locale)


def test_a_verdict_is_a_sentence_with_money():
    assert said("reassurance") == (
        "helps: about €27.49 more margin per customer, between €22.64 and €32.35"
    )
    assert said("reassurance", DE).startswith("hilft: etwa 27,49\xa0€ mehr Deckungsbeitrag je")
    hurts = {"verdict": "hurts", "adjusted_difference": -900.0}
    hurts |= {"sequence_low": -1500.0, "sequence_high": -300.0}
    assert said("reassurance", **hurts) == (
        "hurts: about €9.00 less margin per customer, between €3.00 and €15.00"
    )


def test_what_is_not_decided_says_what_is_missing():
    open_ = {"verdict": "undecided", "weeks_to_go": 6.4}
    assert said("reassurance", **open_) == (
        "undecided: between +€22.64 and +€32.35 per customer so far; about 6 weeks to go"
    )
    few = open_ | {"missing": 12, "weeks_to_go": float("nan")}
    assert said("reassurance", **few) == (
        "undecided; 12 more customers with a purchase needed in the smaller group"
    )
    nothing = {"verdict": "no_effect", "beyond": 100.0}
    assert said("reassurance", **nothing) == "no effect beyond €1.00 per customer"
    assert said("revitalization") == "none: the groups are not divided as configured"
    assert said("thanks") == "nobody held out, so nothing to compare with"


def test_what_is_too_small_alone_is_told_with_all_journeys_together():
    assert said("second_order") == "too small to ever tell"
    facts = replace(FULL, pooled=pooled(FULL.effects))
    row = next(row for row in brought.primary(facts.effects) if row["journey"] == "second_order")
    assert brought.sentence(row, facts, EN).startswith(
        "too small to ever tell; all journeys together: +€"
    )
    assert len(brought.together(facts, EN)) == 1


def test_attribution_stands_next_to_the_effect():
    told = pd.DataFrame([("reassurance", 70, 900_000)], columns=["journey", "orders", "revenue"])
    (row,) = beside.attributed(replace(FULL, attributed=told), EN)
    assert (row["Orders after a message"], row["Their net revenue"]) == (70, "€9,000.00")
    assert row["Brought more, in all (effect)"] == "+€74,234.41"


def test_displacement_is_priced_as_measured_or_else_as_written():
    gave_way = pd.DataFrame(
        [("reassurance", "second_order", 9, 2), ("second_order", "reassurance", 4, 4)],
        columns=["journey", "by", "waited", "lost"],
    )
    facts = replace(FULL, displaced=gave_way, values={"second_order": 250.0})
    first, second = beside.displaced(facts, EN)
    assert first["Margin expected of each"] == "+€27.49 (measured)"
    assert first["Margin foregone"] == "€54.99"
    assert second["Margin expected of each"] == "€2.50 (as written)"
    assert second["Margin foregone"] == "€10.00"


def test_holding_out_has_a_price_and_a_lesson():
    row = beside.price(FULL, EN)[0]
    assert row["Customers held out"] == 305
    assert row["Margin foregone by holding out"] == "€8,385.74"
    assert row["What it taught"].startswith("helps")


def test_a_score_has_an_interval_and_a_share_of_answers():
    counts = pd.DataFrame(
        [("care", 30.0, 10.0, 10.0, 200.0)],
        columns=["journey", "promoters", "passives", "detractors", "asked"],
    )
    (row,) = beside.recommending(replace(FULL, nps=nps(counts)), EN)
    assert (row["NPS"], row["Answered"], row["Response rate"]) == ("+40", 50, "25.0%")


@pytest.mark.parametrize("value", [0.0, 0.0123, -0.5, 12.345, 1234.5, float("nan")])
def test_figures_have_three_digits_that_say_something(value: float):
    written = {0.0: "0", 0.0123: "0.0123", -0.5: "-0.5", 12.345: "12.3", 1234.5: "1,234"}
    assert figures.number(value, EN) == written.get(value, figures.UNKNOWN)


def test_one_journey_alone_keeps_what_it_is_judged_by():
    facts = only(replace(FULL, pooled=pooled(FULL.effects)), "second_order")
    assert {row["Journey"] for row in brought.effects(facts, EN)} == {
        "Zweite Bestellung | <b>neu</b>"
    }
    assert len(facts.pooled)


def test_everything_is_there_as_data_without_what_json_cannot_say():
    data = as_data(FULL, EN)
    assert [each["journey"] for each in data["journeys"]] == [
        "reassurance",
        "revitalization",
        "second_order",
        "thanks",
    ]
    first = data["journeys"][0]
    assert first["verdict"] == "helps"
    assert [part["part"] for part in first["parts"]][:1] == ["quadrant:top"]
    assert first["holdout_cost"]["cost"] > 0
    thanks = data["journeys"][3]["figures"][0]
    assert thanks["difference"] is None
    assert as_data(EMPTY, EN)["journeys"] == []
    assert len(as_table(FULL, EN)) == len(FULL.effects) + len(FULL.house)


def test_nothing_measured_is_no_section():
    assert sections(EMPTY, DE) == []

"""What journeys brought, as rows: the verdict first and in money, then every figure and part."""

from collections.abc import Callable
from math import isfinite, isnan
from typing import Any

import pandas as pd

from flows.reporting import figures
from flows.reporting.facts import RunFacts, records
from flows.reporting.tables import Row
from flows.reporting.words import say, word
from segments.effect.comparison import ADJUSTED_FROM
from segments.effect.shrunk import shrunk
from segments.names import Locale, Phase, Quadrant, Verdict, Yardstick

MONEY = frozenset({Yardstick.REVENUE, Yardstick.MARGIN})
SHARES = frozenset({Yardstick.GOAL})

LEAST = 10
"""Customers each side of a part needs to be told."""

_KINDS = {"phase": Phase, "quadrant": Quadrant}


def effects(facts: RunFacts, locale: Locale) -> list[Row]:
    """A row per journey: its verdict in a sentence, and margin per customer with its interval."""
    return [_effect(row, facts, locale) for row in primary(facts.effects)] + [
        _effect(row, facts, locale) for row in primary(facts.house)
    ]


def details(facts: RunFacts, locale: Locale) -> list[Row]:
    """A row per journey and figure; among several journeys only those that are compared."""
    rows: list[Row] = []
    several = len(set(facts.effects["journey"])) > 1
    for row in _ordered(_whole(_both(facts))):
        sides = (row["complete_treated"], row["complete_held_out"])
        if not any(sides) or (several and not all(sides)):
            continue
        outcome = Yardstick(row["outcome"])
        write = writer(outcome, facts, locale)
        rows.append(
            {
                say("journey", locale): title(row["journey"], facts, locale),
                say("figure", locale): word(Yardstick, outcome, locale),
                say("in_journey", locale): write(row["mean_treated"], False),
                say("held_out_side", locale): write(row["mean_held_out"], False),
                say("difference", locale): write(row["adjusted_difference"], True),
                say("interval", locale): between(
                    row["adjusted_low"], row["adjusted_high"], write, locale
                ),
                say("relative", locale): _relative(row, locale),
                say("reduction", locale): figures.share(row["reduction"], locale)
                if min(sides) >= ADJUSTED_FROM
                else say("few_to_adjust", locale, few=ADJUSTED_FROM),
                say("verdict", locale): _word(row, locale),
            }
        )
    return rows


def parts(facts: RunFacts, locale: Locale) -> list[Row]:
    """Margin by phase and field: a row per journey and part with `LEAST` customers on each side.

    Beside the plain figure stands the one drawn towards the other parts: an odd figure of few
    customers is mostly chance.
    """
    if not len(facts.effects):
        return []
    of_margin = facts.effects[facts.effects["outcome"] == Yardstick.MARGIN.value]
    write = writer(Yardstick.MARGIN, facts, locale)
    rows: list[Row] = []
    for row in records(shrunk(of_margin).sort_values(["journey", "part"])):
        # What is reckoned from fewer says nothing, and in large figures.
        if min(row["complete_treated"], row["complete_held_out"]) < LEAST:
            continue
        rows.append(
            {
                say("journey", locale): title(row["journey"], facts, locale),
                say("part", locale): _part(str(row["part"]), locale),
                say("customers", locale): _customers(row, locale),
                say("brought_margin", locale): write(row["adjusted_difference"], True),
                say("interval", locale): between(
                    row["adjusted_low"], row["adjusted_high"], write, locale
                ),
                say("drawn_together", locale): write(row["shrunk_difference"], True),
                say("drawn_interval", locale): between(
                    row["shrunk_low"], row["shrunk_high"], write, locale
                ),
                say("verdict", locale): _word(row, locale),
            }
        )
    return rows


def variants(facts: RunFacts, locale: Locale) -> list[Row]:
    """Margin of each variant of a split against the split's others, among those treated."""
    if not len(facts.variants):
        return []
    found = facts.variants[facts.variants["outcome"] == Yardstick.MARGIN.value]
    write = writer(Yardstick.MARGIN, facts, locale)
    return [
        {
            say("journey", locale): title(row["journey"], facts, locale),
            say("part", locale): say(
                "part_variant", locale, word=f"{row['step']}/{row['variant']}"
            ),
            say("variant_customers", locale): " / ".join(
                figures.count(row[name], locale) for name in ("complete", "complete_others")
            ),
            say("variant_margin", locale): write(row["adjusted_difference"], True),
            say("interval", locale): between(
                row["adjusted_low"], row["adjusted_high"], write, locale
            ),
            say("p_holm", locale): figures.number(row["p_holm"], locale),
            say("verdict", locale): word(Verdict, str(row["verdict"]), locale),
        }
        for row in records(found.sort_values(["journey", "step", "variant"]))
    ]


def together(facts: RunFacts, locale: Locale) -> list[Row]:
    """All journeys as one: what they bring per customer, and brought in all."""
    write = writer(Yardstick.MARGIN, facts, locale)
    return [
        {
            say("pooled_journeys", locale): int(row["journeys"]),
            say("brought_margin", locale): write(row["difference"], True),
            say("interval", locale): between(row["low"], row["high"], write, locale),
            say("at_any_time", locale): figures.UNKNOWN
            if row["missing"]
            else between(row["sequence_low"], row["sequence_high"], write, locale),
            say("brought_in_all", locale): write(row["total"], True),
            say("total_interval", locale): between(
                row["total_low"], row["total_high"], write, locale
            ),
        }
        for row in _of_margin(facts.pooled)
        if row["journeys"] > 1
    ]


def sentence(row: dict[str, Any], facts: RunFacts, locale: Locale) -> str:
    """The verdict of one journey in words and money, from the interval good for any day."""
    low, high = row["sequence_low"], row["sequence_high"]

    def money(value: float) -> str:
        return figures.money(value, facts.currency, locale)

    difference = abs(row["adjusted_difference"])
    if row["ratio_alarm"]:
        return say("suspect", locale)
    match Verdict(row["verdict"]):
        case Verdict.NO_HOLDOUT:
            return say("said_no_holdout", locale)
        case Verdict.HELPS:
            ends = {"low": money(low), "high": money(high)}
            return say("said_helps", locale, more=money(difference), **ends)
        case Verdict.HURTS:
            ends = {"low": money(-high), "high": money(-low)}
            return say("said_hurts", locale, less=money(difference), **ends)
        case Verdict.NO_EFFECT:
            return say("said_no_effect", locale, beyond=money(row["beyond"]))
        case Verdict.TOO_SMALL:
            said = say("said_too_small", locale)
            pooled = _pooled(facts, locale)
            return say("said_pooled", locale, said=said, pooled=pooled) if pooled else said
    return _undecided(row, facts, locale)


def title(journey: str, facts: RunFacts, locale: Locale) -> str:
    """What readers call a journey, or all advertising together."""
    return say("all_advertising", locale) if journey == "*" else facts.title(journey)


def _effect(row: dict[str, Any], facts: RunFacts, locale: Locale) -> Row:
    write = writer(Yardstick.MARGIN, facts, locale)
    return {
        say("journey", locale): title(row["journey"], facts, locale),
        say("verdict", locale): sentence(row, facts, locale),
        say("brought_margin", locale): write(row["adjusted_difference"], True),
        say("interval", locale): between(row["adjusted_low"], row["adjusted_high"], write, locale),
        say("at_any_time", locale): between(
            row["sequence_low"], row["sequence_high"], write, locale
        )
        if not row["missing"]
        else figures.UNKNOWN,
        say("customers", locale): _customers(row, locale),
        say("complete", locale): figures.share(row["complete"], locale),
    }


def _undecided(row: dict[str, Any], facts: RunFacts, locale: Locale) -> str:
    low, high, missing = row["sequence_low"], row["sequence_high"], int(row["missing"])
    said = say("said_undecided", locale)
    if missing:
        number = figures.count(missing, locale)
        said = say("said_missing", locale, said=said, n=number)
    elif not isnan(low):
        write = writer(Yardstick.MARGIN, facts, locale)
        ends = {"low": write(low, True), "high": write(high, True)}
        said = say("said_undecided_so_far", locale, **ends)
    weeks = row["weeks_to_go"]
    if isfinite(weeks) and weeks > 0:
        said = say("said_weeks", locale, said=said, n=figures.count(max(round(weeks), 1), locale))
    return said


def _pooled(facts: RunFacts, locale: Locale) -> str:
    """The figure over all journeys, for those too small to have one of their own."""
    write = writer(Yardstick.MARGIN, facts, locale)
    for row in _of_margin(facts.pooled):
        if row["journeys"] > 1 and not isnan(row["difference"]):
            return say(
                "said_pooled_figure",
                locale,
                difference=write(row["difference"], True),
                low=write(row["low"], True),
                high=write(row["high"], True),
            )
    return ""


def _of_margin(found: pd.DataFrame) -> list[dict[str, Any]]:
    return records(found[found["outcome"] == Yardstick.MARGIN.value]) if len(found) else []


def primary(found: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows about margin and all customers of a journey."""
    if not len(found):
        return []
    whole = _whole(found)
    return _ordered(whole[whole["outcome"] == Yardstick.MARGIN.value])


def _both(facts: RunFacts) -> pd.DataFrame:
    known = [found for found in (facts.effects, facts.house) if len(found)]
    return pd.concat(known, ignore_index=True) if known else facts.effects


def _whole(found: pd.DataFrame) -> pd.DataFrame:
    return found[found["part"].isna()] if len(found) else found


def _ordered(found: pd.DataFrame) -> list[dict[str, Any]]:
    if not len(found):
        return []
    rank = {name.value: place for place, name in enumerate(Yardstick)}
    # What stands for no journey of its own comes last.
    order = found.assign(rank=found["outcome"].map(rank), last=found["journey"] == "*").sort_values(
        ["last", "journey", "rank"]
    )
    return records(order.drop(columns=["rank", "last"]))


def _customers(row: dict[str, Any], locale: Locale) -> str:
    return " / ".join(
        figures.count(row[f"customers_{arm}"], locale) for arm in ("treated", "held_out")
    )


def writer(outcome: Yardstick, facts: RunFacts, locale: Locale) -> Callable[[float, bool], str]:
    """How figures of this kind are written, with or without their sign."""

    def write(value: float, signed: bool) -> str:
        if isnan(value):
            return figures.UNKNOWN
        if outcome in MONEY:
            return figures.money(value, facts.currency, locale, signed=signed)
        sign = "+" if signed and value > 0 else ""
        if outcome in SHARES:
            if signed:
                return figures.points(100 * value, say("percentage_points", locale), locale)
            return figures.share(value, locale)
        return sign + figures.number(value, locale)

    return write


def between(low: float, high: float, write: Callable[[float, bool], str], locale: Locale) -> str:
    """From one figure to another; a dash where they are unknown."""
    if isnan(low) or isnan(high):
        return figures.UNKNOWN
    return f"{write(low, True)} {say('to', locale)} {write(high, True)}"


def _relative(row: dict[str, Any], locale: Locale) -> str:
    if isnan(row["ratio"]):
        return figures.UNKNOWN
    low, high = (figures.percent_more(row[f"ratio_{end}"], locale) for end in ("low", "high"))
    return f"{figures.percent_more(row['ratio'], locale)} ({low} {say('to', locale)} {high})"


def _word(row: dict[str, Any], locale: Locale) -> str:
    if row["ratio_alarm"]:
        return say("suspect", locale)
    return word(Verdict, str(row["verdict"]), locale)


def _part(part: str, locale: Locale) -> str:
    kind, _, name = part.partition(":")
    said = word(_KINDS[kind], name, locale) if kind in _KINDS else name
    return say(f"part_{kind}", locale, word=said)

"""What stands beside an effect, as rows: attribution, displacement, price of knowing, scores."""

from math import isnan

from flows.reporting import figures
from flows.reporting.brought import between, primary, sentence, title, writer
from flows.reporting.facts import RunFacts, records
from flows.reporting.tables import Row
from flows.reporting.words import say
from segments.effect.power import holdout_costs
from segments.names import Locale, Verdict, Yardstick

_DECIDED = (Verdict.HELPS, Verdict.HURTS)


def attributed(facts: RunFacts, locale: Locale) -> list[Row]:
    """Orders told together with the last message before them, next to what a journey brought."""
    effects = {row["journey"]: row for row in primary(facts.effects)}
    write = writer(Yardstick.MARGIN, facts, locale)
    rows: list[Row] = []
    for row in records(facts.attributed):
        effect = effects.get(row["journey"])
        brought = (
            float("nan")
            if effect is None
            else effect["adjusted_difference"] * effect["complete_treated"]
        )
        rows.append(
            {
                say("journey", locale): title(row["journey"], facts, locale),
                say("orders_after", locale): int(row["orders"]),
                say("revenue_after", locale): write(float(row["revenue"]), False),
                say("brought_in_all", locale): write(brought, True),
                say("verdict", locale): figures.UNKNOWN
                if effect is None
                else sentence(effect, facts, locale),
            }
        )
    return rows


def displaced(facts: RunFacts, locale: Locale) -> list[Row]:
    """Which journey gave way to which, how often, and what that was expected to cost."""
    rows: list[Row] = []
    for row in records(facts.displaced):
        each, said = _expected(row["journey"], facts, locale)
        lost = each * row["lost"]
        rows.append(
            {
                say("displaced_journey", locale): title(row["journey"], facts, locale),
                say("displaced_by", locale): title(row["by"], facts, locale),
                say("displaced_waited", locale): int(row["waited"]),
                say("displaced_lost", locale): int(row["lost"]),
                say("expected_each", locale): said,
                say("expected_by", locale): _expected(row["by"], facts, locale)[1],
                say("expected_lost", locale): figures.money(lost, facts.currency, locale),
            }
        )
    return rows


def price(facts: RunFacts, locale: Locale) -> list[Row]:
    """What holding customers out cost so far, and what it taught."""
    if not len(facts.effects):
        return []
    write = writer(Yardstick.MARGIN, facts, locale)
    return [
        {
            say("journey", locale): title(row["journey"], facts, locale),
            say("held_back_customers", locale): int(row["complete_held_out"]),
            say("foregone", locale): write(row["cost"], False),
            say("interval", locale): between(row["cost_low"], row["cost_high"], write, locale),
            say("at_stake", locale): write(row["at_stake"], False),
            say("taught", locale): sentence(row, facts, locale),
            say("known_to", locale): write(row["known_to"], False),
        }
        for row in primary(holdout_costs(facts.effects))
        if row["complete_held_out"]
    ]


def recommending(facts: RunFacts, locale: Locale) -> list[Row]:
    """The net promoter score with its interval, how many answered, and how it moved."""
    return [
        {
            say("journey", locale): title(row["journey"], facts, locale),
            say("score", locale): _score(row["nps"], locale),
            say("interval", locale): _scores(row["low"], row["high"], locale),
            say("answered", locale): int(row["answers"]),
            say("asked", locale): int(row["asked"]),
            say("response_rate", locale): figures.share(row["response"], locale),
            say("nps_change", locale): figures.UNKNOWN
            if isnan(row["change"])
            else f"{_score(row['change'], locale)} "
            f"({_scores(row['change_low'], row['change_high'], locale)})",
        }
        for row in records(facts.nps)
    ]


def _expected(journey: str, facts: RunFacts, locale: Locale) -> tuple[float, str]:
    """What one message of a journey is expected to bring: as measured where that is decided."""
    for row in primary(facts.effects):
        if row["journey"] == journey and row["verdict"] in _DECIDED:
            each = float(row["adjusted_difference"])
            money = figures.money(each, facts.currency, locale, signed=True)
            return each, say("measured_source", locale, money=money)
    each = float(facts.values.get(journey, 0.0))
    money = figures.money(each, facts.currency, locale)
    return each, say("written_source", locale, money=money)


def _score(value: float, locale: Locale) -> str:
    """A net promoter score as people write it: from -100 to +100."""
    if isnan(value):
        return figures.UNKNOWN
    return figures.points(round(100 * value), "", locale)


def _scores(low: float, high: float, locale: Locale) -> str:
    if isnan(low) or isnan(high):
        return figures.UNKNOWN
    return f"{_score(low, locale)} {say('to', locale)} {_score(high, locale)}"

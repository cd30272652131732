"""What measuring found, whole: its tables in the order to read them, and as plain data."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from flows.reporting import beside, brought, tables
from flows.reporting.facts import RunFacts, records
from flows.reporting.tables import Row
from flows.reporting.words import say
from flows.store.attribution import ATTRIBUTION
from segments.effect.power import COSTS, holdout_costs
from segments.effect.shrunk import SHRUNK, shrunk
from segments.names import Locale, Yardstick


def sections(facts: RunFacts, locale: Locale) -> list[tuple[str, list[Row], str]]:
    """Heading, rows and a note for each table that has any: verdicts first, then detail."""
    found = [
        ("brought", brought.effects(facts, locale), "brought_note"),
        ("figures", brought.details(facts, locale), ""),
        ("together", brought.together(facts, locale), ""),
        ("parts", brought.parts(facts, locale), ""),
        ("variants", brought.variants(facts, locale), ""),
        ("attributed", beside.attributed(facts, locale), "attributed_note"),
        ("displaced", beside.displaced(facts, locale), ""),
        ("price", beside.price(facts, locale), ""),
        ("nps", beside.recommending(facts, locale), ""),
        ("stand", tables.journeys(facts, locale), ""),
    ]
    return [
        (
            say(heading, locale),
            rows,
            say(note, locale, days=ATTRIBUTION.days) if note else "",
        )
        for heading, rows, note in found
        if rows
    ]


def only(facts: RunFacts, journey: str) -> RunFacts:
    """The same about one journey alone; what all journeys bring together stays to judge it by."""
    gave_way = facts.displaced
    concerns = (gave_way["journey"] == journey) | (gave_way["by"] == journey)
    return replace(
        facts,
        effects=_own(facts.effects, journey),
        house=facts.house.iloc[:0],
        variants=_own(facts.variants, journey),
        attributed=_own(facts.attributed, journey),
        displaced=gave_way[concerns],
        nps=_own(facts.nps, journey),
        journeys=_own(facts.journeys, journey),
    )


def as_data(facts: RunFacts, locale: Locale) -> dict[str, Any]:
    """Everything as numbers, for other programs: money in minor units, shares from 0 to 1."""
    of_margin = facts.effects[facts.effects["outcome"] == Yardstick.MARGIN.value]
    told = {row["journey"]: row for row in brought.primary(facts.effects)}
    drawn = _with(shrunk(of_margin), ["journey", "part", *SHRUNK])
    costs = _with(holdout_costs(facts.effects), ["journey", "part", "outcome", *COSTS])
    return {
        "as_of": facts.now.isoformat(),
        "currency": facts.currency,
        "journeys": [
            {
                "journey": name,
                "title": facts.title(name),
                "said": brought.sentence(row, facts, locale),
                "verdict": str(row["verdict"]),
                "figures": [
                    _without(each, "journey", "part")
                    for each in _rows(_own(facts.effects, name))
                    if each["part"] is None
                ],
                "parts": [
                    _without(each, "journey")
                    for each in _rows(_own(facts.effects, name))
                    if each["part"] is not None
                ],
                "parts_drawn_together": [
                    _without(each, "journey") for each in drawn if each["journey"] == name
                ],
                "variants": [
                    _without(each, "journey") for each in _rows(_own(facts.variants, name))
                ],
                "holdout_cost": next(
                    (
                        {key: each[key] for key in COSTS}
                        for each in costs
                        if each["journey"] == name
                        and each["part"] is None
                        and each["outcome"] == Yardstick.MARGIN.value
                    ),
                    None,
                ),
                "attributed": next(
                    (_without(each, "journey") for each in _rows(_own(facts.attributed, name))),
                    None,
                ),
            }
            for name, row in sorted(told.items())
        ],
        "all_advertising": [_without(each, "journey", "part") for each in _rows(facts.house)],
        "pooled": _rows(facts.pooled),
        "displaced": _rows(facts.displaced),
        "nps": _rows(facts.nps),
    }


def as_table(facts: RunFacts, locale: Locale) -> pd.DataFrame:
    """Every journey, part and figure as one flat table, for a spreadsheet."""
    found = [part for part in (facts.effects, facts.house) if len(part)]
    if not found:
        return facts.effects
    rows = pd.concat(found, ignore_index=True)
    titles = [brought.title(name, facts, locale) for name in rows["journey"]]
    rows.insert(1, "title", titles)
    return rows


def _own(found: pd.DataFrame, journey: str) -> pd.DataFrame:
    return found[found["journey"] == journey]


def _with(found: pd.DataFrame, columns: list[str]) -> list[dict[str, Any]]:
    return _rows(found[columns])


def _rows(found: pd.DataFrame) -> list[dict[str, Any]]:
    return [{name: _plain(value) for name, value in row.items()} for row in records(found)]


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _plain(value: Any) -> Any:
    """As JSON has it: what is not known, or without end, is null."""
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value is pd.NA:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value

"""An experiment from a CSV file, told to people and to programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import pandas as pd
from babel.numbers import format_decimal

from flows.reporting.figures import UNKNOWN, share
from flows.reporting.terminal import table
from flows.reporting.words import say, word
from segments.effect.comparison import ADJUSTED_FROM
from segments.effect.sequence import NEEDED
from segments.names import Locale, Verdict

_RARE = 0.0001


@dataclass(frozen=True)
class Cut:
    """Where a column was cut, and how many values had been above it."""

    threshold: float
    number: int


@dataclass(frozen=True)
class CsvEffect:
    """What a file of customers says: each arm against the control, and what was left out.

    `results` has one row per arm, with the columns of `segments.effect.arms.against_control`.
    """

    file: str
    arm: str
    control: str
    outcome: str
    covariate: str | None
    results: pd.DataFrame
    rows: int
    without_arm: int
    without_outcome: int
    without_covariate: int
    planned: float
    level: float
    share: float | None
    winsorise: float | None = None
    cuts: Mapping[str, Cut] = field(default_factory=dict)


def as_json(effect: CsvEffect) -> dict[str, Any]:
    """For other programs; null where nothing can be known."""
    return {
        "file": effect.file,
        "arm_column": effect.arm,
        "control": effect.control,
        "outcome": effect.outcome,
        "covariate": effect.covariate,
        "rows": effect.rows,
        "without_arm": effect.without_arm,
        "without_outcome": effect.without_outcome,
        "without_covariate": effect.without_covariate,
        "level": effect.level,
        "planned": effect.planned,
        "control_share": effect.share,
        "winsorised": {
            name: {"quantile": effect.winsorise, "threshold": cut.threshold, "values": cut.number}
            for name, cut in effect.cuts.items()
        },
        "results": [_result(row) for row in effect.results.to_dict("records")],
    }


def _result(row: Mapping[Any, Any]) -> dict[str, Any]:
    def known(name: str) -> float | None:
        return float(row[name]) if isfinite(row[name]) else None

    def ends(name: str, less: float = 0.0) -> list[float] | None:
        low, high = known(f"{name}low"), known(f"{name}high")
        return None if low is None or high is None else [low - less, high - less]

    relative = known("ratio")
    return {
        "arm": row["arm"],
        "customers": {"treated": row["customers_treated"], "control": row["customers_held_out"]},
        "known": {"treated": row["complete_treated"], "control": row["complete_held_out"]},
        "nonzero": {"treated": row["nonzero_treated"], "control": row["nonzero_held_out"]},
        "mean": {"treated": known("mean_treated"), "control": known("mean_held_out")},
        "estimate": known("difference"),
        "standard_error": known("error"),
        "degrees_of_freedom": known("degrees"),
        "interval": ends(""),
        "relative_effect": None if relative is None else relative - 1,
        "relative_interval": ends("ratio_", 1.0),
        "confidence_sequence": ends("plain_sequence_"),
        "adjusted_estimate": known("adjusted_difference"),
        "adjusted_standard_error": known("adjusted_error"),
        "adjusted_interval": ends("adjusted_"),
        "adjusted_confidence_sequence": ends("sequence_"),
        "adjusted": _adjusted(row),
        "theta": known("theta"),
        "reduction": known("reduction"),
        "p": known("p"),
        "p_holm": known("p_holm"),
        "sample_ratio_p": known("ratio_p"),
        "sample_ratio_alarm": row["ratio_alarm"],
        "nonzero_missing": int(row["missing"]),
        "verdict": row["verdict"],
    }


def _adjusted(row: Mapping[Any, Any]) -> bool:
    return bool(min(row["complete_treated"], row["complete_held_out"]) >= ADJUSTED_FROM)


def told(effect: CsvEffect, locale: Locale, width: int = 100) -> str:
    """For people: a table of the arms, then what must be known about it."""
    rows = [_row(row, effect, locale) for row in effect.results.to_dict("records")]
    notes = [*_left_out(effect, locale), *_doubts(effect, locale)]
    title = say(
        "experiment", locale, outcome=effect.outcome, arm=effect.arm, control=effect.control
    )
    return "\n\n".join([title, *(_upright(row, width) for row in rows), "\n".join(notes)]).strip()


def _row(row: Mapping[Any, Any], effect: CsvEffect, locale: Locale) -> dict[str, str]:
    def number(name: str) -> str:
        return _number(row[name], locale)

    def between(name: str) -> str:
        return _between(row[f"{name}low"], row[f"{name}high"], locale)

    cells = {
        effect.arm: row["arm"],
        say("experiment_sizes", locale): f"{_number(row['complete_treated'], locale)} / "
        f"{_number(row['complete_held_out'], locale)}",
        say("experiment_means", locale): f"{number('mean_treated')} / {number('mean_held_out')}",
        say("experiment_difference", locale): f"{number('difference')} ({between('')})",
        say("experiment_relative", locale): _relative(row, locale),
        say("experiment_sequence", locale): between("plain_sequence_"),
    }
    if effect.covariate is not None and not _adjusted(row):
        few = say("few_to_adjust", locale, few=ADJUSTED_FROM)
        cells[say("experiment_adjusted", locale)] = few
    elif effect.covariate is not None:
        cells |= {
            say("experiment_adjusted", locale): f"{number('adjusted_difference')} "
            f"({between('adjusted_')})",
            say("experiment_adjusted_sequence", locale): between("sequence_"),
            say("experiment_reduction", locale): share(row["reduction"], locale),
        }
    cells[say("experiment_p", locale)] = _chance(row["p"], locale)
    if len(effect.results) > 1:
        cells[say("experiment_p_holm", locale)] = _chance(row["p_holm"], locale)
    cells[say("experiment_ratio", locale)] = _chance(row["ratio_p"], locale)
    verdict = word(Verdict, row["verdict"], locale)
    if row["missing"]:
        missing = {"needed": NEEDED, "missing": _number(row["missing"], locale)}
        verdict += f": {say('experiment_missing', locale, **missing)}"
    cells[say("verdict", locale)] = verdict
    return cells


def _upright(cells: Mapping[str, str], width: int) -> str:
    (arm, name), *rest = cells.items()
    return table([{arm: label, name: cell} for label, cell in rest], width=width)


def _left_out(effect: CsvEffect, locale: Locale) -> Sequence[str]:
    counts = {
        "experiment_without_arm": effect.without_arm,
        "experiment_without_outcome": effect.without_outcome,
        "experiment_without_covariate": effect.without_covariate,
    }
    said = [say(key, locale, n=_number(n, locale)) for key, n in counts.items() if n]
    few = effect.covariate is not None and not all(
        _adjusted(row) for row in effect.results.to_dict("records")
    )
    if few:
        said.append(say("experiment_few", locale, few=ADJUSTED_FROM))
    return said + [
        say(
            "experiment_cut",
            locale,
            column=name,
            quantile=share(effect.winsorise or 0.0, locale),
            threshold=_number(cut.threshold, locale),
            n=_number(cut.number, locale),
        )
        for name, cut in effect.cuts.items()
    ]


def _doubts(effect: CsvEffect, locale: Locale) -> Sequence[str]:
    if not effect.results["ratio_alarm"].any():
        return []
    key = "experiment_unequal" if effect.share is None else "experiment_wrong_ratio"
    return [say(key, locale)]


def _number(value: float, locale: Locale) -> str:
    """Four significant digits, or all of a larger number's before the point."""
    if not isfinite(value):
        return UNKNOWN
    digits = max(0, min(12, 3 - _magnitude(value)))
    return format_decimal(round(value, digits), f"#,##0.{'#' * digits}", locale=locale.value)


def _magnitude(value: float) -> int:
    return int(f"{abs(value):.0e}".partition("e")[2]) if value else 0


def _between(low: float, high: float, locale: Locale) -> str:
    if not (isfinite(low) and isfinite(high)):
        return UNKNOWN
    return f"{_number(low, locale)} {say('to', locale)} {_number(high, locale)}"


def _chance(value: float, locale: Locale) -> str:
    if isfinite(value) and value < _RARE:
        return f"< {_number(_RARE, locale)}"
    return _number(value, locale)


def _relative(row: Mapping[Any, Any], locale: Locale) -> str:
    if not isfinite(row["ratio"]):
        return UNKNOWN
    effect, low, high = (
        share(row[name] - 1, locale) for name in ("ratio", "ratio_low", "ratio_high")
    )
    return f"{effect} ({low} {say('to', locale)} {high})"

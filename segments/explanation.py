"""Why a rule holds for one customer or does not: each of its conditions with the actual values."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from segments.conditions import Condition
from segments.rules import Rule, RuleDataError
from segments.truth import typed

_JOINING = ("and", "or")


class RuleLine(NamedTuple):
    """One condition: as written, what its columns hold (None: not known), whether it holds.

    `depth` tells what it is part of: the line before it that is less deep. A condition that is
    put together of others comes first, with no values of its own, and they follow one deeper.
    """

    text: str
    values: dict[str, object]
    holds: bool | None
    depth: int = 0


def explain_rule(rule: Rule, row: Mapping[str, object]) -> list[RuleLine]:
    """The conditions of a rule in the order they are written, for one customer's row.

    What "and" and "or" put together stands on lines of its own; a segment is followed by its own
    rule, and by the conditions of that. Money is in minor units, as in the row. Raises
    `RuleDataError` if the row lacks a column.
    """
    if gone := sorted(rule.columns.difference(row)):
        named = ", ".join(f'"{name}"' for name in gone)
        raise RuleDataError(rule.text, f"needs {named}, which the data does not have")
    condition = rule.condition
    values = {name: _plain(row[name]) for name in condition.columns}
    frame = pd.DataFrame(
        {name: typed([values[name]], column.kind) for name, column in condition.columns.items()},
        index=[0],
    )
    parts = condition.operands if condition.form in _JOINING else (condition,)
    return [line for part in parts for line in _lines(part, frame, values, 0)]


def _lines(
    condition: Condition, frame: pd.DataFrame, values: Mapping[str, object], depth: int
) -> Iterator[RuleLine]:
    found = condition.judge(frame)
    holds = True if found.yes[0] else False if found.no[0] else None
    text, inner = condition.text, condition.operands
    if condition.form == "segment":
        text, inner = f"{text}: {inner[0].text}", _inside(inner[0])
    elif condition.form == "not":
        inner = _inside(inner[0])
    own = {} if inner else {name: values[name] for name in condition.columns}
    yield RuleLine(text, own, holds, depth)
    for part in inner:
        yield from _lines(part, frame, values, depth + 1)


def _inside(condition: Condition) -> tuple[Condition, ...]:
    """What is to be shown below a line that has this condition's text in it already."""
    if condition.form == "not":
        return _inside(condition.operands[0])
    return (condition,) if condition.form == "segment" else condition.operands


def _plain(value: Any) -> object:
    """The value; None for every kind of missing."""
    return None if pd.api.types.is_scalar(value) and pd.isna(value) else value

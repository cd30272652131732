"""Finds rules that hold for everybody or for nobody, whatever their data, such as orders >= 0."""

import ast
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, product

import numpy as np
import pandas as pd

from segments.conditions import Condition
from segments.contradictions import constant
from segments.frames import Column, Kind
from segments.operands import MINOR_UNITS, moment
from segments.rules import Rule
from segments.truth import Truth, typed

_MOST_CASES = 20_000


def always_true(rule: Rule) -> list[str]:
    """One sentence for the rule, or each part of it, that holds for everybody; mostly none.

    Customers of whom a column is not known do not count, unless the rule asks for that.
    """
    return _found(rule.condition, lambda truth: truth.yes, "is always true")


def never_true(rule: Rule) -> list[str]:
    """One sentence for the rule, or each part of it, that holds for nobody; mostly none."""
    return _found(rule.condition, lambda truth: truth.no, "is never true")


def _found(condition: Condition, side: Callable[[Truth], np.ndarray], said: str) -> list[str]:
    """The whole if it is so, else its parts; a segment's own parts are its own concern."""
    cases = _cases(condition)
    if cases is not None and side(condition.judge(cases)).all():
        asked = _asked_for_missing(condition.tree)
        known = [name for name in condition.columns if name not in asked]
        verb = "is" if len(known) == 1 else "are"
        where = f" wherever {' and '.join(known)} {verb} known" if known else ""
        return [f'"{condition.text}" {said}{where}']
    if condition.form == "segment":
        return []
    if condition.form == "not":
        # What a "not" turns round is always true exactly if the whole never is.
        condition = condition.operands[0]
    return [what for part in condition.operands for what in _found(part, side, said)]


def _cases(condition: Condition) -> pd.DataFrame | None:
    """Rows that stand for every customer there can be; None if that cannot be told.

    A comparison with a constant turns at that constant and nowhere else. So each column needs
    the constants it is compared with, and a value on either side of each.
    """
    compared: dict[str, set[object]] = {name: set() for name in condition.columns}
    for comparison in _comparisons(condition.tree):
        sides = [comparison.left, *comparison.comparators]
        named = [side for side in sides if isinstance(side, ast.Name)]
        values = [constant(side) for side in sides if not isinstance(side, ast.Name)]
        if len(named) != 1 or any(value is None for value in _stated(comparison, values)):
            return None
        for value in values:
            compared[named[0].id] |= (
                set(value) if isinstance(value, list | tuple | set) else {value}
            )
    points = {name: _points(condition.columns[name], found) for name, found in compared.items()}
    if math.prod(map(len, points.values())) > _MOST_CASES:
        return None
    cases = list(product(*points.values()))
    return pd.DataFrame(
        {
            name: typed([case[place] for case in cases], condition.columns[name].kind)
            for place, name in enumerate(points)
        },
        index=range(len(cases)),
    )


def _comparisons(tree: ast.expr) -> Iterator[ast.Compare]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Compare))


def _stated(comparison: ast.Compare, values: list[object]) -> list[object]:
    """The constants of a comparison, without the None of "is None"."""
    return [] if isinstance(comparison.ops[0], ast.Is | ast.IsNot) else values


def _asked_for_missing(tree: ast.expr) -> set[str]:
    return {
        node.left.id
        for node in _comparisons(tree)
        if isinstance(node.ops[0], ast.Is | ast.IsNot) and isinstance(node.left, ast.Name)
    }


def _points(column: Column, compared: set[object]) -> list[object]:
    """Values of this column that no comparison with these constants can tell from all others."""
    missing: list[object] = [None] if None in compared else []
    stated = compared - {None}
    match column.kind:
        case Kind.WORD:
            return [*map(str, column.words or ()), *missing]
        case Kind.FLAG:
            return [True, False, *missing]
        case Kind.TEXT:
            return [*stated, "".join(map(str, stated)) + "…", *missing]
        case Kind.MOMENT:
            moments = [found for value in stated if (found := moment(str(value))) is not None]
            around = (pd.Timedelta(0), pd.Timedelta(-1, "us"), pd.Timedelta(1, "us"))
            known = [found + step for found in moments for step in around]
            return [*(known or [pd.Timestamp(0, tz="UTC")]), *missing]
    scale = MINOR_UNITS if column.kind == Kind.MONEY else 1
    numbers = sorted({float(value) * scale for value in stated if isinstance(value, int | float)})
    return [*_numbers(column, numbers), *missing]


def _numbers(column: Column, compared: list[float]) -> Iterable[float]:
    """The numbers themselves, one between each two, one below and one above; within bounds."""
    low = -math.inf if column.at_least is None else column.at_least
    high = math.inf if column.at_most is None else column.at_most
    bounds = [bound for bound in (low, high) if math.isfinite(bound)]
    turns = sorted({*compared, *bounds}) or [0.0]
    if column.kind in (Kind.INTEGER, Kind.MONEY):
        near: set[float] = {math.floor(turn) + step for turn in turns for step in (-1, 0, 1, 2)}
    else:
        between = [(one + two) / 2 for one, two in pairwise(turns)]
        near = {*turns, *between, turns[0] - 1, turns[-1] + 1}
    return sorted(number for number in near if low <= number <= high)

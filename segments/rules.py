"""The rule language: boolean expressions over profile columns, checked, then evaluated in sets.

    orders == 1 and days_since_last_order > 180 and quadrant in ["top", "premium"]

Names are columns or segments. Conditions compare with == != < <= > >=, "in" a list, "is None";
"and", "or", "not" and brackets put them together. Numbers and money may be reckoned with: + - * /.
Money is written in the project's currency ("order_value >= 500"); money by a number is money,
money by money a number. Missing values follow SQL's three-valued logic: what is reckoned from a
missing value is missing, a division by zero is missing too, and a rule whose result is unknown
does not apply.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segments.conditions import Checker, Condition
from segments.contradictions import contradictions
from segments.frames import Table
from segments.operands import EXAMPLE, MINOR_UNITS, meant, short

__all__ = ["MINOR_UNITS", "Rule", "RuleDataError", "RuleError", "compile_rule", "meant"]

_DEEPEST = 60


class RuleError(ValueError):
    """A rule that cannot be used; `faults` names everything wrong in marketing's words."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class RuleDataError(RuleError):
    """A rule that is fine in itself and breaks on the data at hand; `rule` is its text."""

    def __init__(self, rule: str, what: str) -> None:
        self.rule = rule
        super().__init__([f'the rule "{short(rule)}" {what}'])


@dataclass(frozen=True)
class Rule:
    """A checked rule. `columns` are the columns it needs, its segments' included."""

    text: str
    columns: frozenset[str]
    condition: Condition = field(repr=False, compare=False)

    def applies(self, frame: pd.DataFrame) -> np.ndarray:
        """True for each row for which the rule surely holds. Raises `RuleDataError`."""
        if gone := sorted(self.columns.difference(frame.columns)):
            named = ", ".join(f'"{name}"' for name in gone)
            raise RuleDataError(self.text, f"needs {named}, which the data does not have")
        try:
            return self.condition.judge(frame).yes
        except (TypeError, ValueError) as error:
            what = f"cannot be answered from {_held(frame, self.columns)}: {error}"
            raise RuleDataError(self.text, what) from error


def compile_rule(text: str, columns: Table, segments: Mapping[str, Rule] | None = None) -> Rule:
    """Check a rule against the columns and segments there are. Raises `RuleError`."""
    source = text.strip()
    try:
        tree = ast.parse(source, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RuleError([f'"{short(text)}" does not read as a rule. {EXAMPLE}']) from None
    if _depth(tree) > _DEEPEST:
        raise RuleError([f'"{short(text)}" is nested too deeply'])
    named = {name: segment.condition for name, segment in (segments or {}).items()}
    checker = Checker(source, columns, named)
    condition = checker.condition(tree)
    faults = checker.faults or contradictions(condition.tree)
    if faults:
        raise RuleError(list(dict.fromkeys(faults)))
    return Rule(text, frozenset(condition.columns), condition)


def _depth(tree: ast.expr) -> int:
    deepest = 0
    level: list[ast.AST] = [tree]
    while level:
        deepest += 1
        level = [part for node in level for part in ast.iter_child_nodes(node)]
    return deepest


def _held(frame: pd.DataFrame, columns: frozenset[str]) -> str:
    return ", ".join(f"{name} ({frame[name].dtype})" for name in sorted(columns))

"""The two sides of a comparison: columns, constants and what is reckoned from them."""

import ast
import operator
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from segments import truth
from segments.frames import TRIGGERED, Column, Kind, Table
from segments.nearness import meant as meant

MINOR_UNITS = 100
"""Money is kept in hundredths of the currency; currencies without cents are kept so as well."""

EXAMPLE = 'Write for example: orders >= 2 and quadrant in ["top", "premium"]'
KIND_WORDS = {
    Kind.TEXT: "text",
    Kind.WORD: "a word",
    Kind.INTEGER: "a number",
    Kind.NUMBER: "a number",
    Kind.MONEY: "money",
    Kind.MOMENT: "a date",
    Kind.FLAG: "yes or no",
}
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}


class Operand(NamedTuple):
    """A checked value: its kind, and how to get it from a frame."""

    kind: Kind
    get: Callable[[pd.DataFrame], Any]
    column: Column | None = None
    constant: Any = None


class Operands:
    """Checks values, and adds what is wrong with them to `faults`."""

    def __init__(self, columns: Table, segments: Collection[str], faults: list[str]) -> None:
        self.columns = columns
        self.segments = segments
        self.faults = faults

    def value(self, node: ast.expr) -> Operand:
        """A part that yields a value for each row."""
        match node:
            case ast.Constant(value=bool() as value):
                return Operand(Kind.FLAG, lambda _: value, constant=value)
            case ast.Constant(value=int() | float() as value):
                return self._number(value)
            case ast.Constant(value=str() as value):
                return Operand(Kind.TEXT, lambda _: value, constant=value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.value(operand)
                if inner.kind not in (*_NUMBERS, Kind.MONEY):
                    self.faults.append(f'"{ast.unparse(node)}" has no sign to turn')
                constant = -inner.constant if isinstance(inner.constant, int | float) else None
                return Operand(inner.kind, lambda frame: -inner.get(frame), constant=constant)
            case ast.Name(id=name):
                return self.column(name)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._arithmetic(node, self.value(left), op, self.value(right))
        self.refuse(node)
        return _NOTHING

    def column(self, name: str) -> Operand:
        """The column of this name."""
        column = self.columns.get(name)
        if column is None:
            self.faults.append(self._why_not(name))
            return _NOTHING
        if column.kind in (*_NUMBERS, Kind.MONEY):
            return Operand(column.kind, lambda frame: truth.numeric(frame[name]), column)
        return Operand(column.kind, lambda frame: frame[name], column)

    def agree(
        self, left: ast.expr, one: Operand, right: ast.expr, two: Operand
    ) -> tuple[Operand, Operand]:
        """Bring both sides to the same kind, or say why they cannot be compared."""
        kinds = {one.kind, two.kind}
        if _NOTHING in (one, two):
            return one, two
        if Kind.MONEY in kinds and kinds <= {Kind.MONEY, *_NUMBERS}:
            return _as_money(one), _as_money(two)
        if kinds <= set(_NUMBERS) or (len(kinds) == 1 and Kind.WORD not in kinds):
            return one, two
        for typed, other, name in ((one, two, left), (two, one, right)):
            if typed.kind == Kind.WORD and typed.column and isinstance(other.constant, str):
                words = [str(word) for word in typed.column.words or ()]
                if other.constant not in words:
                    hint = meant(other.constant, words) or f". It is one of: {', '.join(words)}"
                    self.faults.append(f'{ast.unparse(name)} is never "{other.constant}"{hint}')
                return one, two
            if typed.kind == Kind.MOMENT and isinstance(other.constant, str):
                dated = self._dated(other.constant)
                return (typed, dated) if typed is one else (dated, typed)
        if kinds <= {Kind.TEXT, Kind.WORD}:
            return one, two
        self.faults.append(
            f'"{ast.unparse(left)}" is {KIND_WORDS[one.kind]} and "{ast.unparse(right)}" is '
            f"{KIND_WORDS[two.kind]}: they cannot be compared"
        )
        return one, two

    def refuse(self, node: ast.expr) -> None:
        """Say that this has no place in a rule."""
        self.faults.append(f'"{short(ast.unparse(node))}" cannot stand in a rule. {EXAMPLE}')

    def _why_not(self, name: str) -> str:
        if name in self.segments:
            return f'segment "{name}" is yes or no and cannot be compared'
        for trigger, table in TRIGGERED.items():
            if name in table:
                return f'{name} is known only in a journey with "on: {trigger}"'
        return f'there is no column or segment "{name}"' + meant(
            name, [*self.columns, *self.segments]
        )

    def _number(self, value: float) -> Operand:
        try:
            number = np.float64(value)
        except OverflowError:
            number = np.float64("inf")
        if not np.isfinite(number):
            self.faults.append(f'"{short(str(value))}" is too large for a number')
        return Operand(Kind.NUMBER, lambda _: number, constant=value)

    def _arithmetic(
        self, node: ast.BinOp, left: Operand, op: ast.operator, right: Operand
    ) -> Operand:
        """Money and money: + - and /, which gives a number; money and a number: all but n / m."""
        sign, apply = _ARITHMETIC[type(op)]
        kinds = {left.kind, right.kind}
        if not kinds <= {*_NUMBERS, Kind.MONEY}:
            what = f'"{ast.unparse(node)}": only numbers and money can be reckoned with'
            self.faults.append(what)
            return _NOTHING
        kind = Kind.NUMBER
        if Kind.MONEY in kinds:
            if sign in "+-":
                left, right, kind = _as_money(left), _as_money(right), Kind.MONEY
            elif sign == "*" and len(kinds) == 1:
                self.faults.append(f'"{ast.unparse(node)}": money times money makes no sense')
            elif left.kind != Kind.MONEY and sign == "/":
                self.faults.append(f'"{ast.unparse(node)}": a number cannot be divided by money')
            elif len(kinds) > 1:
                kind = Kind.MONEY

        def reckon(frame: pd.DataFrame) -> Any:
            with np.errstate(all="ignore"):
                return truth.finite(apply(left.get(frame), right.get(frame)))

        return Operand(kind, reckon)

    def _dated(self, text: str) -> Operand:
        dated = moment(text)
        if dated is None:
            self.faults.append(f'"{text}" is not a date. Write it as "2026-01-31"')
        return Operand(Kind.MOMENT, lambda _: dated, constant=text)


_NOTHING = Operand(Kind.NUMBER, lambda _: np.float64("nan"))
"""Stands in for what is wrong, so that nothing else is called wrong because of it."""


def short(text: str) -> str:
    """The text, or its beginning if it is long."""
    return text if len(text) <= 80 else f"{text[:77]}..."


def _as_money(part: Operand) -> Operand:
    if part.kind == Kind.MONEY or part is _NOTHING:
        return part

    def minor(frame: pd.DataFrame) -> Any:
        # 1.15 times 100 is 114.99999999999999.
        return (part.get(frame) * MINOR_UNITS).round(6)

    return Operand(Kind.MONEY, minor, constant=part.constant)


def moment(text: str) -> pd.Timestamp | None:
    """The moment a date in a rule stands for, midnight UTC if it names no hour; None if none."""
    try:
        found = pd.Timestamp(text)
    except ValueError:
        return None
    if pd.isna(found):
        return None
    return found.tz_localize("UTC") if found.tzinfo is None else found

"""The rule language: boolean expressions over profile columns, checked, then evaluated in sets.

    orders == 1 and days_since_last_order > 180 and quadrant in ["top", "premium"]

Names are columns or segments. Money is compared in the project's currency ("order_value >= 500").
Missing values follow SQL's three-valued logic: a rule whose result is unknown does not apply.
"""

import ast
import difflib
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from segments import truth
from segments.contradictions import contradictions
from segments.frames import Column, Kind, Table
from segments.truth import Judge, Truth

MINOR_UNITS = 100
"""Money is kept in hundredths of the currency; currencies without cents are kept so as well."""


class RuleError(ValueError):
    """A rule that cannot be used; `faults` names everything wrong in marketing's words."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class _Typed(NamedTuple):
    """A checked part of a rule: what it yields, and how to get it from a frame."""

    kind: Kind
    get: Callable[[pd.DataFrame], Any]
    column: Column | None = None
    constant: Any = None


@dataclass(frozen=True)
class Rule:
    """A checked rule. `columns` are the columns it needs, its segments' included."""

    text: str
    columns: frozenset[str]
    _judge: Judge = field(repr=False, compare=False)

    def applies(self, frame: pd.DataFrame) -> np.ndarray:
        """True for each row for which the rule surely holds."""
        return self._judge(frame).yes


def compile_rule(text: str, columns: Table, segments: Mapping[str, Rule] | None = None) -> Rule:
    """Check a rule against the columns and segments there are. Raises `RuleError`."""
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise RuleError([f'"{_short(text)}" does not read as a rule. {_EXAMPLE}']) from None
    compiler = _Compiler(columns, segments or {})
    try:
        judge = compiler.truth(tree)
    except RecursionError:
        raise RuleError([f'"{_short(text)}" is nested too deeply']) from None
    faults = compiler.faults or contradictions(tree)
    if faults:
        raise RuleError(list(dict.fromkeys(faults)))
    return Rule(text, frozenset(compiler.used), judge)


_EXAMPLE = 'Write for example: orders >= 2 and quadrant in ["top", "premium"]'
_COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", operator.add),
    ast.Sub: ("-", operator.sub),
    ast.Mult: ("*", operator.mul),
    ast.Div: ("/", operator.truediv),
}
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)
_KIND_WORDS = {
    Kind.TEXT: "text",
    Kind.WORD: "a word",
    Kind.INTEGER: "a number",
    Kind.NUMBER: "a number",
    Kind.MONEY: "money",
    Kind.MOMENT: "a date",
    Kind.FLAG: "yes or no",
}


class _Compiler:
    """Walks a rule once, gathering every fault, and builds functions over frames."""

    def __init__(self, columns: Table, segments: Mapping[str, Rule]) -> None:
        self.columns = columns
        self.segments = segments
        self.faults: list[str] = []
        self.used: set[str] = set()

    def truth(self, node: ast.expr) -> Judge:
        """A part that is yes, no or unknown for each row."""
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.truth(value) for value in values]
                return truth.all_of(parts) if isinstance(op, ast.And) else truth.any_of(parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.truth(operand)
                return lambda frame: Truth(*reversed(inner(frame)))
            case ast.Compare(left=left, ops=ops, comparators=rights):
                sides = [left, *rights]
                return truth.all_of(
                    [self._comparison(sides[i], op, sides[i + 1]) for i, op in enumerate(ops)]
                )
            case ast.Name(id=name) if name in self.segments and name not in self.columns:
                segment = self.segments[name]
                self.used |= segment.columns
                return segment._judge
            case ast.Name(id=name) if name not in self.columns:
                self._column(name)
                return truth.unknown
            case ast.Name() | ast.Constant():
                part = self.value(node)
                if part.kind != Kind.FLAG:
                    self.faults.append(
                        f'"{ast.unparse(node)}" is {_KIND_WORDS[part.kind]}, not a yes or no. '
                        f"Compare it with something"
                    )
                return lambda frame: truth.flag(part.get(frame), len(frame))
        self._refuse(node)
        return truth.unknown

    def value(self, node: ast.expr) -> _Typed:
        """A part that yields a value for each row."""
        match node:
            case ast.Constant(value=bool() as value):
                return _Typed(Kind.FLAG, lambda _: value, constant=value)
            case ast.Constant(value=int() | float() as value):
                return _Typed(Kind.NUMBER, lambda _: value, constant=value)
            case ast.Constant(value=str() as value):
                return _Typed(Kind.TEXT, lambda _: value, constant=value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.value(operand)
                if inner.kind not in (*_NUMBERS, Kind.MONEY):
                    self.faults.append(f'"{ast.unparse(node)}" has no sign to turn')
                constant = -inner.constant if isinstance(inner.constant, int | float) else None
                return _Typed(inner.kind, lambda frame: -inner.get(frame), constant=constant)
            case ast.Name(id=name):
                return self._column(name)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._arithmetic(node, self.value(left), op, self.value(right))
        self._refuse(node)
        return _Typed(Kind.NUMBER, lambda frame: pd.Series(np.nan, index=frame.index))

    def _column(self, name: str) -> _Typed:
        column = self.columns.get(name)
        if column is None:
            if name in self.segments:
                self.faults.append(f'segment "{name}" is yes or no and cannot be compared')
            else:
                known = [*self.columns, *self.segments]
                self.faults.append(f'there is no column or segment "{name}"{meant(name, known)}')
            return _Typed(Kind.NUMBER, lambda frame: pd.Series(np.nan, index=frame.index))
        self.used.add(name)
        if column.kind in (*_NUMBERS, Kind.MONEY):
            return _Typed(column.kind, lambda frame: truth.numeric(frame[name]), column)
        return _Typed(column.kind, lambda frame: frame[name], column)

    def _arithmetic(self, node: ast.BinOp, left: _Typed, op: ast.operator, right: _Typed) -> _Typed:
        sign, apply = _ARITHMETIC[type(op)]
        kinds = {left.kind, right.kind}
        if not kinds <= {*_NUMBERS, Kind.MONEY}:
            self.faults.append(
                f'"{ast.unparse(node)}": only numbers and money can be reckoned with'
            )
            return left
        kind = Kind.NUMBER
        if sign in "+-" and Kind.MONEY in kinds:
            left, right, kind = _as_money(left), _as_money(right), Kind.MONEY
        elif Kind.MONEY in kinds and kinds != {Kind.MONEY}:
            kind = Kind.MONEY
        if isinstance(left.constant, int | float) and isinstance(right.constant, int | float):
            # Two plain numbers: numpy's division by zero is missing, Python's an error.
            left = _number(float(left.constant))

        def reckon(frame: pd.DataFrame) -> Any:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                return apply(left.get(frame), right.get(frame))

        return _Typed(kind, reckon)

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Judge:
        if isinstance(op, ast.Is | ast.IsNot):
            return self._missing(left, op, right)
        if isinstance(op, ast.In | ast.NotIn):
            return self._membership(left, op, right)
        sign, compare = _COMPARE[type(op)]
        one, two = self.value(left), self.value(right)
        one, two = self._agree(left, one, right, two)
        if sign not in ("==", "!=") and one.kind in (Kind.TEXT, Kind.WORD, Kind.FLAG):
            self.faults.append(
                f'"{ast.unparse(left)}" is {_KIND_WORDS[one.kind]}: '
                f'compare it with == or "in", not with {sign}'
            )

        def judge(frame: pd.DataFrame) -> Truth:
            a, b = one.get(frame), two.get(frame)
            known = ~(truth.missing(a, len(frame)) | truth.missing(b, len(frame)))
            holds = truth.plain(compare(a, b), len(frame))
            return Truth(holds & known, ~holds & known)

        return judge

    def _membership(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Judge:
        if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
            self.faults.append(f'after "in" write a list: {ast.unparse(left)} in ["…", "…"]')
            return truth.unknown
        one = self.value(left)
        options = []
        for element in right.elts:
            _, option = self._agree(left, one, element, self.value(element))
            if option.constant is None:
                self.faults.append(f'a list holds plain values, not "{ast.unparse(element)}"')
            options.append(option.get(pd.DataFrame()) if option.constant is not None else None)
        negated = isinstance(op, ast.NotIn)

        def judge(frame: pd.DataFrame) -> Truth:
            series = one.get(frame)
            known = ~truth.missing(series, len(frame))
            inside = truth.plain(pd.Series(series).isin(options), len(frame))
            found = Truth(inside & known, ~inside & known)
            return Truth(found.no, found.yes) if negated else found

        return judge

    def _missing(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Judge:
        if not (isinstance(right, ast.Constant) and right.value is None):
            self.faults.append('"is" goes with None: write "last_mood is None", else use ==')
            return truth.unknown
        one = self.value(left)
        negated = isinstance(op, ast.IsNot)

        def judge(frame: pd.DataFrame) -> Truth:
            missing = truth.missing(one.get(frame), len(frame))
            return Truth(~missing, missing) if negated else Truth(missing, ~missing)

        return judge

    def _agree(
        self, left: ast.expr, one: _Typed, right: ast.expr, two: _Typed
    ) -> tuple[_Typed, _Typed]:
        """Bring both sides to the same kind, or say why they cannot be compared."""
        kinds = {one.kind, two.kind}
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
            f'"{ast.unparse(left)}" is {_KIND_WORDS[one.kind]} and "{ast.unparse(right)}" is '
            f"{_KIND_WORDS[two.kind]}: they cannot be compared"
        )
        return one, two

    def _dated(self, text: str) -> _Typed:
        moment = _moment(text)
        if moment is None:
            self.faults.append(f'"{text}" is not a date. Write it as "2026-01-31"')
        return _Typed(Kind.MOMENT, lambda _: moment, constant=text)

    def _refuse(self, node: ast.expr) -> None:
        self.faults.append(f'"{_short(ast.unparse(node))}" cannot stand in a rule. {_EXAMPLE}')


def meant(word: str, known: Iterable[str]) -> str:
    """'. Did you mean "x"?' where something similar is known, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'. Did you mean "{close[0]}"?' if close else ""


def _as_money(part: _Typed) -> _Typed:
    if part.kind == Kind.MONEY:
        return part
    return _Typed(Kind.MONEY, lambda frame: part.get(frame) * MINOR_UNITS, constant=part.constant)


def _number(value: float) -> _Typed:
    return _Typed(Kind.NUMBER, lambda _: np.float64(value), constant=value)


def _moment(value: str) -> pd.Timestamp | None:
    try:
        moment = pd.Timestamp(value)
    except ValueError:
        return None
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."

"""A rule taken apart: conditions that hold, do not hold, or are unknown for each row."""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from segments import truth
from segments.frames import Column, Kind, Table
from segments.operands import KIND_WORDS, Operands
from segments.truth import Judge, Truth

_COMPARE: dict[type[ast.cmpop], tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Eq: ("==", operator.eq),
    ast.NotEq: ("!=", operator.ne),
    ast.Lt: ("<", operator.lt),
    ast.LtE: ("<=", operator.le),
    ast.Gt: (">", operator.gt),
    ast.GtE: (">=", operator.ge),
}


@dataclass(frozen=True)
class Condition:
    """One part of a rule. `tree` is what it comes to: segments replaced by what they mean.

    `columns` are those it needs, in the order they are written; `operands` the parts of an and,
    an or, a not, or what a named segment stands for.
    """

    text: str
    tree: ast.expr
    columns: Mapping[str, Column]
    judge: Judge
    form: Literal["plain", "and", "or", "not", "segment"] = "plain"
    operands: tuple["Condition", ...] = ()


class Checker:
    """Walks a rule once, gathering every fault, and builds its conditions."""

    def __init__(self, source: str, columns: Table, segments: Mapping[str, Condition]) -> None:
        self.source = source
        self.columns = columns
        self.segments = segments
        self.faults: list[str] = []
        self.operands = Operands(columns, segments, self.faults)

    def condition(self, node: ast.expr) -> Condition:
        """A part that is yes, no or unknown for each row."""
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = tuple(self.condition(value) for value in values)
                judges = [part.judge for part in parts]
                tree = ast.BoolOp(op, [part.tree for part in parts])
                used = {name: column for part in parts for name, column in part.columns.items()}
                both = isinstance(op, ast.And)
                judge = truth.all_of(judges) if both else truth.any_of(judges)
                form: Literal["and", "or"] = "and" if both else "or"
                return Condition(self._written(node), tree, used, judge, form, parts)
            case ast.UnaryOp(op=ast.Not() as op, operand=operand):
                inner = self.condition(operand)
                return Condition(
                    self._written(node),
                    ast.UnaryOp(op, inner.tree),
                    inner.columns,
                    truth.opposite(inner.judge),
                    "not",
                    (inner,),
                )
            case ast.Name(id=name) if name in self.segments and name not in self.columns:
                meaning = self.segments[name]
                return Condition(
                    name, meaning.tree, meaning.columns, meaning.judge, "segment", (meaning,)
                )
        judge = self._judge(node)
        names = [part for part in ast.walk(node) if isinstance(part, ast.Name)]
        names.sort(key=lambda name: (name.lineno, name.col_offset))
        used = {name.id: self.columns[name.id] for name in names if name.id in self.columns}
        return Condition(self._written(node), node, used, judge)

    def _written(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.source, node) or ast.unparse(node)

    def _judge(self, node: ast.expr) -> Judge:
        match node:
            case ast.Compare(left=left, ops=ops, comparators=rights):
                sides = [left, *rights]
                return truth.all_of(
                    [self._comparison(sides[i], op, sides[i + 1]) for i, op in enumerate(ops)]
                )
            case ast.Name(id=name) if name not in self.columns:
                self.operands.column(name)
            case ast.Name() | ast.Constant():
                part = self.operands.value(node)
                if part.kind != Kind.FLAG:
                    self.faults.append(
                        f'"{ast.unparse(node)}" is {KIND_WORDS[part.kind]}, not a yes or no. '
                        f"Compare it with something"
                    )
                return lambda frame: truth.flag(part.get(frame), len(frame))
            case _:
                self.operands.refuse(node)
        return truth.unknown

    def _comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Judge:
        if isinstance(op, ast.Is | ast.IsNot):
            return self._missing(left, op, right)
        if isinstance(op, ast.In | ast.NotIn):
            return self._membership(left, op, right)
        sign, compare = _COMPARE[type(op)]
        one, two = self.operands.value(left), self.operands.value(right)
        one, two = self.operands.agree(left, one, right, two)
        if sign not in ("==", "!=") and one.kind in (Kind.TEXT, Kind.WORD, Kind.FLAG):
            self.faults.append(
                f'"{ast.unparse(left)}" is {KIND_WORDS[one.kind]}: '
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
        one = self.operands.value(left)
        options = []
        for element in right.elts:
            _, option = self.operands.agree(left, one, element, self.operands.value(element))
            if option.constant is None:
                self.faults.append(f'a list holds plain values, not "{ast.unparse(element)}"')
            options.append(option.get(pd.DataFrame()) if option.constant is not None else None)

        def judge(frame: pd.DataFrame) -> Truth:
            series = one.get(frame)
            known = ~truth.missing(series, len(frame))
            inside = truth.plain(pd.Series(series).isin(options), len(frame))
            return Truth(inside & known, ~inside & known)

        return truth.opposite(judge) if isinstance(op, ast.NotIn) else judge

    def _missing(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> Judge:
        if not (isinstance(right, ast.Constant) and right.value is None):
            self.faults.append('"is" goes with None: write "last_mood is None", else use ==')
            return truth.unknown
        one = self.operands.value(left)

        def judge(frame: pd.DataFrame) -> Truth:
            missing = truth.missing(one.get(frame), len(frame))
            return Truth(missing, ~missing)

        return truth.opposite(judge) if isinstance(op, ast.IsNot) else judge

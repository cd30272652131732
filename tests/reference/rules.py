"""Rules for one person: yes, no, or unknown."""

import ast
import math
import operator
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from segments.frames import ORDER, PROFILE, Kind
from segments.rules import Rule

_MONEY = {name for name, column in (PROFILE | ORDER).items() if column.kind == Kind.MONEY}
_COLUMNS = {*PROFILE, *ORDER}
_COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_RECKON = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def holds(text: str | None, facts: Mapping[str, Any], segments: Mapping[str, Rule]) -> bool:
    """Whether a rule surely holds; what is unknown does not, and no rule holds for nobody."""
    return text is not None and _truth(_parsed(text), facts, segments) is True


@lru_cache(maxsize=4096)
def _parsed(text: str) -> ast.expr:
    return ast.parse(text.strip(), mode="eval").body


def _truth(node: ast.expr, facts: Mapping[str, Any], segments: Mapping[str, Rule]) -> bool | None:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return _all([_truth(value, facts, segments) for value in values])
        case ast.BoolOp(op=ast.Or(), values=values):
            return _not(_all([_not(_truth(value, facts, segments)) for value in values]))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _not(_truth(operand, facts, segments))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            sides = [left, *rights]
            pairs = zip(sides, ops, rights, strict=False)
            return _all([_compared(one, op, two, facts) for one, op, two in pairs])
        case ast.Name(id=name) if name in segments and name not in _COLUMNS and name not in facts:
            return _truth(_parsed(segments[name].text), facts, segments)
        case ast.Name(id=name):
            return facts[name]
        case ast.Constant(value=bool() as value):
            return value
    raise AssertionError(ast.unparse(node))


def _compared(
    left: ast.expr, op: ast.cmpop, right: ast.expr, facts: Mapping[str, Any]
) -> bool | None:
    one = _value(left, facts)
    if isinstance(op, ast.Is | ast.IsNot):
        return (one is None) == isinstance(op, ast.Is)
    if isinstance(op, ast.In | ast.NotIn):
        if one is None:
            return None
        inside = any(_same_kind(left, one, option, facts) for option in right.elts)
        return inside == isinstance(op, ast.In)
    two = _value(right, facts)
    if one is None or two is None:
        return None
    return bool(_COMPARE[type(op)](*_agreed(left, one, right, two)))


def _same_kind(left: ast.expr, one: Any, option: ast.expr, facts: Mapping[str, Any]) -> bool:
    ours, theirs = _agreed(left, one, option, _value(option, facts))
    return bool(ours == theirs)


def _agreed(left: ast.expr, one: Any, right: ast.expr, two: Any) -> tuple[Any, Any]:
    """Both in cents if either is money, both moments if either is one."""
    if _is_money(left) != _is_money(right):
        one, two = _cents(left, one), _cents(right, two)
    if isinstance(one, datetime) and isinstance(two, str):
        two = _moment(two)
    if isinstance(two, datetime) and isinstance(one, str):
        one = _moment(one)
    return one, two


def _value(node: ast.expr, facts: Mapping[str, Any]) -> Any:
    """A text, a moment, a yes or no, or a number; money in cents; None if it is not known."""
    match node:
        case ast.Constant(value=value):
            return float(value) if type(value) is int else value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _value(operand, facts)
            return None if inner is None else -inner
        case ast.Name(id=name):
            return _known(facts[name])
        case ast.BinOp(left=left, op=op, right=right):
            one, two = _value(left, facts), _value(right, facts)
            if one is None or two is None:
                return None
            if isinstance(op, ast.Add | ast.Sub) and _is_money(node):
                one, two = _cents(left, one), _cents(right, two)
            if isinstance(op, ast.Div) and not two:
                return None
            return _known(_RECKON[type(op)](one, two))
    raise AssertionError(ast.unparse(node))


def _known(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if math.isfinite(value) else None
    return value


def _is_money(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name):
            return name in _MONEY
        case ast.UnaryOp(operand=operand):
            return _is_money(operand)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _is_money(left) and not _is_money(right)
        case ast.BinOp(left=left, right=right):
            return _is_money(left) or _is_money(right)
    return False


def _cents(node: ast.expr, value: Any) -> Any:
    return value if _is_money(node) else round(value * 100, 6)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _all(truths: list[bool | None]) -> bool | None:
    if False in truths:
        return False
    return None if None in truths else True

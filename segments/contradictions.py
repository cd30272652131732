"""Finds conditions that can never hold together, such as orders == 1 and orders == 2."""

import ast
import math
from typing import Any

_MIRROR = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}


def contradictions(tree: ast.expr) -> list[str]:
    """One sentence for each column whose conditions exclude one another."""
    faults = []
    for node in ast.walk(tree):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
            faults += _conflicts([part for value in node.values for part in _flatten(value)])
        elif isinstance(node, ast.Compare) and len(node.ops) > 1:
            faults += _conflicts(_flatten(node))
    return list(dict.fromkeys(faults))


def _flatten(node: ast.expr) -> list[tuple[str, type[ast.cmpop], Any]]:
    """`column op constant` facts that must all hold for the node to hold."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [fact for value in node.values for fact in _flatten(value)]
    if not isinstance(node, ast.Compare):
        return []
    sides = [node.left, *node.comparators]
    facts = []
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        if isinstance(left, ast.Name) and (value := constant(right)) is not None:
            facts.append((left.id, type(op), value))
        elif isinstance(right, ast.Name) and (value := constant(left)) is not None:
            facts.append((right.id, _MIRROR.get(type(op), type(op)), value))
    return facts


def constant(node: ast.expr) -> Any:
    """The value of a constant or of a list of constants; None for anything else."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value


def _conflicts(facts: list[tuple[str, type[ast.cmpop], Any]]) -> list[str]:
    faults = []
    for column in dict.fromkeys(name for name, _, _ in facts):
        own = [(op, value) for name, op, value in facts if name == column]
        if not _possible(own):
            faults.append(f'the conditions on "{column}" can never hold together')
    return faults


def _possible(facts: list[tuple[type[ast.cmpop], Any]]) -> bool:
    allowed: set[Any] | None = None
    banned: set[Any] = set()
    low, high, open_low, open_high = -math.inf, math.inf, False, False
    for op, value in facts:
        if op is ast.Eq or op is ast.In:
            options = set(value) if isinstance(value, list | tuple | set) else {value}
            allowed = options if allowed is None else allowed & options
        elif op is ast.NotEq or op is ast.NotIn:
            banned |= set(value) if isinstance(value, list | tuple | set) else {value}
        elif isinstance(value, int | float):
            if op in (ast.Gt, ast.GtE) and (value, op is ast.Gt) > (low, open_low):
                low, open_low = value, op is ast.Gt
            if op in (ast.Lt, ast.LtE) and (value, op is not ast.Lt) < (high, not open_high):
                high, open_high = value, op is ast.Lt
    if low > high or (low == high and (open_low or open_high)):
        return False
    if allowed is None:
        return True
    return any(
        not isinstance(value, int | float)
        or (
            (value > low or (value == low and not open_low))
            and (value < high or (value == high and not open_high))
        )
        for value in allowed - banned
    )

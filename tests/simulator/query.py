"""The query language of Email Logs: conditions joined by AND, without nesting."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:(?P<moment>TIMESTAMP\s*"(?P<iso>[^"]*)")
    | (?P<text>'[^']*' | "[^"]*")
    | (?P<sign>>=|<=|=|>|<|\(|\)|,)
    | (?P<word>[A-Za-z_]+))""",
    re.VERBOSE,
)
_FIELDS = {
    "sg_message_id": ("=",),
    "subject": ("=",),
    "to_email": ("=",),
    "status": ("IN",),
    "reason": ("=",),
    "categories": ("IN",),
    "sg_message_id_created_at": (">", "<", ">=", "<="),
}
_STATUSES = {"processed", "delivered", "deferred", "dropped", "bounced", "blocked"}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
}
Condition = tuple[str, str, Any]


def parse(query: str) -> list[Condition]:
    """The conditions of a query. `ValueError` where it is none."""
    tokens = _tokens(query)
    if not tokens:
        return []
    conditions, place = [], 0
    while True:
        condition, place = _condition(tokens, place)
        conditions.append(condition)
        if place == len(tokens):
            return conditions
        if tokens[place] != ("word", "AND"):
            raise ValueError(f"conditions are joined by AND, not by {tokens[place][1]!r}")
        place += 1


def fits(conditions: list[Condition], row: dict[str, Any]) -> bool:
    """Whether a message meets all conditions."""
    return all(_meets(row[name], sign, wanted) for name, sign, wanted in conditions)


def _meets(value: Any, sign: str, wanted: Any) -> bool:
    if sign == "=":
        return bool(value == wanted)
    if sign == "IN":
        return bool(wanted & set(value)) if isinstance(value, list) else value in wanted
    return _COMPARE[sign](value, wanted)


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens, place = [], 0
    query = query.rstrip()
    while place < len(query):
        found = _TOKEN.match(query, place)
        if found is None or found.lastgroup is None:
            raise ValueError(f"cannot read {query[place : place + 20]!r}")
        if found["moment"]:
            tokens.append(("moment", found["iso"]))
        elif found["text"]:
            tokens.append(("text", found["text"][1:-1]))
        else:
            kind = "sign" if found["sign"] else "word"
            tokens.append((kind, found[kind]))
        place = found.end()
    return tokens


def _condition(tokens: list[tuple[str, str]], place: int) -> tuple[Condition, int]:
    said = [*tokens[place : place + 3], ("end", ""), ("end", ""), ("end", "")]
    (kind, name), (_, sign), (value_kind, value) = said[:3]
    if kind != "word" or name not in _FIELDS:
        raise ValueError(f"{name!r} is not a field; there are {sorted(_FIELDS)}")
    if sign not in _FIELDS[name]:
        raise ValueError(f"{name} takes {_FIELDS[name]}, not {sign!r}")
    if sign == "IN":
        values, end = _list(tokens, place + 2)
        if name == "status" and not values <= _STATUSES:
            raise ValueError(f"there is no status {sorted(values - _STATUSES)}")
        return (name, sign, values), end
    if name == "sg_message_id_created_at":
        if value_kind != "moment":
            raise ValueError('a moment is written TIMESTAMP "2025-01-01T00:00:00Z"')
        return (name, sign, datetime.fromisoformat(value).timestamp()), place + 3
    if value_kind != "text":
        raise ValueError(f"{name} is compared with a text in quotes")
    return (name, sign, value), place + 3


def _list(tokens: list[tuple[str, str]], place: int) -> tuple[set[str], int]:
    if tokens[place : place + 1] != [("sign", "(")]:
        raise ValueError("IN takes a list: IN ('one', 'other')")
    values: set[str] = set()
    place += 1
    while True:
        if place >= len(tokens) or tokens[place][0] != "text":
            raise ValueError("a list holds texts in quotes")
        values.add(tokens[place][1])
        after = tokens[place + 1 : place + 2]
        place += 2
        if after == [("sign", ")")]:
            return values, place
        if after != [("sign", ",")]:
            raise ValueError("a list ends with a bracket")

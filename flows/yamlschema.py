"""Which keys may stand where in a kind of YAML file, looked up in its schema."""

from functools import cache
from typing import Any

from segments.spec import STEPS, Spec

Place = tuple[str | int, ...]

TAGS = {*STEPS, "when", "else"}
"""What pydantic adds behind the number of a step or of a way: the kind of it."""


@cache
def _schema(model: type[Spec]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _variants(node: dict[str, Any], model: type[Spec]) -> list[dict[str, Any]]:
    """What a part of a schema may be, references followed."""
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        return _variants(_schema(model)["$defs"][name], model)
    several = node.get("anyOf") or node.get("oneOf") or node.get("allOf")
    return [found for part in several for found in _variants(part, model)] if several else [node]


def keys_at(model: type[Spec], loc: Place) -> list[str]:
    """The keys that may stand at this place."""
    nodes = _variants(_schema(model), model)
    behind_number = False
    for part in loc:
        if behind_number and part in TAGS:
            nodes = [node for node in nodes if part in node.get("properties", {})]
        else:
            inside = [_inside(node, part) for node in nodes]
            nodes = [found for node in inside if node for found in _variants(node, model)]
        behind_number = isinstance(part, int)
    return list(dict.fromkeys(key for node in nodes for key in node.get("properties", {})))


def _inside(node: dict[str, Any], part: str | int) -> dict[str, Any] | None:
    found = (
        node.get("items")
        if isinstance(part, int)
        else node.get("properties", {}).get(part) or node.get("additionalProperties")
    )
    return found if isinstance(found, dict) else None


def owners_of(name: str, model: type[Spec]) -> list[str]:
    """Under which keys of this kind of file `name` may stand, in words."""
    root = _schema(model)
    parts = [*_variants(root, model), *root.get("$defs", {}).values()]
    found = ["at the top, without indentation"] if name in keys_at(model, ()) else []
    for part in parts:
        for key, value in part.get("properties", {}).items():
            nodes = [*_variants(value, model)]
            nodes += [v for node in nodes for v in _variants(node.get("items") or {}, model)]
            if any(name in node.get("properties", {}) for node in nodes):
                found.append(f'under "{key}"')
    return list(dict.fromkeys(found))

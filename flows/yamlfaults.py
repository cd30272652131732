"""What is wrong with a YAML file, in the words of whoever wrote it."""

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import yaml
from pydantic_core import ErrorDetails

from segments.spec import STEPS, Spec

Place = tuple[str | int, ...]

TAGS = {*STEPS, "when", "else"}
_TABS = "a tab stands here. Indent with spaces"
_COLUMNS = (
    "the indentation does not fit the lines above, or a colon or quotation mark is missing. "
    "Things that belong together start in the same column"
)
_SYNTAX = {
    "mapping values are not allowed": "a colon stands where none may. "
    'Check the indentation, or put the text in "…"',
    "expected <block end>": _COLUMNS,
    "could not find expected ':'": _COLUMNS,
    "found undefined alias": 'text that begins with * is put in "…"',
    "found another document": 'the file ends at a line "---"; write one only, and without it',
    "found unexpected end of stream": 'a quotation mark is opened here and never closed with "',
    "that cannot start any token": 'text that begins with this sign is put in "…"',
    "expected ',' or": "a bracket is opened here and not closed, or a comma is missing",
}
_PATTERNS = {
    "^[a-z]": "is no name. Write small letters, digits and _ only",
    "^[A-Z]{3}": 'is no currency. Write its three capital letters: "EUR"',
    "^#": 'is no colour. Write # and six digits: "#1f5b4d"',
    "^[^@": 'is no e-mail address. Write one like "name@company.com"',
}
_LIMITS = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}
_SHAPES = {
    "list_type": 'write a list here, each line with "- " in front',
    "dict_type": 'write "key: value" lines here',
    "model_type": 'write "key: value" lines here',
    "model_attributes_type": 'write "key: value" lines here',
}


def syntax(text: str, error: yaml.MarkedYAMLError) -> tuple[int, str]:
    """The line of a mistake in YAML itself, and what to do about it."""
    problem = error.problem or "it does not read"
    begun = "end of stream" in problem or "expected ',' or" in problem
    mark = (error.context_mark if begun else None) or error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    lines = text.splitlines()
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    if "\t" in shown[: len(shown) - len(shown.lstrip())] or "'\\t'" in problem:
        return line, _TABS
    known = next((what for sign, what in _SYNTAX.items() if sign in problem), None)
    return line, known or f"this is not YAML: {problem}"


def written(loc: Place) -> Iterator[str | int]:
    """The place as it stands in the file: pydantic adds the kind of step behind each number."""
    behind_number = False
    for part in loc:
        if part != "[key]" and not (behind_number and part in TAGS):
            yield part
        behind_number = isinstance(part, int)


def said(details: ErrorDetails, model: type[Spec]) -> str:
    """What pydantic found, in a sentence that says what to write instead."""
    place = tuple(written(details["loc"]))
    name = str(place[-1]) if place else ""
    label = _label(place)
    given = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(name, details["loc"], model)
        case "missing":
            return f'"{name}" is missing here'
        case "enum" | "literal_error":
            options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            hint = meant(str(given), options) or f". It is one of: {', '.join(options)}"
            if len(options) == 1:
                hint = f'. There is only "{options[0]}"'
            return f'{label}there is no "{given}"{hint}'
        case "value_error":
            where = label if isinstance(place[-1] if place else 0, str) else ""
            return f"{where}{context.get('error', details['msg'])}"
        case "string_pattern_mismatch":
            pattern = str(context.get("pattern", ""))
            what = next((w for start, w in _PATTERNS.items() if pattern.startswith(start)), None)
            key = "[key]" in details["loc"]
            return f'{"" if key else label}"{given}" {what or "does not look right here"}'
        case "int_parsing" | "int_parsing_size" | "int_type" | "int_from_float":
            return f'{label}"{given}" is not a whole number'
        case "float_parsing" | "float_type":
            point = str(given).replace(",", ".", 1)
            fits = re.fullmatch(r"-?\d+,\d+", str(given))
            return f'{label}"{given}" is not a number' + (f". Write {point}" if fits else "")
        case "bool_parsing" | "bool_type":
            return f'{label}write true or false, not "{given}"'
        case "string_type":
            if isinstance(given, bool | int | float):
                shown = str(given).lower() if isinstance(given, bool) else given
                return f'{label}this is to be text; put it in quotes: "{shown}"'
            return f"{label}write text here"
        case "string_too_long":
            return f"{label}this is longer than {context['max_length']} characters"
        case "string_too_short":
            return f"{label}this is empty; write something"
        case "too_short":
            return f"{label}write at least {context['min_length']}"
        case "step":
            begun = next(iter(given), "") if isinstance(given, dict) else str(given)
            return f'"{begun}" is no step: {details["msg"]}{meant(str(begun), STEPS)}'
        case kind if kind in _SHAPES:
            return f"{label}{_SHAPES[kind]}"
        case kind if kind in _LIMITS:
            sign, words = _LIMITS[kind]
            return f"{label}{given} does not go; write {words} {context[sign]:g}"
    return f"{label}{details['msg'][:1].lower()}{details['msg'][1:]}"


def meant(word: str, known: Iterable[str]) -> str:
    """'. Did you mean "x"?' where something similar is known, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'. Did you mean "{close[0]}"?' if close else ""


def _label(place: Place) -> str:
    """The key in front of a colon; of an entry in a list, which one it is."""
    if not place:
        return ""
    if isinstance(place[-1], int):
        key = next((part for part in reversed(place) if isinstance(part, str)), "")
        return f"{key}, entry {place[-1] + 1}: "
    return f"{place[-1]}: "


def _unknown_key(name: str, loc: Place, model: type[Spec]) -> str:
    place = tuple(written(loc))
    if name in STEPS and len(place) > 1 and isinstance(place[-2], int):
        return f'"{name}" is a step of its own: begin it with "- {name}: …"'
    here = _keys_at(model, loc[:-1])
    if owners := _owners_of(name, model):
        hint = f"; it belongs {' or '.join(owners)}"
    else:
        hint = meant(name, here) or (f". Here go: {', '.join(here)}" if here else "")
    return f'there is no "{name}" here{hint}'


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


def _keys_at(model: type[Spec], loc: Place) -> list[str]:
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


def _owners_of(name: str, model: type[Spec]) -> list[str]:
    """Under which keys of this kind of file `name` may stand, in words."""
    root = _schema(model)
    parts = [*_variants(root, model), *root.get("$defs", {}).values()]
    found = ["at the top, without indentation"] if name in _keys_at(model, ()) else []
    for part in parts:
        for key, value in part.get("properties", {}).items():
            nodes = [*_variants(value, model)]
            nodes += [v for node in nodes for v in _variants(node.get("items") or {}, model)]
            if any(name in node.get("properties", {}) for node in nodes):
                found.append(f'under "{key}"')
    return list(dict.fromkeys(found))

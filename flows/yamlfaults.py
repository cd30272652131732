"""What is wrong with a YAML file, in the words of whoever wrote it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import yaml
from pydantic_core import ErrorDetails

from flows.yamlschema import TAGS, Place, keys_at, owners_of
from segments.nearness import closest, meant
from segments.spec import STEPS, Spec

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
    "^[a-z][a-z0-9-]": "is no name. Write small letters, digits and - only, a letter first",
    "^[A-Za-z0-9][A-Za-z0-9_-]": "is no name. Write letters, digits, - and _ only",
    "^[a-z]": "is no name. Write small letters, digits and _ only",
    "^[A-Z]{3}": 'is no currency. Write its three capital letters: "EUR"',
    "^#": 'is no colour. Write # and six digits: "#1f5b4d"',
    r"^(https?://": 'is no address. Write one like "https://chat.example.com/hooks/stammkunde", '
    "or the name of an environment variable that holds it",
    r"^https?://[^\s/]+(": 'is no address. Write one like "https://mail.example.com"',
    r"^https?://[^\s/]+$": 'is no address. Write one like "https://api.example.com", and nothing '
    "behind it",
    "^[A-Za-z][A-Za-z0-9-]": 'is no name of a header. Write one like "X-Forwarded-For"',
    "^[A-Za-z0-9._-]{1,30}@": 'is no e-mail address. Write one like "antwort@parse.example.com"',
    "^[^@": 'is no e-mail address. Write one like "name@company.com"',
}
_VARIABLE = "^[A-Z][A-Z0-9_]"
"""What stands here instead may be a secret: it is not said again."""
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


class Finding(NamedTuple):
    """One thing pydantic found. `several`: where it tried more than one shape, all the same."""

    place: Place
    details: ErrorDetails
    several: Place | None = None


def findings(errors: Sequence[ErrorDetails], data: Any) -> list[Finding]:
    """What pydantic found, by its place in the file; of several shapes tried, what fits best."""
    found = [_finding(details, data) for details in errors]
    fitting = [finding for finding in found if _fits(finding, data)]
    answered = {finding.several for finding in fitting}
    for finding in found:
        if finding.several not in answered:
            fitting.append(finding)
            answered.add(finding.several)
    unknown = [f.place for f in fitting if f.details["type"] == "extra_forbidden"]
    return [finding for finding in fitting if not _misspelt(finding, unknown)]


def at(data: Any, place: Place) -> Any:
    """What stands at this place; None if nothing does."""
    for part in place:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _finding(details: ErrorDetails, data: Any) -> Finding:
    """Takes out of pydantic's place what is not in the file: which shape it tried."""
    several: Place | None = None
    kept: list[str | int] = []
    loc = details["loc"]
    for number, part in enumerate(loc):
        tag = bool(kept) and isinstance(kept[-1], int) and part in TAGS
        here = at(data, tuple(_written(tuple(kept))))
        asked_for = number == len(loc) - 1 and details["type"] == "missing"
        inside = isinstance(here, dict) and part in here
        if tag or part == "[key]" or asked_for or inside or isinstance(part, int):
            kept.append(part)
        elif several is None:
            several = tuple(_written(tuple(kept)))
    place = tuple(_written(tuple(kept)))
    return Finding(place, {**details, "loc": tuple(kept)}, several)


def _written(loc: Place) -> Iterator[str | int]:
    """The place as it stands in the file: pydantic adds the kind of step behind each number."""
    behind_number = False
    for part in loc:
        if part != "[key]" and not (behind_number and part in TAGS):
            yield part
        behind_number = isinstance(part, int)


def _fits(finding: Finding, data: Any) -> bool:
    """Whether the shape that was tried is the one somebody had in mind."""
    if finding.several is None:
        return True
    kind = finding.details["type"]
    if isinstance(at(data, finding.several), dict | list):
        return finding.place != finding.several or kind == "value_error"
    return kind not in _SHAPES


def _misspelt(finding: Finding, unknown: Sequence[Place]) -> bool:
    """Whether something is only missing because it is written under a similar name."""
    *around, name = finding.place or ("",)
    if finding.details["type"] != "missing":
        return False
    meant_so = [str(name), *(("else", *STEPS) if name == "when" else ())]
    return any(
        list(place[:-1]) == around and closest(str(place[-1]), meant_so) for place in unknown
    )


def said(finding: Finding, model: type[Spec]) -> str:
    """What pydantic found, in a sentence that says what to write instead."""
    place, details = finding.place, finding.details
    name = str(place[-1]) if place else ""
    label = _label(place)
    given = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(finding, model)
        case "missing":
            return f'"{name}" is missing here'
        case "enum" | "literal_error":
            options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            if isinstance(given, dict | list):
                return f"{label}write one word here: {', '.join(options)}"
            hint = meant(str(given), options) or f". It is one of: {', '.join(options)}"
            if len(options) == 1 and finding.several is not None:
                hint = f'. Write "{options[0]}" or a list, each line with "- " in front'
            elif len(options) == 1:
                hint = f'. There is only "{options[0]}"'
            return f'{label}there is no "{given}"{hint}'
        case "value_error":
            where = label if isinstance(place[-1] if place else 0, str) else ""
            return f"{where}{context.get('error', details['msg'])}"
        case "string_pattern_mismatch":
            pattern = str(context.get("pattern", ""))
            if pattern.startswith(_VARIABLE):
                return (
                    f"{label}write the name of an environment variable, such as SENDGRID_API_KEY; "
                    "the secret itself stands there, never here"
                )
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


def _label(place: Place) -> str:
    """The key in front of a colon; of an entry in a list, which one it is."""
    if not place:
        return ""
    if isinstance(place[-1], int):
        key = next((part for part in reversed(place) if isinstance(part, str)), "")
        return f"{key}, entry {place[-1] + 1}: "
    return f"{place[-1]}: "


def _unknown_key(finding: Finding, model: type[Spec]) -> str:
    place, name = finding.place, str(finding.place[-1])
    if name in STEPS and len(place) > 1 and isinstance(place[-2], int):
        return f'"{name}" is a step of its own: begin it with "- {name}: …"'
    here = keys_at(model, finding.details["loc"][:-1])
    if len(place) > 2 and place[-3] == "choose":
        here = [*here, "else"]
    if owners := owners_of(name, model):
        hint = f"; it belongs {' or '.join(owners)}"
    else:
        hint = meant(name, here) or (f". Here go: {', '.join(here)}" if here else "")
    return f'there is no "{name}" here{hint}'

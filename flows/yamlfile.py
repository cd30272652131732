"""YAML that remembers where everything stands, and errors in the words of whoever wrote it."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flows.errors import Fault
from segments.spec import STEPS, Spec

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=Spec)

_MOST_NODES = 500_000
_TAGS = {*STEPS, "when", "else"}


@dataclass(frozen=True)
class Document:
    """The content of one file, and the line on which each part of it stands."""

    path: str
    data: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """The line of this place, or of the nearest thing around it that was written."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def fault(self, place: Place, what: str) -> Fault:
        """Something wrong at this place."""
        return Fault(self.path, self.line(place), what)


def read(file: Path, name: str) -> tuple[Document | None, list[Fault]]:
    """The document, or what keeps it from being one. `name` is what errors call the file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None, [Fault(name, 0, "this file is missing")]
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else error.strerror
        return None, [Fault(name, 0, f"this file cannot be read: {why}")]
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(name, text, error)]
    except (yaml.YAMLError, RecursionError) as error:
        return None, [Fault(name, 0, f"this is not YAML: {error}")]
    if node is None:
        return Document(name, {}, {(): 1}), []
    reader = _Reader(name)
    data = reader.value(node, ())
    return Document(name, data, reader.lines), reader.faults


def build(model: type[Model], document: Document) -> tuple[Model | None, list[Fault]]:
    """The model, or everything in the document that keeps it from being one."""
    if not isinstance(document.data, dict):
        return None, [document.fault((), 'write "key: value" lines here')]
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        faults = [_fault(document, details, model) for details in error.errors(include_url=False)]
        return None, list(dict.fromkeys(faults))


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: `on` and `no` are words, 10:00 is a time and not 600."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


class _Reader:
    """Turns nodes into values and notes lines and duplicate keys on the way."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        self.left = _MOST_NODES

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.lines.setdefault(place, node.start_mark.line + 1)
        self.left -= 1
        if self.left < 0:
            if self.left == -1:
                self.faults.append(Fault(self.path, 0, "this file is too large"))
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*place, i)) for i, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault(self.path, line, "a key is one word before a colon"))
            elif key in found:
                first = self.lines[(*place, key)]
                what = f'"{key}" stands here a second time; the first is on line {first}'
                self.faults.append(Fault(self.path, line, what))
            else:
                self.lines[(*place, key)] = line
                found[key] = self.value(value_node, (*place, key))
        return found

    @staticmethod
    def _scalar(node: yaml.Node) -> Any:
        kind = node.tag.rpartition(":")[2]
        if kind == "int":
            return int(node.value)
        if kind == "float":
            return float(node.value)
        if kind == "bool":
            return node.value.lower() == "true"
        return None if kind == "null" else node.value


def _syntax(path: str, text: str, error: yaml.MarkedYAMLError) -> Fault:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 0
    lines = text.splitlines()
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    problem = error.problem or "it does not read"
    if "\t" in shown[: len(shown) - len(shown.lstrip())] or "'\\t'" in problem:
        return Fault(path, line, "a tab stands here. Indent with spaces")
    if "mapping values are not allowed" in problem:
        return Fault(
            path,
            line,
            'a colon stands where none may. Check the indentation, or put the text in "…"',
        )
    if "expected <block end>" in problem or "could not find expected ':'" in problem:
        return Fault(
            path,
            line,
            "the indentation does not fit the lines above, or a colon is missing. "
            "Things that belong together start in the same column",
        )
    return Fault(path, line, f"this is not YAML: {problem}")


def _fault(document: Document, details: ErrorDetails, model: type[Spec]) -> Fault:
    place = tuple(_written(details["loc"]))
    return document.fault(place, _what(details, place, model))


def _written(loc: tuple[str | int, ...]) -> Iterator[str | int]:
    """The place as it stands in the file: pydantic adds the kind of step behind each number."""
    behind_number = False
    for part in loc:
        if not (behind_number and part in _TAGS):
            yield part
        behind_number = isinstance(part, int)


def _what(details: ErrorDetails, place: Place, model: type[Spec]) -> str:
    name = str(place[-1]) if place else ""
    given = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return f'there is no "{name}" here{_meant(name, _known_keys(model))}'
        case "missing":
            return f'"{name}" is missing here'
        case "enum" | "literal_error":
            options = re.findall(r"'([^']*)'", str(context.get("expected", "")))
            hint = _meant(str(given), options) or f". It is one of: {', '.join(options)}"
            return f'{name}: there is no "{given}"{hint}'
        case "value_error":
            return (
                f"{name}: {context.get('error', details['msg'])}" if name else str(context["error"])
            )
        case "string_pattern_mismatch" if context.get("pattern", "").startswith("^[a-z]"):
            return f'{name}: "{given}" is no name. Write small letters, digits and _ only'
        case "string_pattern_mismatch":
            return f'{name}: "{given}" does not look right here'
        case "int_parsing" | "int_type" | "int_from_float":
            return f'{name}: "{given}" is not a whole number'
        case "float_parsing" | "float_type":
            return f'{name}: "{given}" is not a number'
        case "bool_parsing" | "bool_type":
            return f'{name}: write true or false, not "{given}"'
        case "string_type" | "list_type" | "dict_type" | "model_type" | "model_attributes_type":
            return f"{name}: {_SHAPES[details['type']]}"
        case "step":
            begun = next(iter(given), "") if isinstance(given, dict) else str(given)
            return f'"{begun}" is no step: {details["msg"]}{_meant(str(begun), list(STEPS))}'
    return f"{name}: {details['msg'][:1].lower()}{details['msg'][1:]}"


_SHAPES = {
    "string_type": "write text here",
    "list_type": 'write a list here, each line with "- " in front',
    "dict_type": 'write "key: value" lines here',
    "model_type": 'write "key: value" lines here',
    "model_attributes_type": 'write "key: value" lines here',
}


def _meant(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f'. Did you mean "{close[0]}"?' if close else ""


def _known_keys(model: type[Spec]) -> list[str]:
    """Every key that occurs anywhere in this kind of file."""
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for part in parts for key in part.get("properties", {})})

"""YAML that remembers where everything stands, and errors in the words of whoever wrote it."""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError
from yaml.reader import ReaderError

from flows.errors import Fault
from flows.yamlfaults import findings, said, syntax
from flows.yamlschema import Place
from segments.spec import Spec

Model = TypeVar("Model", bound=Spec)

_MOST_BYTES = 500_000
_MOST_NODES = 200_000
_DEEPEST = 60
_WIDEST = 1_000
_TOO_LARGE = "this file is too large for something written by hand"
_TOO_DEEP = "this is nested too deeply"


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
    """The document, and everything wrong with it as YAML; no document where it does not read.

    `name` is what errors call the file.
    """
    try:
        with file.open("rb") as opened:
            raw = opened.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None, [Fault(name, 0, "this file is missing")]
    except OSError as error:
        return None, [Fault(name, 0, f"this file cannot be read: {error.strerror}")]
    if len(raw) > _MOST_BYTES:
        return None, [Fault(name, 0, _TOO_LARGE)]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return None, [Fault(name, line, "this is not UTF-8 text. Save the file as UTF-8")]
    try:
        node = _composed(text)
    except yaml.MarkedYAMLError as error:
        return None, [Fault(name, *syntax(text, error))]
    except ReaderError as error:
        line = text[: error.position].count("\n") + 1
        return None, [Fault(name, line, "an invisible sign stands here that is no text. Remove it")]
    except (yaml.YAMLError, RecursionError):
        return None, [Fault(name, 0, _TOO_DEEP)]
    if node is None:
        return None, [Fault(name, 0, "this file is empty")]
    reader = _Reader(name)
    data = reader.value(node, ())
    return None if reader.left < 0 else Document(name, data, reader.lines), reader.faults


def build(model: type[Model], document: Document) -> tuple[Model | None, list[Fault]]:
    """The model, or everything in the document that keeps it from being one."""
    if not isinstance(document.data, dict):
        return None, [document.fault((), 'write "key: value" lines here')]
    try:
        return model.model_validate(document.data), []
    except ValidationError as error:
        found = findings(error.errors(include_url=False), document.data)
        faults = [document.fault(finding.place, said(finding, model)) for finding in found]
        return None, list(dict.fromkeys(faults))


class _Loader(yaml.SafeLoader):
    """YAML as people expect it: `on` and `no` are words, 10:00 is a time and not 600."""


class _QuickLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same in C, ten times as fast; it is worse at saying what is wrong, and where."""


for _loader in (_Loader, _QuickLoader):
    _loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("int", r"^-?(?:0|[1-9][0-9]{0,17})$", "-0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("merge", r"^<<$", "<"),
):
    for _loader in (_Loader, _QuickLoader):
        _loader.add_implicit_resolver(
            f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first)
        )


def _composed(text: str) -> yaml.Node | None:
    # The loader in C lets tabs pass, and would not survive nesting without bounds, which columns
    # and brackets set.
    widest = max(map(len, text.splitlines()), default=0)
    brackets = text.count("[") + text.count("{")
    if max(widest, brackets) <= _WIDEST and "\t" not in text:
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=_QuickLoader)
    return yaml.compose(text, Loader=_Loader)


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
                self.faults.append(Fault(self.path, 0, _TOO_LARGE))
            return None
        if len(place) > _DEEPEST:
            self.faults.append(Fault(self.path, node.start_mark.line + 1, _TOO_DEEP))
            self.left = -1
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
        try:
            if kind == "int":
                return int(node.value)
            if kind == "float":
                return float(node.value)
        except ValueError:  # somebody wrote the tag themselves: !!int three
            return node.value
        if kind == "bool":
            return node.value.lower() == "true"
        return None if kind == "null" else node.value

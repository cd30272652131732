"""One message in one language, ready to render: its version, its sources, and how it is written."""

import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import yaml
from jinja2 import meta, nodes

from flows.messages.environment import ROOT, Environment, environment
from flows.messages.explain import TemplateError, explained, syntax_fault
from flows.messages.flat import Flat
from flows.messages.tidy import Tidy

_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same in C, ten times as fast; it is worse at saying what is wrong."""

PARTS = ("subject.txt", "preheader.txt", "body.html", "body.txt")


@dataclass(frozen=True)
class Shared:
    """What all messages of a house have in common, in JSON: stored once with their templates."""

    json: str = "{}"

    @cached_property
    def values(self) -> dict[str, Any]:
        """It, read."""
        read: dict[str, Any] = json.loads(self.json)
        return read


@dataclass(frozen=True)
class Rendered:
    """The four parts of a message."""

    subject: str
    preheader: str
    html: str
    text: str


class Message:
    """One message in one language: its version, its sources, and how to render it."""

    def __init__(self, name: str, locale: str, sources: Mapping[str, str], shared: Shared) -> None:
        self.name = name
        self.locale = locale
        self.shared = shared.values
        self._all = sources
        self._tidy = Tidy()
        self._trees: dict[str, nodes.Template] = {}

    @cached_property
    def sources(self) -> dict[str, str]:
        """Every file this message uses, by its path under templates/."""
        words = f"_words/{self.locale}.yaml"
        wanted = [f"{self.name}/{self.locale}/{part}" for part in PARTS]
        found = {words: self._all[words]} if words in self._all else {}
        while wanted:
            path = wanted.pop()
            if path in found:
                continue
            if path not in self._all:
                raise TemplateError.at(ROOT + path, "is missing")
            found[path] = self._all[path]
            wanted += [name for name in self.references(path) if name]
        return dict(sorted(found.items()))

    @cached_property
    def _content(self) -> str:
        """All that makes the message what it is, the same text for the same content."""
        return json.dumps(
            {
                "message": self.name,
                "locale": self.locale,
                "sources": self.sources,
                "shared": self.shared,
            },
            ensure_ascii=False,
            sort_keys=True,
        )

    @cached_property
    def bundle(self) -> bytes:
        """The content as it is stored: packed, the same bytes for the same content."""
        return zlib.compress(self._content.encode(), 9)

    @cached_property
    def version(self) -> str:
        """Hash of the content."""
        return blake2b(self._content.encode(), digest_size=16).hexdigest()

    @cached_property
    def words(self) -> dict[str, Any]:
        """The shared words of the message's language."""
        return read_words(f"_words/{self.locale}.yaml", self._all)

    def prints(self, name: str) -> bool:
        """Whether a template asks for this name; in doubt it does."""
        return self._printed is None or name in self._printed

    @cached_property
    def _printed(self) -> frozenset[str] | None:
        """The names templates ask for; None if that cannot be told before they are rendered."""
        with suppress(Exception):
            paths = [path for path in self.sources if not path.endswith(".yaml")]
            if not any(None in self.references(path) for path in paths):
                asked = (name for path in paths for name in self.tree(path).find_all(nodes.Name))
                return frozenset(name.name for name in asked)
        return None

    def references(self, path: str) -> list[str | None]:
        """Templates a file includes, extends or imports; None where the name is computed."""
        return list(meta.find_referenced_templates(self.tree(path)))

    def tree(self, path: str) -> nodes.Template:
        """The syntax tree of a file, to look at."""
        if path not in self._trees:
            try:
                read = self._environment.parse(self._all[path], path, ROOT + path)
            except Exception as error:
                raise TemplateError(syntax_fault(error, ROOT + path)) from error
            self._trees[path] = read
        return self._trees[path]

    def render(self, given: Mapping[str, Any]) -> Rendered:
        """All four parts, or a `MessageError` that names file, line and what is missing."""
        if self._flat:
            # What fails here fails as it was written, too, where it can be told which line it is.
            with suppress(Exception):
                return self._quickly(given)
        try:
            return self._as_written(given)
        except Exception as error:
            raise TemplateError(explained(error, self._all, {**self.known, **given})) from error

    def _quickly(self, given: Mapping[str, Any]) -> Rendered:
        subject, preheader, html, text = self._flat
        given = {**self._environment.globals, **given}
        given["subject"] = _in_a_line("".join(subject.pieces(given)))
        given["preheader"] = _in_a_line("".join(preheader.pieces(given)))
        return Rendered(
            given["subject"],
            given["preheader"],
            self._tidy(html.pieces(given)),
            _in_lines("".join(text.pieces(given))),
        )

    def _as_written(self, given: Mapping[str, Any]) -> Rendered:
        subject, preheader, html, text = map(self._environment.get_template, self._paths)
        given = dict(given)
        given["subject"] = _in_a_line(subject.render(given))
        given["preheader"] = _in_a_line(preheader.render(given))
        lines = [line for line in html.render(given).splitlines() if line.strip()]
        return Rendered(
            given["subject"],
            given["preheader"],
            "\n".join(lines) + "\n",
            _in_lines(text.render(given)),
        )

    @cached_property
    def known(self) -> dict[str, Any]:
        """Names whose values are the same for whoever the message goes to."""
        own = {"locale": self.locale, "words": self.words}
        return own | {name: self.shared[name] for name in ("zone", "sender") if name in self.shared}

    @cached_property
    def _environment(self) -> Environment:
        return environment(self._all, self.locale, self.shared.get("zone", "UTC"), self.known)

    @cached_property
    def _flat(self) -> list[Flat]:
        """Each part in one piece; nothing if one of them cannot be had so."""
        with suppress(Exception):
            return [Flat(self._environment, self._all, path, self.known) for path in self._paths]
        return []

    @property
    def _paths(self) -> list[str]:
        return [f"{self.name}/{self.locale}/{part}" for part in PARTS]


def read_words(path: str, sources: Mapping[str, str]) -> dict[str, Any]:
    """The words of a language."""
    if path not in sources:
        raise TemplateError.at(ROOT + path, "is missing")
    try:
        words = _loaded(sources[path])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise TemplateError.at(ROOT + path, f"is not YAML: {problem}", line) from error
    if not isinstance(words, dict):
        raise TemplateError.at(ROOT + path, 'holds no words. Write them as "name: text"', 1)
    return words


def _loaded(text: str) -> Any:
    with suppress(yaml.YAMLError):
        return yaml.load(text, Loader=_QUICK)  # noqa: S506 - it is the safe one
    return yaml.safe_load(text)


def _in_a_line(text: str) -> str:
    return " ".join(text.split())


def _in_lines(text: str) -> str:
    """Lines without white space at their ends, and never more than one empty line in a row."""
    text = "\n".join(map(str.rstrip, text.splitlines())).strip()
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return f"{text}\n"

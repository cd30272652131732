"""The messages of a templates folder, or of a bundle stored with a send, ready to render."""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml
from jinja2 import meta, nodes

from flows.errors import ConfigError, Fault
from flows.messages.environment import ROOT, Environment, environment
from flows.messages.explain import TemplateError, explained, syntax_fault
from flows.messages.styles import inlined
from segments.names import Locale

PARTS = ("subject.txt", "preheader.txt", "body.html", "body.txt")
SHARED = ("_base", "_blocks", "_macros", "_words")
_KINDS = {".html", ".txt", ".css", ".yaml"}
_BLANKS = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class Rendered:
    """The four parts of a message."""

    subject: str
    preheader: str
    html: str
    text: str


class Message:
    """One message in one language: its version, its sources, and how to render it."""

    def __init__(self, name: str, locale: str, sources: Mapping[str, str]) -> None:
        self.name = name
        self.locale = locale
        self._all = sources
        self._environment: Environment = environment(sources)

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
    def bundle(self) -> bytes:
        """The sources as they are stored: packed, the same bytes for the same content."""
        packed = json.dumps(
            {"message": self.name, "locale": self.locale, "sources": self.sources},
            ensure_ascii=False,
            sort_keys=True,
        )
        return zlib.compress(packed.encode(), 9)

    @cached_property
    def version(self) -> str:
        """Content hash over everything the message uses."""
        content = json.dumps(self.sources, ensure_ascii=False, sort_keys=True)
        name = f"{self.name}\0{self.locale}\0{content}"
        return blake2b(name.encode(), digest_size=16).hexdigest()

    @cached_property
    def words(self) -> dict[str, Any]:
        """The shared words of the message's language."""
        return read_words(f"_words/{self.locale}.yaml", self._all)

    @cached_property
    def _parts(self) -> list[Any]:
        return [
            self._environment.get_template(f"{self.name}/{self.locale}/{part}") for part in PARTS
        ]

    def references(self, path: str) -> list[str | None]:
        """Templates a file includes, extends or imports; None where the name is computed."""
        return list(meta.find_referenced_templates(self.tree(path)))

    def tree(self, path: str) -> nodes.Template:
        """The syntax tree of a file."""
        try:
            return self._environment.parse(self._all[path], path, ROOT + path)
        except Exception as error:
            raise TemplateError(syntax_fault(error, ROOT + path)) from error

    def render(self, context: Mapping[str, Any]) -> Rendered:
        """All four parts, or a `MessageError` that names file, line and what is missing."""
        given = {**context, "words": self.words}
        try:
            subject, preheader, html, text = self._parts
            given["subject"] = " ".join(subject.render(given).split())
            given["preheader"] = " ".join(preheader.render(given).split())
            return Rendered(
                given["subject"],
                given["preheader"],
                "\n".join([line for line in html.render(given).splitlines() if line.strip()])
                + "\n",
                _BLANKS.sub(
                    "\n\n", "\n".join(map(str.rstrip, text.render(given).splitlines()))
                ).strip()
                + "\n",
            )
        except Exception as error:
            raise TemplateError(explained(error, self._all, context)) from error


class Library:
    """All messages at one place. Opened once, then every message is compiled once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._messages: dict[tuple[str, str], Message] = {}

    @classmethod
    def open(cls, folder: Path) -> "Library":
        """The messages of a templates folder; compiled once for as long as no file changes."""
        return _compiled(tuple(read_sources(folder).items()))

    @property
    def names(self) -> list[str]:
        """Every message there is."""
        return sorted({path.split("/")[0] for path in self._sources} - set(SHARED))

    def locales(self, name: str) -> list[str]:
        """The languages a message is written in."""
        return [
            str(locale)
            for locale in Locale
            if any(path.startswith(f"{name}/{locale}/") for path in self._sources)
        ]

    def message(self, name: str, locale: str) -> Message:
        """A message in that language, or in another where it does not exist in that one."""
        key = (name, locale)
        if key not in self._messages:
            there = self.locales(name)
            if not there:
                known = ", ".join(self.names)
                raise TemplateError.at(ROOT + name, f"is not there. There are: {known}")
            chosen = locale if locale in there else there[0]
            self._messages[key] = Message(name, chosen, self._sources)
        return self._messages[key]


@lru_cache(maxsize=2)
def _compiled(sources: tuple[tuple[str, str], ...]) -> Library:
    return Library(inlined(dict(sources)))


def opened(bundle: bytes) -> Message:
    """The message of a stored bundle, exactly as it was when it was sent."""
    content = json.loads(zlib.decompress(bundle))
    return Message(content["message"], content["locale"], content["sources"])


def read_sources(folder: Path) -> dict[str, str]:
    """Every template file, by its path from the folder. All unreadable ones are told at once."""
    if not folder.is_dir():
        raise ConfigError.at(ROOT, "is missing. Begin with a folder a message")
    sources: dict[str, str] = {}
    faults = []
    for file in sorted(folder.rglob("*")):
        path = file.relative_to(folder).as_posix()
        if not file.is_file() or file.suffix not in _KINDS or path.startswith("."):
            continue
        try:
            sources[path] = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            line = file.read_bytes()[: error.start].count(b"\n") + 1
            faults.append(Fault(ROOT + path, line, "is not UTF-8. Save the file as UTF-8"))
    if faults:
        raise ConfigError(faults)
    return sources


def read_words(path: str, sources: Mapping[str, str]) -> dict[str, Any]:
    """The words of a language."""
    if path not in sources:
        raise TemplateError.at(ROOT + path, "is missing")
    try:
        words = yaml.safe_load(sources[path])
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise TemplateError.at(ROOT + path, f"is not YAML: {problem}", line) from error
    if not isinstance(words, dict):
        raise TemplateError.at(ROOT + path, 'holds no words. Write them as "name: text"', 1)
    return words

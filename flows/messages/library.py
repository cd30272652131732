"""The messages of a templates folder, or of a bundle stored with a send, ready to render."""

import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from flows.errors import ConfigError, Fault
from flows.messages.environment import ROOT
from flows.messages.explain import TemplateError
from flows.messages.message import Message, Shared
from flows.messages.styles import inlined
from segments.names import Locale

_KINDS = {".html", ".txt", ".css", ".yaml"}
_NOTHING = Shared()


class Library:
    """All messages at one place. Opened once, then every message is compiled once."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._messages: dict[tuple[str, str, Shared], Message] = {}
        self._prints: dict[tuple[str, str], bool] = {}

    @classmethod
    def open(cls, folder: Path) -> "Library":
        """The messages of a templates folder; compiled once for as long as no file changes."""
        return _compiled(tuple(read_sources(folder).items()))

    @property
    def names(self) -> list[str]:
        """Every message to customers; what begins with an underscore is none."""
        folders = {path.split("/")[0] for path in self._sources}
        return sorted(folder for folder in folders if not folder.startswith("_"))

    def locales(self, name: str) -> list[str]:
        """The languages a message is written in."""
        return [
            str(locale)
            for locale in Locale
            if any(path.startswith(f"{name}/{locale}/") for path in self._sources)
        ]

    def message(self, name: str, locale: str, shared: Shared = _NOTHING) -> Message:
        """A message in that language, or in another where it does not exist in that one.

        `shared` is what it has in common with all others.
        """
        key = (name, locale, shared)
        found = self._messages.get(key)
        if found is None:
            there = self.locales(name)
            if not there:
                known = ", ".join(self.names)
                raise TemplateError.at(ROOT + name, f"is not there. There are: {known}")
            chosen = locale if locale in there else there[0]
            found = self._messages[key] = Message(name, chosen, self._sources, shared)
        return found

    def prints(self, name: str, what: str) -> bool:
        """Whether a message asks for `what` in any language; in doubt it does."""
        if (name, what) not in self._prints:
            found = [self.message(name, locale).prints(what) for locale in self.locales(name)]
            self._prints[name, what] = any(found)
        return self._prints[name, what]


@lru_cache(maxsize=2)
def _compiled(sources: tuple[tuple[str, str], ...]) -> Library:
    return Library(inlined(dict(sources)))


@lru_cache(maxsize=16)
def opened(bundle: bytes) -> Message:
    """The message of a stored bundle, exactly as it was when it was sent."""
    content = json.loads(zlib.decompress(bundle))
    shared = Shared(json.dumps(content["shared"], ensure_ascii=False))
    return Message(content["message"], content["locale"], content["sources"], shared)


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

"""Puts values into tags the way SendGrid does: literally, and looking at the result again."""

import re
from collections.abc import Mapping

PASSES = 4
"""Values are looked at again for tags, so often in all."""


class Text:
    """A text with tags in it, cut at them once for all recipients that use the same tags."""

    def __init__(self, text: str, tags: "Tags") -> None:
        self._tags = tags
        self._text = text
        self._pieces = tags.pattern.split(text) if tags.pattern else [text]

    def filled(self, values: Mapping[str, str]) -> str:
        """The text with the values put in."""
        if len(self._pieces) == 1:
            return self._text
        pieces = self._pieces.copy()
        pieces[1::2] = [values[tag] for tag in pieces[1::2]]
        filled = "".join(pieces)
        for _ in range(PASSES - 1):
            if self._tags.common not in filled:
                break
            again = self._tags.pattern.sub(lambda found: values[found[0]], filled)
            if again == filled:
                break
            filled = again
        return filled


class Tags:
    """The tags of one recipient; longer ones are put in before shorter ones they begin with."""

    def __init__(self, tags: tuple[str, ...]) -> None:
        known = sorted((tag for tag in tags if tag), key=len, reverse=True)
        self.common = _common_beginning(known) if known else ""
        self.pattern = re.compile(f"({'|'.join(map(re.escape, known))})") if known else None
        self._texts: dict[str, Text] = {}

    def fill(self, text: str, values: Mapping[str, str]) -> str:
        """Put the values into the text."""
        if self.pattern is None:
            return text
        cut = self._texts.get(text)
        if cut is None:
            cut = self._texts[text] = Text(text, self)
        return cut.filled(values)


class Filler:
    """Fills the texts of one request; recipients with the same tags share the cutting."""

    def __init__(self) -> None:
        self._tags: dict[tuple[str, ...], Tags] = {}

    def fill(self, text: str, values: Mapping[str, str]) -> str:
        """Put the values into the text."""
        if not values:
            return text
        names = tuple(values)
        tags = self._tags.get(names)
        if tags is None:
            tags = self._tags[names] = Tags(names)
        return tags.fill(text, values)


def _common_beginning(words: list[str]) -> str:
    first, last = min(words), max(words)
    for place, sign in enumerate(first):
        if last[place] != sign:
            return first[:place]
    return first

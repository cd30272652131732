"""What messages of one kind share, learned from a few of them and then read off the others.

Nothing is known of their template. Bodies are compared unit by unit, a tag or a line each, which
shows where they differ; later ones are read along the pieces that are always there.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

MOST_SLOTS = 90
"""SendGrid was heard to take 100 substitutions a message."""

SEAM = 16
"""How much of a body next to a value is looked at with it."""

_MOST_OPEN = 4_000  # Messages that differ in more characters are strangers to one another,
_ALWAYS_OPEN = 300  # and so are those with less than two thirds in common, unless they are short.
_SHORTEST = 8  # A shorter piece between two slots is found by mistake; it goes with them.
_HEAD, _PROBE = 48, 256

_UNIT = re.compile(r"<[^<\n]*\n?|[^<\n]+\n?|\n")
_WORD_START = re.compile(r"\A[\w#%-]+;?")
# SendGrid rewrites links it finds in what messages share: such a link is whole up to its host.
_HALF_LINK = re.compile(r"https?://[^/\"'\s<>]*\Z")

Values = tuple[list[str], list[str]]
"""The values of an HTML and of a text body."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where messages differ: how it always begins and ends, and how long it may be."""

    begins: str
    ends: str
    least: int
    most: int

    @property
    def open(self) -> int:
        """How many characters of it are a recipient's own, at most."""
        return self.most - len(self.begins) - len(self.ends)


Element = str | Slot


@dataclass(frozen=True, slots=True)
class Track:
    """The pieces a body always has, in their order; between two of them is a value."""

    pieces: tuple[str, ...]
    probes: tuple[tuple[str, str, int], ...]
    seams: tuple[str, ...]

    @classmethod
    def of(cls, pieces: list[str]) -> "Track":
        """A track along these pieces."""
        probes = [(piece[:_HEAD], piece[:_PROBE], len(piece)) for piece in pieces[1:-1]]
        seams = [
            piece if len(piece) < 2 * SEAM else f"{piece[:SEAM]}\0{piece[-SEAM:]}"
            for piece in pieces
        ]
        return cls(tuple(pieces), tuple(probes), tuple(seams))

    def read(self, body: str) -> list[str] | None:
        """The values between the pieces, or None: put back in, they make the body again."""
        pieces = self.pieces
        if len(pieces) == 1:
            return [] if body == pieces[0] else None
        at = len(pieces[0])
        if not body.startswith(pieces[0][-_HEAD:], max(at - _HEAD, 0)):
            return None
        values = []
        for head, probe, length in self.probes:
            found = body.find(head, at)
            while found >= 0 and not body.startswith(probe, found):
                found = body.find(head, found + 1)
            if found < 0:
                return None
            values.append(body[at:found])
            at = found + length
        end = len(body) - len(pieces[-1])
        if at > end:
            return None
        values.append(body[at:end])
        return values if self.put(values) == body else None

    def put(self, values: Sequence[str]) -> str:
        """The body with these values between its pieces."""
        return _woven(self.pieces, values)

    def around(self, values: Sequence[str]) -> str:
        """The values and what of the body is next to them: `SEAM` characters on either side."""
        return _woven(self.seams, values)


@dataclass
class Mould:
    """What a group of messages share, learned from some of them."""

    html: list[Element]
    text: list[Element]
    version: int = 0
    _tracks: tuple[Track, Track] | None = None

    @classmethod
    def of(cls, html: str, text: str) -> "Mould":
        """A mould that knows one message."""
        return cls(list(_UNIT.findall(html)), list(_UNIT.findall(text)))

    @property
    def tracks(self) -> tuple[Track, Track]:
        """How bodies of this mould are read: HTML and text."""
        if self._tracks is None:
            self._tracks = (_track(self.html), _track(self.text))
        return self._tracks

    def read(self, html: str, text: str) -> Values | None:
        """The values of a message, or None if it is not of this mould."""
        of_html, of_text = self.tracks
        read = of_html.read(html)
        if read is None:
            return None
        more = of_text.read(text)
        return None if more is None else (read, more)

    def learn(self, html: str, text: str) -> bool:
        """Widen the mould for one more message, unless that differs too much."""
        # The text is looked at first: it is short, and all of it differs in another language.
        own_text = _widened(self.text, _UNIT.findall(text))
        if _strange(own_text):
            return False
        own_html = _widened(self.html, _UNIT.findall(html))
        slots = [each for each in (*own_html, *own_text) if isinstance(each, Slot)]
        if (
            _strange(own_html)
            or len(slots) > MOST_SLOTS
            or sum(slot.open for slot in slots) > _MOST_OPEN
        ):
            return False
        self.html, self.text = own_html, own_text
        self.version += 1
        self._tracks = None
        return True


def _woven(pieces: Sequence[str], values: Sequence[str]) -> str:
    parts = [*pieces, *values]
    parts[::2] = pieces
    parts[1::2] = values
    return "".join(parts)


def _strange(elements: list[Element]) -> bool:
    own = sum(each.open for each in elements if isinstance(each, Slot))
    shared = sum(
        len(each) if isinstance(each, str) else len(each.begins) + len(each.ends)
        for each in elements
    )
    return own > max(_ALWAYS_OPEN, shared // 2)


def _track(elements: list[Element]) -> Track:
    pieces: list[str] = []
    piece: list[str] = []
    for element in elements:
        if isinstance(element, str):
            piece.append(element)
            continue
        said = "".join(piece) + element.begins
        if not pieces or len(said) >= _SHORTEST:
            pieces.append(said)
        piece = [element.ends]
    pieces.append("".join(piece))
    return Track.of(pieces)


def _widened(elements: list[Element], units: list[str]) -> list[Element]:
    """The elements with slots wherever these units differ from them."""
    made: list[Element] = []
    start = begin = 0
    for here, there in [*_anchors(elements, units), (len(elements), len(units))]:
        while start < here and begin < there and elements[start] == units[begin]:
            made.append(elements[start])
            start, begin = start + 1, begin + 1
        stop, end = here, there
        while stop > start and end > begin and elements[stop - 1] == units[end - 1]:
            stop, end = stop - 1, end - 1
        if start < stop or begin < end:
            made += _gap(elements[start:stop], units[begin:end])
        made += elements[stop : here + 1]
        start, begin = here + 1, there + 1
    return made


def _anchors(elements: list[Element], units: list[str]) -> list[tuple[int, int]]:
    """Where the two certainly meet: in what stands once in either, and in the same order."""
    ours, theirs = Counter(elements), Counter(units)
    place = {unit: at for at, unit in enumerate(units) if theirs[unit] == 1}
    pairs = [
        (at, place[element])
        for at, element in enumerate(elements)
        if isinstance(element, str) and element in place and ours[element] == 1
    ]
    # The longest run in which both grow (patience sorting).
    tails: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for which, (_, there) in enumerate(pairs):
        at = bisect_left(tails, there)
        tails[at : at + 1] = [there]
        last[at : at + 1] = [which]
        before.append(last[at - 1] if at else -1)
    run = []
    which = last[-1] if last else -1
    while which >= 0:
        run.append(pairs[which])
        which = before[which]
    return run[::-1]


def _gap(elements: list[Element], units: list[str]) -> list[Element]:
    """Either one slot for all of it, or one for each that differs, whatever leaves less open."""
    whole = _slot(elements, "".join(units))
    if len(elements) != len(units) or len(units) == 1:
        return [whole]
    each = [
        element if element == unit else _slot([element], unit)
        for element, unit in zip(elements, units, strict=True)
    ]
    left_open = sum(slot.open for slot in each if isinstance(slot, Slot))
    return each if left_open < whole.open else [whole]


def _slot(elements: list[Element], text: str) -> Slot:
    begins = _until_slot(elements, "begins")
    ends = _until_slot(elements, "ends")
    lengths = [
        (len(each), len(each)) if isinstance(each, str) else (each.least, each.most)
        for each in elements
    ]
    least = min(len(text), sum(low for low, _ in lengths))
    most = max(len(text), sum(high for _, high in lengths))
    common = _common(begins, text)[:least]
    if len(common) < len(begins) or len(common) < len(text):
        common = _HALF_LINK.sub("", _whole_words(common))
    tail = _common(ends[::-1], text[::-1])[: least - len(common)][::-1]
    if len(tail) < len(ends) or len(tail) < len(text):
        tail = _WORD_START.sub("", tail)
    return Slot(common, tail, least, most)


def _until_slot(elements: list[Element], edge: str) -> str:
    """How these elements begin or end in every message so far."""
    forwards = edge == "begins"
    parts = []
    for element in elements if forwards else reversed(elements):
        parts.append(element if isinstance(element, str) else getattr(element, edge))
        if isinstance(element, Slot):
            break
    return "".join(parts if forwards else reversed(parts))


def _whole_words(text: str) -> str:
    """The text without a word at its end that may have been cut."""
    end = len(text)
    while end and (text[end - 1].isalnum() or text[end - 1] in "_&#%-"):
        end -= 1
    return text[:end]


def _common(one: str, other: str) -> str:
    """What both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return one[:low]

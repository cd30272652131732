"""Tables for the terminal: plain text, aligned, no wider than the window."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

_GAP = "  "
_LEAST = 6


def table(
    rows: Sequence[Mapping[str, object]],
    columns: Sequence[str] | None = None,
    width: int = 100,
    *,
    folded: bool = False,
) -> str:
    """Rows under their headings; numbers to the right, long text cut with an ellipsis.

    `columns` picks and orders; without it the first row's. The widest columns give way first;
    where headings are `folded`, they take as many lines as their columns are narrow.
    """
    names = list(columns if columns is not None else rows[0] if rows else [])
    if not names:
        return ""
    cells = [[_text(row.get(name)) for name in names] for row in rows]
    headings = [_text(name) for name in names]
    least = [max(map(_wide, name.split()), default=0) for name in headings]
    widths = _fit(
        [
            max([least[place] if folded else _wide(name), *map(_wide, column)])
            for place, (name, *column) in enumerate(zip(headings, *cells, strict=True))
        ],
        width - len(_GAP) * (len(names) - 1),
    )
    right = [
        bool(rows) and all(isinstance(row.get(name), int | float | None) for row in rows)
        for name in names
    ]
    rule = ["─" * size for size in widths]
    lines = [*(_folded(headings, widths) if folded else [headings]), rule, *cells]
    return "\n".join(
        _GAP.join(
            _pad(cell, size, on_right)
            for cell, size, on_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def _folded(headings: list[str], widths: list[int]) -> list[list[str]]:
    """Headings on as many lines as they need, the last one next to the rule."""
    told = [
        textwrap.wrap(name, size, break_long_words=False) or [""]
        for name, size in zip(headings, widths, strict=True)
    ]
    most = max(map(len, told))
    padded = [[""] * (most - len(lines)) + lines for lines in told]
    return [list(line) for line in zip(*padded, strict=True)]


def _fit(widths: list[int], room: int) -> list[int]:
    """Take from the widest until all fit, but never below what a word needs."""
    while sum(widths) > room and max(widths) > _LEAST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def _text(value: object) -> str:
    """One line, without signs that break it, move the cursor or turn the direction."""
    return "" if value is None else "".join(map(_harmless, str(value)))


def _harmless(sign: str) -> str:
    category = unicodedata.category(sign)
    return " " if category[0] == "C" or category in ("Zl", "Zp") else sign


def _pad(cell: str, size: int, on_right: bool) -> str:
    if _wide(cell) > size:
        cell = _cut(cell, size)
    space = " " * (size - _wide(cell))
    return space + cell if on_right else cell + space


def _cut(cell: str, size: int) -> str:
    while _wide(cell) > size - 1:
        cell = cell[:-1]
    return f"{cell.rstrip()}…"


def _wide(text: str) -> int:
    """Places on the screen: wide signs of East Asia take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )

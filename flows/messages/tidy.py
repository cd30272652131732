"""Pieces of HTML put together without blank lines; what all messages share is read once."""

from collections.abc import Iterable

_MOST = 4096
_FRESH = ""


class Tidy:
    """Joins the pieces of a page and leaves out its blank lines.

    As if the whole were split into lines, and those that hold more than white space joined again.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str | None], tuple[str, str | None]] = {}

    def __call__(self, pieces: Iterable[str]) -> str:
        """The lines of these pieces, each with its end."""
        seen, found = self._seen, []
        # The white space a line began with; None once there is more on it.
        line: str | None = _FRESH
        for piece in pieces:
            # What one person only is told comes escaped, and is not kept.
            shared = type(piece) is str
            told = seen.get((piece, line)) if shared else None
            if told is None:
                if line is None and piece.isprintable():
                    found.append(piece)
                    continue
                told = _told(piece, line)
                if shared and len(seen) < _MOST:
                    seen[piece, line] = told
            found.append(told[0])
            line = told[1]
        if line is None or not any(found):
            found.append("\n")
        return "".join(found)


def _told(piece: str, line: str | None) -> tuple[str, str | None]:
    """What to add for a piece, and the line it leaves behind."""
    found = []
    for text in str.splitlines(piece, keepends=True):
        content = text.splitlines()[0]
        ended = len(content) < len(text)
        if line is None:
            found.append(content)
        elif content.strip():
            found.append(line + content)
            line = None
        else:
            line += content
        if ended:
            if line is None:
                found.append("\n")
            line = _FRESH
    return "".join(found), line

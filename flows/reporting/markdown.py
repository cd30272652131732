"""Plain GitHub markdown, which both of Prefect's user interfaces show."""

import re
from collections.abc import Iterable, Sequence

from flows.reporting import figures
from flows.reporting.tables import Row
from flows.reporting.words import say
from segments.names import Locale

_FIGURE = re.compile(r"[+-]?[0-9][0-9.,]*")


def section(heading: str, rows: list[Row], locale: Locale, *, always: bool = True) -> str:
    """A heading with its table; without rows it says so, or stays away altogether."""
    if not rows and not always:
        return ""
    return f"## {say(heading, locale)}\n\n{table(rows, locale) or say('nothing', locale)}"


def points(heading: str, sentences: Sequence[str], locale: Locale) -> str:
    """A heading with a sentence a point; without any it says that there is nothing."""
    body = "\n".join(f"- {cell(sentence, locale)}" for sentence in sentences)
    return f"## {say(heading, locale)}\n\n{body or say('nothing', locale)}"


def page(parts: Iterable[str]) -> str:
    """Parts one below the other; what is empty is left out."""
    return "\n\n".join(filter(None, parts)) + "\n"


def table(rows: list[Row], locale: Locale) -> str:
    """Rows under their headings, numbers to the right; empty without any."""
    if not rows:
        return ""
    columns = list(rows[0])
    numeric = [all(_is_figure(row[name]) for row in rows) for name in columns]
    lines = [
        columns,
        ["---:" if right else "---" for right in numeric],
        *([cell(row[name], locale) for name in columns] for row in rows),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _is_figure(value: str | int) -> bool:
    return isinstance(value, int) or value == figures.UNKNOWN or bool(_FIGURE.fullmatch(value))


def cell(value: str | int, locale: Locale) -> str:
    """Text that cannot break out of its cell or its line, nor turn into HTML."""
    if isinstance(value, int):
        return figures.count(value, locale)
    plain = " ".join(value.split()) if "\n" in value or "\r" in value else value
    return plain.replace("|", "\\|").replace("<", "&lt;")
